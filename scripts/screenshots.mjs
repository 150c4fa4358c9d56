/** npm run screenshots: prepares like npm start, then takes screenshots of every screen into docs/images. */
import { runTarget } from './lib/target.mjs'

await runTarget('windows', 'test/e2e/screenshots.ts')
