/**
 * npm start: prepares what is missing and opens the window; where there is no display, or with --serve, it serves the
 * same pages to a browser. Other arguments go on as they are: npm start -- --workspace FOLDER
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { hasDisplay } from './lib/packages.mjs'
import { project } from './lib/places.mjs'
import { prepare, prepareToServe } from './lib/prepare.mjs'
import { isRoot } from './lib/sandbox.mjs'
import { say, script } from './lib/say.mjs'

await script(async () => {
  const args = process.argv.slice(2).filter(it => it !== '--serve')
  const asked = args.length < process.argv.length - 2
  if (asked || !hasDisplay()) {
    if (!asked) say('There is no display here (DISPLAY is not set): the pages are served to a browser instead.')
    await prepareToServe()
    run(process.execPath, [join(project, 'out', 'main', 'cli.cjs'), 'serve', ...args])
  } else {
    const path = await prepare('start')
    // Chromium's own complaints (no D-Bus, no GPU) tell an operator nothing; fatal ones are still shown.
    const flags = ['--log-level=3']
    if (isRoot) flags.push('--no-sandbox')
    if (!process.env.DISPLAY) flags.push('--ozone-platform=wayland')
    say('Opening the window.')
    run(path, [...flags, project, ...args])
  }
})

/** Signals of ours are the child's too, and its end is ours. */
function run(file, args) {
  const child = spawn(file, args, { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  }) // a terminal tells it to the child itself
  child.on('error', error => say(`✗ ${file} did not start: ${error.message}`))
  child.on('close', code => {
    process.exitCode = code ?? 1
  })
}
