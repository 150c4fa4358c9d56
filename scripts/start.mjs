/**
 * npm start: prepares whatever is missing and opens the window. Without a display, or with --serve, it serves the same
 * pages to a browser. Other arguments are passed on: npm start -- --workspace FOLDER
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { offerLink } from './lib/offer-link.mjs'
import { hasDisplay } from './lib/packages.mjs'
import { project } from './lib/places.mjs'
import { prepare, prepareToServe } from './lib/prepare.mjs'
import { isRoot } from './lib/sandbox.mjs'
import { say, script } from './lib/say.mjs'

await script(async () => {
  const args = process.argv.slice(2).filter(it => it !== '--serve')
  const asked = args.length < process.argv.length - 2
  if (asked || !hasDisplay()) {
    if (!asked) say('No display found (DISPLAY is not set). Serving the pages to a browser instead.')
    await prepareToServe()
    await offerLink()
    run(process.execPath, [join(project, 'out', 'main', 'cli.cjs'), 'serve', ...args])
  } else {
    const path = await prepare('start')
    await offerLink()
    // Chromium's warnings (no D-Bus, no GPU) mean nothing to an operator; fatal errors are still shown.
    const flags = ['--log-level=3']
    if (isRoot) flags.push('--no-sandbox')
    if (!process.env.DISPLAY) flags.push('--ozone-platform=wayland')
    say('Opening the window.')
    run(path, [...flags, project, ...args])
  }
})

/** Forwards our signals to the child, and exits with its code. */
function run(file, args) {
  const child = spawn(file, args, { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  }) // a terminal sends it to the child itself
  child.on('error', error => say(`✗ Couldn’t start ${file}: ${error.message}`))
  child.on('close', code => {
    process.exitCode = code ?? 1
  })
}
