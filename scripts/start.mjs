/** npm start: prepares what is missing and opens the window. Arguments go to the app: npm start -- --workspace FOLDER */
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasDisplay } from './lib/packages.mjs'
import { project } from './lib/places.mjs'
import { prepare } from './lib/prepare.mjs'
import { Failure, run, say, script } from './lib/say.mjs'

await script(async () => {
  const path = await prepare('start')
  if (!hasDisplay()) {
    throw new Failure('There is no display to open a window on (DISPLAY is not set).',
      'start it in a desktop or VNC session, over "ssh -X", or in a virtual display: apt-get install xvfb xauth; xvfb-run -a npm start')
  }
  // Chromium's own complaints (no D-Bus, no GPU) tell an operator nothing; fatal ones are still shown.
  const flags = ['--log-level=3']
  if (process.getuid() === 0) flags.push('--no-sandbox')
  else await requireSandbox(path)
  if (!process.env.DISPLAY) flags.push('--ozone-platform=wayland')
  say('Opening the window.')
  const child = spawn(path, [...flags, project, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', error => say(`✗ Electron did not start: ${error.message}`))
  child.on('close', code => { process.exitCode = code ?? 1 })
})

/** Chromium's sandbox wants user namespaces, or its helper to be root's. Some systems give neither until told. */
async function requireSandbox(path) {
  const helper = join(dirname(path), 'chrome-sandbox')
  const { uid, mode } = statSync(helper)
  if (uid === 0 && (mode & 0o4000) !== 0) return
  if ((await run('unshare', ['--user', '--map-root-user', 'true'], { quiet: true })).code === 0) return
  throw new Failure('This system does not let Electron build its sandbox (user namespaces are restricted).',
    `sudo chown root:root '${helper}' && sudo chmod 4755 '${helper}'`)
}
