/**
 * Operations: journal entries, live events, and the state folded from them. A journal entry *is* the event, so the disk
 * and the screen can't disagree.
 */
import type { Problem } from './problem'
import { things, type Claim } from './things'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

export type Outcome = 'succeeded' | 'rolled-back'

/** Independent steps: all steps from index `from` on, at most `most` of them at once. */
export interface Abreast {
  readonly from: number
  readonly most: number
}

/**
 * The outcome of one of many independent steps. With a `problem`, the step is done but didn't achieve its purpose.
 * `operation` is the one that did the work.
 */
export interface StepResult {
  readonly operation?: string | undefined
  readonly problem?: Problem | undefined
  /** What it measured, by the job's own names. */
  readonly figures?: Readonly<Record<string, number>> | undefined
}

/** Journaled, one line of JSON each. */
export type Entry =
  /** `claims` is absent in journals written by 0.1. */
  | {
      type: 'opened'
      kind: string
      version: number
      subject: string
      plan: Json
      steps: readonly string[]
      claims?: readonly Claim[]
      abreast?: Abreast
    }
  /** `undoing` is absent in journals of 0.1, and where there is nothing to take back. */
  | { type: 'doing' | 'undoing'; step: string }
  | { type: 'done'; step: string; result?: StepResult; notes?: string }
  | { type: 'undone'; step: string; notes?: string }
  /** From here on: undo. */
  | { type: 'turned'; reason: 'failed' | 'cancelled' | 'asked'; problem?: Problem }
  | { type: 'settled'; outcome: Outcome }

/** Events that are shown but never journaled. */
export type Transient =
  | { type: 'progress'; step: string; fraction?: number; text?: string }
  /** `offset`: characters of this operation's output before this chunk, since the engine was opened. */
  | { type: 'output'; step: string; chunk: string; offset: number }
  /** A step that can go neither way now. The operation is still open; retry is offered. */
  | { type: 'stuck'; step: string; problem: Problem }
  /** The stuck step is tried again. */
  | { type: 'retrying'; step: string }

/** `at` is ISO 8601. */
export type OperationEvent = { readonly id: string; readonly at: string } & (Entry | Transient)
export type JournalLine = { readonly id: string; readonly at: string } & Entry

/** `undoing`: the latest step that has begun but isn't undone yet, once the operation is rolling back. */
export type StepStatus = 'waiting' | 'doing' | 'done' | 'undoing' | 'undone' | 'stuck'
export interface StepState {
  readonly name: string
  readonly status: StepStatus
  /** ISO 8601: when it began, and when it was done or undone. */
  readonly startedAt?: string
  readonly endedAt?: string
  /** How many times it has begun without finishing, if more than once. Once the operation has turned: its undo. */
  readonly attempts?: number
  /** Progress, 0 to 1. */
  readonly fraction?: number
  readonly text?: string
  /** Why it is stuck. */
  readonly problem?: Problem
  /** Kept when the operation is rolled back. */
  readonly result?: StepResult
  /** What the step found or did, and what its undo did: lines of text, kept with the operation. */
  readonly notes?: string
}
export type Phase = 'running' | 'undoing' | 'stuck' | Outcome
export interface OperationState {
  readonly id: string
  readonly kind: string
  readonly subject: string
  /** Every choice the operation made; never contains secrets. */
  readonly plan: Json
  /** What it holds while open. */
  readonly claims: readonly Claim[]
  readonly phase: Phase
  readonly openedAt: string
  readonly settledAt?: string
  readonly turned?: { readonly reason: 'failed' | 'cancelled' | 'asked'; readonly problem?: Problem }
  readonly steps: readonly StepState[]
  readonly abreast?: Abreast
}

