/** Builds the app into out/, only if its sources have changed. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeLicenses } from './licenses.mjs'
import { modules, project } from './places.mjs'
import { Failure, run, step } from './say.mjs'

const sources = ['src', 'electron.vite.config.ts', 'tsconfig.json', 'package.json', 'package-lock.json']
const stamp = join(project, 'out', '.stamp')

export async function build() {
  const wanted = fingerprint()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  await step('Building the app', async () => {
    const { code, output } = await run(
      process.execPath,
      [join(modules, 'electron-vite', 'bin', 'electron-vite.js'), 'build', '--logLevel', 'warn'],
      {
        cwd: project,
        quiet: true,
        env: { ELECTRON_MAJOR_VER: '33', NODE_ENV: 'production' },
      },
    )
    if (code !== 0)
      throw new Failure(
        `The build failed:\n${output.trim()}`,
        'if you changed the code, fix the errors above; otherwise run git status and undo any changes.',
      )
    writeLicenses()
  })
  // Computed before the build, so that a file changed meanwhile triggers another build next time.
  writeFileSync(stamp, wanted)
}

function fingerprint() {
  const hash = createHash('sha256')
  for (const source of sources) add(hash, source)
  return hash.digest('hex')
}

function add(hash, path) {
  const full = join(project, path)
  if (path.includes('.')) hash.update(path).update('\0').update(readFileSync(full)).update('\0')
  else for (const name of readdirSync(full).toSorted()) add(hash, join(path, name))
}
