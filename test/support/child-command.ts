/** How to start the programs that tests run as processes of their own. */
import { join } from 'node:path'
import type { ChildOrder } from './child'
import type { TestWorkspace } from './workspace'

/** The environment variable that says where they are; set by children.ts. */
export const childrenFolder = 'INSTANCE_MANAGER_TEST_CHILDREN'

export function childProgram(name: 'child' | 'rotate-child'): [string, string] {
  const folder = process.env[childrenFolder]
  if (!folder) throw new Error('only integration and crash have them')
  return [process.execPath, join(folder, `${name}.mjs`)]
}

/** The workspace must be closed in the process that asks. The order shows in its arguments, so it is for tests only. */
export const childCommand = (
  { host, root }: TestWorkspace,
  order: Omit<ChildOrder, 'host' | 'root'>,
): [string, ...string[]] => [...childProgram('child'), JSON.stringify({ host, root, ...order } satisfies ChildOrder)]
