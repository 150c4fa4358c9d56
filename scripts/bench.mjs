/**
 * npm run -s bench -- [NAME…] [--json]: prepares like npm start, then runs test/bench/run.ts. Only the bench writes to
 * standard output.
 */
import { runTarget } from './lib/target.mjs'

await runTarget('windows', 'test/bench/run.ts')
