/** News are differences between the previous and the current state. When the window has just opened, there are none. */
import type { InstanceView } from '../../../shared/instance'
import type { OperationState, Phase } from '../../../shared/operation'
import { isTrouble, type InstanceStatus } from '../../../shared/status'
import { enumerate } from '../../../shared/amounts'
import { instanceWord } from './status'

/**
 * Instances that have just stopped working, although nobody stopped them, or that PM2 has just given up. While one keeps
 * crashing, its status changes back and forth, which isn't news.
 * @param before undefined when the window has just opened
 */
export const newlyIll = (
  before: ReadonlyMap<string, InstanceStatus> | undefined,
  now: readonly InstanceView[],
): InstanceView[] =>
  now.filter(({ name, status }) => {
    const was = before?.get(name)
    return status === 'errored' ? was !== undefined && was !== 'errored' : isTrouble(status) && was === 'online'
  })

/** Milliseconds; the end of a longer job is worth a notification. */
const long = 10_000

/** Long operations that ended or got stuck since `before`. */
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

/** Status changes, grouped by the new status, e.g. "alpha and beta: stopped". Empty if there are none. */
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
