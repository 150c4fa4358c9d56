/** The status that is shown: what PM2 says, unless a job on the instance is under way or was just asked for. */
import { manyKind, resultsOf, type ManyAction } from '../../../shared/many'
import { isOpen, waitsForInfrastructure, type OperationState } from '../../../shared/operation'
import type { InstanceStatus, InstanceView } from '../../../shared/instance'
import { instanceTone, instanceWord, type Tone } from '../app/status'

/** What the list can be filtered by; `busy` has a job under way, `copy` is another instance's until it is adopted. */
export type StatusGroup = InstanceStatus | 'busy' | 'copy'

export interface ShownStatus {
  readonly group: StatusGroup
  readonly tone: Tone
  readonly word: string
  /** The open operation behind it. */
  readonly operation?: string
}

export type JobKind = 'start' | 'stop' | 'restart' | 'change-port' | 'isolate' | 'unisolate' | 'delete' | 'adopt'

/** A job that was asked for and whose operation is not there yet. */
export interface PendingJob {
  readonly kind: JobKind
  /** The instance's newest operation when it was asked for: once there is a newer one, that one tells. */
  readonly after: string | undefined
}

const running: Readonly<Record<string, string>> = {
  create: 'Creating…',
  start: 'Starting…',
  stop: 'Stopping…',
  restart: 'Restarting…',
  'change-port': 'Changing port…',
  isolate: 'Isolating…',
  unisolate: 'Ending isolation…',
  delete: 'Deleting…',
  adopt: 'Adopting…',
}

/** @param queue the job on many in which it waits for its turn */
export function shownStatus(
  { status, foreign }: Pick<InstanceView, 'status' | 'foreign'>,
  newest: OperationState | undefined,
  pending: PendingJob | undefined,
  queue?: string,
): ShownStatus {
  if (newest && isOpen(newest)) return ofOperation(newest)
  if (pending && pending.after === newest?.id)
    return { group: 'busy', tone: 'busy', word: running[pending.kind] ?? 'Working…' }
  if (queue !== undefined) return { group: 'busy', tone: 'busy', word: 'Waiting…', operation: queue }
  const group = foreign === undefined ? status : 'copy'
  return { group, tone: instanceTone[group], word: instanceWord[group] }
}

export function ofOperation(operation: OperationState): ShownStatus {
  const { id, kind, phase } = operation
  if (phase === 'stuck')
    return {
      group: 'busy',
      tone: 'warn',
      word: waitsForInfrastructure(operation) ? 'Waiting' : 'Needs attention',
      operation: id,
    }
  return {
    group: 'busy',
    tone: 'busy',
    word: phase === 'undoing' ? 'Undoing…' : (running[kind] ?? 'Working…'),
    operation: id,
  }
}

/** Each instance's open operation, else its newest; by subject. @param operations open ones first, then newest first */
export function newestBySubject(operations: readonly OperationState[]): ReadonlyMap<string, OperationState> {
  const newest = new Map<string, OperationState>()
  for (const operation of operations) if (!newest.has(operation.subject)) newest.set(operation.subject, operation)
  return newest
}

/** Instances that wait for their turn in a job on many, and in which; by subject. */
export const queuesOf = (operations: readonly OperationState[]): ReadonlyMap<string, string> =>
  new Map(
    operations
      .filter(it => it.kind === manyKind && it.phase === 'running')
      .flatMap(job =>
        resultsOf(job)
          .filter(it => !it.begun)
          .map(it => [it.name.toLowerCase(), job.id] as const),
      ),
  )

/** Whether an action would change anything; undefined if so, else why not. */
export function idleReason(action: ManyAction, { group }: ShownStatus): string | undefined {
  if (group === 'busy') return 'another job on it is under way'
  if (group === 'copy') return 'it is a copy of another instance: adopt it first'
  if (action === 'start') return group === 'online' ? 'it runs already' : undefined
  const rests = group === 'stopped' || group === 'not in PM2'
  if (action === 'stop') return rests ? 'it does not run' : undefined
  return rests ? 'it does not run: start it' : undefined
}
