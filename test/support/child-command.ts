/** How to start child.ts. */
import { join } from 'node:path'
import type { ChildOrder } from './child'
import type { TestWorkspace } from './workspace'

/** The workspace must be closed in the process that asks. The order shows in its arguments, so it is for tests only. */
export const childCommand = (
  { host, root }: TestWorkspace,
  order: Omit<ChildOrder, 'host' | 'root'>,
): [string, ...string[]] => [
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  join(import.meta.dirname, 'child.ts'),
  JSON.stringify({ host, root, ...order } satisfies ChildOrder),
]
