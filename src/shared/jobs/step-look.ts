/** How a step is shown, in windows and by commands. */
import type { OperationState, StepState, StepStatus } from '../operation'
import { jobOf } from './index'
import { instanceOf } from './many'

/**
 * The step that caused a rollback stays marked as `failed`. An independent step can fail on its own (`wrong`), and is
 * `left` to its own job when the rest is cancelled: it isn't undone. Nor is any step of a job that has nothing to undo:
 * it stays `done`, or is `wrong` or `cancelled`.
 */
export type StepLook = StepStatus | 'failed' | 'wrong' | 'left' | 'cancelled'

export function lookOf(
  { name, status, result }: StepState,
  { kind, steps, turned }: Pick<OperationState, 'kind' | 'steps' | 'turned'>,
): StepLook {
  if (result) return result.problem ? 'wrong' : 'done'
  if (status !== 'undone') return status
  if (instanceOf(name) !== undefined) return 'left'
  const last = name === steps.findLast(it => it.startedAt)?.name
  const failed = last && turned?.reason === 'failed'
  if (jobOf(kind)?.nothingToUndo) return failed ? 'wrong' : last ? 'cancelled' : 'done'
  return failed ? 'failed' : 'undone'
}

export const lookWords: Readonly<Record<StepLook, string>> = {
  waiting: 'waiting',
  doing: 'running',
  done: 'done',
  undoing: 'undoing',
  undone: 'undone',
  stuck: 'stopped here',
  failed: 'failed, undone',
  wrong: 'failed',
  left: 'continues on its own',
  cancelled: 'cancelled',
}
