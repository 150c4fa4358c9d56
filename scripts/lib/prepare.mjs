/**
 * Gets from a fresh clone to a built app and, if windows are needed, an Electron to run it. Finished steps are skipped
 * almost instantly.
 */
import { build } from './build.mjs'
import { dependencies } from './dependencies.mjs'
import { electron } from './electron.mjs'
import { hasDisplay, packages } from './packages.mjs'
import { requireSandbox } from './sandbox.mjs'
import { say } from './say.mjs'

const forApp = ['electron', 'fonts', 'pgbouncer']

/** System requirements for each purpose. */
const purposes = {
  start: forApp,
  serve: ['pgbouncer'],
  bench: forApp,
  windows: [...forApp, 'display'],
  test: [...forApp, 'display', 'chromium', 'podman', 'docker', 'registry', 'debootstrap'],
}

/** Prepares everything. @param purpose a key of `purposes`. @returns the path of the Electron to run */
export async function prepare(purpose) {
  await dependencies()
  const path = await prepareSystem(purpose)
  await build()
  return path
}

/** Prepares for serving the pages, which doesn't need Electron. */
export async function prepareToServe() {
  await dependencies()
  await packages(purposes.serve)
  await build()
}

/**
 * Prepares Electron and the system packages; the dependencies must be installed. @returns the path of the Electron to
 * run
 */
export async function prepareSystem(purpose) {
  const { path, name } = await electron()
  say(`Using ${name}.`)
  await packages(purposes[purpose], path)
  await requireSandbox(path)
  return path
}

/** Wraps a command that opens windows, for a virtual display if there is no real one. @returns [file, args] */
export const inDisplay = (file, args) =>
  hasDisplay() ? [file, args] : ['xvfb-run', ['-a', '-s', '-screen 0 1920x1200x24', file, ...args]]
