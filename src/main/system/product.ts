/**
 * Where things are in the product's own folder: package.json, out/ (build output) and resources/. Every path into it is
 * defined here, so that a package may arrange it differently.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** @param root the product's own folder, an absolute path */
export const productIn = (root: string) => ({
  root,
  packageJson: join(root, 'package.json'),
  /** Built: the command line. */
  cli: join(root, 'out', 'main', 'cli.cjs'),
  /** Built: the script of the threads that read logs. */
  logWorker: join(root, 'out', 'main', 'log-worker.cjs'),
  /** Built: the windows' preload. */
  preload: join(root, 'out', 'preload', 'index.cjs'),
  /** Built: the folder of the pages, for windows and browsers. */
  pages: join(root, 'out', 'renderer'),
  icon: join(root, 'resources', 'icons', 'icon.png'),
  /** A base application for trying things out. */
  sampleApp: join(root, 'resources', 'sample-app'),
  /** Creates an instance's director; runs with the instance's own packages. */
  directorScript: join(root, 'resources', 'director.cjs'),
  /** Runs a shell on a terminal of its own. */
  shellScript: join(root, 'resources', 'shell.cjs'),
  /** Builds and runs the command line; only in a clone. */
  cliSource: join(root, 'scripts', 'cli.mjs'),
})
export type Product = Readonly<ReturnType<typeof productIn>>

/**
 * A file of a package that the product depends on, to be run in a separate process. @param id e.g. `pm2/lib/Daemon.js`
 * @param from a file of the package that depends on it; of the product by default
 * @throws if it isn't installed
 */
export const packageFile = (id: string, from: string = import.meta.url): string => createRequire(from).resolve(id)

/** Of a package that the product depends on. */
export const packageVersion = (name: string): string =>
  (createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string }).version
