/**
 * Prints the path of the Electron to run, fetching it first if needed: ELECTRON_EXEC_PATH=$(node
 * scripts/electron-path.mjs) npx electron-vite dev
 */
import { electron } from './lib/electron.mjs'
import { script } from './lib/say.mjs'

await script(async () => process.stdout.write(`${(await electron()).path}\n`))
