/**
 * Where things are in the product's own folder: package.json, out/ (build output) and resources/. Every path into it is
 * defined here, so that a package may arrange it differently.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

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
  /** What outlives the app: the packages, and the Node.js that comes with a package of the product. */
  packages: join(root, 'node_modules'),
  node: join(root, '..', '..', 'node'),
  /** The SHA-256 sums of all files in both, as `sha256sum` prints them; only in a package of the product. */
  sums: join(root, 'SHA256SUMS'),
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

/** The product that this code is a part of. */
export const ownProduct = (): Product => productIn(dirname(dirname(dirname(packageFile('pm2/package.json')))))
