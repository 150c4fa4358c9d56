// A thread that reads logs, from the sources: threads do not inherit what compiles TypeScript.
import { register } from 'tsx/esm/api'

register()
await import('../../src/main/logs/worker.ts')
