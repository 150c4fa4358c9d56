/** npm run screenshots: prepares as npm start does, then writes pictures of every screen into docs/images. */
import { runTarget } from './lib/target.mjs'

await runTarget('windows', 'test/e2e/screenshots.ts')
