/** node_modules: installed when missing, or when the lock file, package.json or Node's major version changed since. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { modules, project } from './places.mjs'
import { Failure, run, say, step } from './say.mjs'

const stamp = join(modules, '.instance-manager-stamp')

export async function dependencies() {
  requireNode()
  const wanted = fingerprint()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const why = existsSync(modules) ? 'they are out of date' : 'first time, about a minute'
  await step(`Installing the dependencies (${why})`, async () => {
    // Electron comes later, from where it can be had; a failing download must not fail everything.
    const { code } = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: project, env: { ELECTRON_SKIP_BINARY_DOWNLOAD: '1', PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
    })
    if (code !== 0) {
      throw new Failure('The dependencies could not be installed; npm says why above.',
        'check the network and the npm registry (npm ping), then run the same command again.')
    }
  })
  writeFileSync(stamp, wanted)
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  say(`Node ${process.versions.node} is running.`)
  throw new Failure('Instance Manager needs Node 20.19 or newer.', 'install a current Node.js (https://nodejs.org), then run the same command again.')
}

function fingerprint() {
  const hash = createHash('sha256').update(process.versions.modules).update(process.arch)
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(project, file)))
  return hash.digest('hex')
}
