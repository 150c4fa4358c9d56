/** Chromium's sandbox needs user namespaces, or a setuid root helper. Some systems allow neither by default. */
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure, run } from './say.mjs'

export const isRoot = process.getuid() === 0

/** Root runs without a sandbox (with `--no-sandbox`); everyone else must have one. */
export async function requireSandbox(electron) {
  if (isRoot) return
  const helper = join(dirname(electron), 'chrome-sandbox')
  const { uid, mode } = statSync(helper)
  if (uid === 0 && (mode & 0o4000) !== 0) return
  if ((await run('unshare', ['--user', '--map-root-user', 'true'], { quiet: true })).code === 0) return
  throw new Failure(
    'This system doesn’t allow Electron’s sandbox (user namespaces are restricted).',
    `sudo chown root:root '${helper}' && sudo chmod 4755 '${helper}'`,
  )
}
