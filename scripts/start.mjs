/** npm start: prepares what is missing and opens the window. Arguments go to the app: npm start -- --workspace FOLDER */
import { spawn } from 'node:child_process'
import { hasDisplay } from './lib/packages.mjs'
import { project } from './lib/places.mjs'
import { prepare } from './lib/prepare.mjs'
import { isRoot } from './lib/sandbox.mjs'
import { Failure, say, script } from './lib/say.mjs'

await script(async () => {
  const path = await prepare('start')
  if (!hasDisplay()) {
    throw new Failure('There is no display to open a window on (DISPLAY is not set).',
      'start it in a desktop or VNC session, over "ssh -X", or in a virtual display: apt-get install xvfb xauth; xvfb-run -a npm start')
  }
  // Chromium's own complaints (no D-Bus, no GPU) tell an operator nothing; fatal ones are still shown.
  const flags = ['--log-level=3']
  if (isRoot) flags.push('--no-sandbox')
  if (!process.env.DISPLAY) flags.push('--ozone-platform=wayland')
  say('Opening the window.')
  const child = spawn(path, [...flags, project, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', error => say(`✗ Electron did not start: ${error.message}`))
  child.on('close', code => { process.exitCode = code ?? 1 })
})
