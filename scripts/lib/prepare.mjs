/**
 * From a fresh clone to a built app and, where windows are wanted, an Electron that runs it. What is done already costs
 * next to nothing.
 */
import { build } from './build.mjs'
import { dependencies } from './dependencies.mjs'
import { electron } from './electron.mjs'
import { hasDisplay, packages } from './packages.mjs'
import { requireSandbox } from './sandbox.mjs'
import { say } from './say.mjs'

const forApp = ['electron', 'fonts', 'pgbouncer']

/** What every purpose needs of the system. */
const purposes = {
  start: forApp,
  serve: ['pgbouncer'],
  bench: forApp,
  windows: [...forApp, 'display'],
  test: [...forApp, 'display', 'chromium', 'podman', 'debootstrap'],
}

/** Everything. @param purpose a key of `purposes`. @returns the path of the Electron to run */
export async function prepare(purpose) {
  await dependencies()
  const path = await prepareSystem(purpose)
  await build()
  return path
}

/** What serving the pages needs: no Electron. */
export async function prepareToServe() {
  await dependencies()
  await packages(purposes.serve)
  await build()
}

/** Electron and the system's packages; the dependencies must be there. @returns the path of the Electron to run */
export async function prepareSystem(purpose) {
  const { path, name } = await electron()
  say(`Using ${name}.`)
  await packages(purposes[purpose], path)
  await requireSandbox(path)
  return path
}

/** A command that opens windows, and runs in a virtual display where there is no other. @returns [file, args] */
export const inDisplay = (file, args) =>
  hasDisplay() ? [file, args] : ['xvfb-run', ['-a', '-s', '-screen 0 1920x1200x24', file, ...args]]
