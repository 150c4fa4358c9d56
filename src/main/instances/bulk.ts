/** One job for many instances: at most four at a time, each with its own result; one that fails does not stop the rest. */
import type { OperationState } from '../../shared/operation'
import { problem, toProblem, type Problem } from '../../shared/problem'
import type { Operations } from '../operations/engine'

export const bulkActions = ['start', 'stop', 'restart'] as const
export type BulkAction = (typeof bulkActions)[number]

/** `problem` says why it was refused (then there is no operation), failed, or is stuck. */
export interface BulkResult { readonly name: string; readonly operation?: string; readonly problem?: Problem }

/** More at once only fight over the processor: applications are busiest while they boot. */
const atOnce = 4

export async function inBulk(operations: Operations, action: BulkAction, names: readonly string[]): Promise<BulkResult[]> {
  const waiting = [...new Set(names)]
  const results: BulkResult[] = []
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) results.push(await one(operations, action, name))
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function one(operations: Operations, action: BulkAction, name: string): Promise<BulkResult> {
  try {
    const operation = await operations.start(action, { name })
    const found = problemOf(await operations.rested(operation)) // a stuck one waits for the operator, and the rest must not wait with it
    return { name, operation, ...(found && { problem: found }) }
  } catch (error) {
    const found = toProblem(error)
    return found.code === 'instance-running' ? { name } : { name, problem: found } // it is as it was asked for
  }
}

/** Ends an instance's process that PM2 has lost: stopping it does that. @throws as an operation `stop` */
export async function endLost(operations: Operations, name: string): Promise<void> {
  const { problem: found } = await one(operations, 'stop', name)
  if (found) throw problem(found)
}

export const problemOf = (state: OperationState): Problem | undefined =>
  state.turned?.problem ?? state.steps.find(it => it.status === 'stuck')?.problem
