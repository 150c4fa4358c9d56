/** The status to show: PM2's, unless a job on the instance is running or has just been requested. */
import { jobOf } from '../../../shared/jobs'
import { bulkOf, resultsOf, type BulkAction } from '../../../shared/jobs/many'
import { isOpen, waitsForInfrastructure, type OperationState } from '../../../shared/operation'
import type { InstanceView } from '../../../shared/instance'
import type { StatusGroup } from '../../../shared/status'
import { instanceTone, instanceWord, type Tone } from '../app/status'
import { comingName } from './renames'

export interface ShownStatus {
  readonly group: StatusGroup
  readonly tone: Tone
  readonly word: string
  /** The open operation behind it. */
  readonly operation?: string
  /** Its kind, while it isn't being undone. */
  readonly job?: string
}

/** A job that was requested but has no operation yet. */
export interface PendingJob {
  readonly kind: string
  /** The instance's newest operation at the time of the request. A newer one supersedes the request. */
  readonly after: string | undefined
}

const running = (kind: string): string => jobOf(kind)?.status ?? 'Working…'

/** @param queue the job on many instances in which it is waiting for its turn */
export function shownStatus(
  { status, foreign }: Pick<InstanceView, 'status' | 'foreign'>,
  newest: OperationState | undefined,
  pending: PendingJob | undefined,
  queue?: string,
): ShownStatus {
  if (newest && isOpen(newest) && !jobOf(newest.kind)?.background) return ofOperation(newest)
  if (pending && pending.after === newest?.id) return { group: 'busy', tone: 'busy', word: running(pending.kind) }
  if (queue !== undefined) return { group: 'busy', tone: 'busy', word: 'Waiting…', operation: queue }
  const group = foreign === undefined ? status : 'copy'
  return { group, tone: instanceTone[group], word: instanceWord[group] }
}

export function ofOperation(operation: OperationState): ShownStatus {
  const { id, kind, phase, turned } = operation
  const base = { group: 'busy', operation: id, ...(!turned && { job: kind }) } as const
  if (phase === 'stuck')
    return { ...base, tone: 'warn', word: waitsForInfrastructure(operation) ? 'Waiting' : 'Needs attention' }
  return { ...base, tone: 'busy', word: phase === 'undoing' ? 'Undoing…' : running(kind) }
}

/**
 * Each instance's open operation, or else its newest, by subject; one that is being renamed under both names.
 * @param operations open ones first, then newest first
 */
export function newestBySubject(operations: readonly OperationState[]): ReadonlyMap<string, OperationState> {
  const newest = new Map<string, OperationState>()
  for (const operation of operations)
    for (const name of [operation.subject, comingName(operation)?.toLowerCase()])
      if (name !== undefined && !newest.has(name)) newest.set(name, operation)
  return newest
}

/** Maps instances waiting for their turn in a job on many to that operation, by subject. */
export const queuesOf = (operations: readonly OperationState[]): ReadonlyMap<string, string> =>
  new Map(
    operations
      .filter(it => jobOf(it.kind)?.instances && !jobOf(it.kind)?.background && it.phase === 'running')
      .flatMap(job =>
        resultsOf(job)
          .filter(it => !it.begun)
          .map(it => [it.name.toLowerCase(), job.id] as const),
      ),
  )

/** Why an action would change nothing; undefined if it would change something. */
export function idleReason(action: BulkAction, { group, job }: ShownStatus): string | undefined {
  if (job !== undefined && jobOf(action)?.interrupts?.includes(job)) return undefined
  return group === 'busy' || group === 'copy' ? whyNotNow(group) : bulkOf(action).idle(group)
}

/** Why no job can be started on it; undefined if one can. */
export function whyNotNow(group: StatusGroup): string | undefined {
  if (group === 'busy') return 'another job on it is in progress'
  return group === 'copy' ? 'it is a copy of another instance; adopt it first' : undefined
}