/** The state after one more event. An operation's first event must be `opened`. @throws Error if it isn't */
export function fold(state: OperationState | undefined, event: OperationEvent): OperationState {
  if (event.type === 'opened') {
    return {
      id: event.id,
      kind: event.kind,
      subject: event.subject,
      plan: event.plan,
      claims: event.claims ?? [],
      phase: 'running',
      openedAt: event.at,
      steps: event.steps.map(name => ({ name, status: 'waiting' })),
      abreast: event.abreast,
    }
  }
  if (!state) throw new Error(`operation ${event.id} begins with ${event.type}, not with opened`)
  const step = (name: string, change: Partial<StepState>): StepState[] =>
    state.steps.map(it => (it.name === name ? { ...it, ...change } : it))
  switch (event.type) {
    case 'doing': {
      const before = state.steps.find(it => it.name === event.step)
      const attempts = before && hasBegun(before) ? (before.attempts ?? 1) + 1 : undefined
      return {
        ...state,
        phase: 'running',
        steps: step(event.step, { status: 'doing', startedAt: event.at, endedAt: undefined, attempts, ...cleared }),
      }
    }
    case 'done':
      return {
        ...state,
        steps: step(event.step, {
          status: 'done',
          endedAt: event.at,
          attempts: undefined,
          result: event.result,
          ...(event.notes !== undefined && { notes: event.notes }),
          ...cleared,
        }),
      }
    case 'undoing': {
      const before = state.steps.find(it => it.name === event.step)?.attempts ?? 0
      return {
        ...state,
        phase: 'undoing',
        steps: step(event.step, { status: 'undoing', attempts: before + 1, ...cleared }),
      }
    }
    case 'undone':
      return markUndoing({
        ...state,
        phase: 'undoing',
        steps: step(event.step, {
          status: 'undone',
          endedAt: event.at,
          attempts: undefined,
          ...(event.notes !== undefined && { notes: event.notes }),
          ...cleared,
        }),
      })
    case 'turned':
      return markUndoing({
        ...state,
        phase: 'undoing',
        turned: { reason: event.reason, problem: event.problem },
        steps: state.steps.map(it => ({ ...it, attempts: undefined })),
      })
    case 'settled':
      return { ...state, phase: event.outcome, settledAt: event.at }
    case 'progress':
      return { ...state, steps: step(event.step, { fraction: event.fraction, text: event.text }) }
    case 'stuck': // a step that is done or undone stays so: then only the journal could not be written
      return {
        ...state,
        phase: 'stuck',
        steps: state.steps.map(it =>
          it.name !== event.step
            ? it
            : {
                ...it,
                problem: event.problem,
                status: it.status === 'done' || it.status === 'undone' ? it.status : 'stuck',
              },
        ),
      }
    case 'retrying':
      return {
        ...state,
        phase: state.turned ? 'undoing' : 'running',
        steps: state.steps.map(it =>
          it.name !== event.step
            ? it
            : {
                ...it,
                ...cleared,
                status:
                  it.status !== 'stuck' ? it.status : !hasBegun(it) ? 'waiting' : state.turned ? 'undoing' : 'doing',
              },
        ),
      }
    case 'output':
      return state
  }
}

const cleared = { fraction: undefined, text: undefined, problem: undefined } as const

/** Whether the step may have had effects, which must be undone if the operation is rolled back. */
export const hasBegun = (step: StepState): boolean => step.startedAt !== undefined

function markUndoing(state: OperationState): OperationState {
  const newest = state.steps.findLastIndex(it => hasBegun(it) && it.status !== 'undone')
  return {
    ...state,
    steps: state.steps.map((it, index) => (index === newest ? { ...it, status: 'undoing' as const } : it)),
  }
}

/** Running, undoing, or waiting for a decision. */
export const isOpen = (state: OperationState): boolean => state.phase !== 'succeeded' && state.phase !== 'rolled-back'

/** Running or undoing; false if it is stuck and waiting. */
export const isMoving = ({ phase }: OperationState): boolean => phase === 'running' || phase === 'undoing'

/** Why it was undone or is stuck; undefined after success or a cancel. */
export const problemOf = (state: OperationState): Problem | undefined =>
  state.turned?.problem ?? state.steps.find(it => it.status === 'stuck')?.problem

/**
 * True if it is stuck because PostgreSQL or PgBouncer isn't running, and isn't the operation that starts or stops them.
 * It continues automatically once both are up (`infrastructure/resume.ts`).
 */
export const waitsForInfrastructure = ({ claims, phase, steps }: OperationState): boolean =>
  phase === 'stuck' &&
  !claims.some(({ on }) => on === things.services) &&
  steps.find(it => it.status === 'stuck')?.problem?.action === 'start-infrastructure'

/** What `operations.watch` sends: everything once, then each event as it happens. */
export type OperationsUpdate =
  | {
      readonly type: 'snapshot'
      readonly operations: readonly OperationState[]
      readonly unreadable: readonly UnreadableJournal[]
    }
  | { readonly type: 'event'; readonly event: OperationEvent }

/** A journal that is corrupt or of an unknown version. It is refused and shown, but never changed. */
export interface UnreadableJournal {
  readonly id: string
  readonly problem: Problem
}
