/** What is news: the difference between what was and what is. Nothing is, when the window has only just opened. */
import type { InstanceStatus, InstanceView } from '../../../shared/instance'
import type { OperationState, Phase } from '../../../shared/operation'
import { enumerate } from '../../../shared/amounts'
import { instanceWord } from './status'

/** @param before absent: nothing was known */
export function newlyErrored(
  before: ReadonlyMap<string, InstanceStatus> | undefined,
  now: readonly InstanceView[],
): string[] {
  return before
    ? now
        .filter(it => it.status === 'errored' && before.has(it.name) && before.get(it.name) !== 'errored')
        .map(it => it.name)
    : []
}

/** Milliseconds; what takes longer is worth a word from outside the window. */
const long = 10_000

/** Operations that ended, or got stuck, since `before`, and took long. */
export function endedUnseen(
  before: ReadonlyMap<string, Phase> | undefined,
  now: readonly OperationState[],
): OperationState[] {
  const over = (phase: Phase | undefined): boolean =>
    phase === 'succeeded' || phase === 'rolled-back' || phase === 'stuck'
  return now.filter(it => {
    const was = before?.get(it.id)
    if (was === undefined || over(was) || !over(it.phase)) return false
    return (
      Date.parse(it.settledAt ?? it.steps.findLast(step => step.startedAt)?.startedAt ?? it.openedAt) -
        Date.parse(it.openedAt) >
        long || it.phase === 'stuck'
    )
  })
}

/** Changes of status in one sentence each status, e.g. "alpha and beta: stopped". Empty if there are none. */
export function statusNews(
  before: ReadonlyMap<string, InstanceStatus> | undefined,
  now: readonly InstanceView[],
): string {
  if (!before) return ''
  const changed = now.filter(it => before.has(it.name) && before.get(it.name) !== it.status)
  const statuses = [...new Set(changed.map(it => it.status))]
  return statuses
    .map(
      status =>
        `${enumerate(
          changed.filter(it => it.status === status).map(it => it.name),
          4,
        )}: ${instanceWord[status].toLowerCase()}`,
    )
    .join('. ')
}
