/** Installs node_modules if it is missing or doesn't match the lock file. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { modules, project } from './places.mjs'
import { Failure, run, step } from './say.mjs'

export async function dependencies() {
  requireNode()
  if (upToDate()) return
  const why = existsSync(modules) ? 'they are out of date' : 'first time, about a minute'
  await step(`Installing the dependencies (${why})`, async () => {
    // Electron is fetched later, from wherever it is available, so a failed download must not stop the installation.
    const { code } = await run('npm', ['ci', '--loglevel=error'], {
      cwd: project,
      env: { ELECTRON_SKIP_BINARY_DOWNLOAD: '1' },
    })
    if (code === 0) return
    throw new Failure(
      'Couldn’t install the dependencies; see npm’s output above.',
      'check the network and the npm registry (npm ping), then run the same command again.',
    )
  })
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  throw new Failure(
    `Instance Manager needs Node 20.19 or newer; this is ${process.versions.node}.`,
    'install a current Node.js (https://nodejs.org), then run the same command again.',
  )
}

/** Compares with npm's own record in node_modules. It is written last, so an incomplete installation has none. */
function upToDate() {
  const record = join(modules, '.package-lock.json')
  if (!existsSync(record)) return false
  const { packages: wanted } = read(join(project, 'package-lock.json'))
  const { packages: installed } = read(record)
  const ranges = it => JSON.stringify([it.dependencies, it.devDependencies])
  return (
    ranges(wanted['']) === ranges(read(join(project, 'package.json'))) &&
    Object.keys(installed).every(path => path in wanted) &&
    // Optional packages for other systems aren't installed.
    Object.entries(wanted).every(
      ([path, it]) => path === '' || (path in installed ? installed[path].version === it.version : it.optional),
    )
  )
}

const read = path => JSON.parse(readFileSync(path, 'utf8'))
