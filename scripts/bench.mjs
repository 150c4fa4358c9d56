/**
 * npm run -s bench -- [NAME…] [--json]: prepares as npm start does, then runs test/bench/run.ts. Standard output is the
 * bench's alone.
 */
import { runTarget } from './lib/target.mjs'

await runTarget('windows', 'test/bench/run.ts')
