/** Operations and their steps in plain English. Jobs and steps unknown to this version are shown by their raw names. */
import type { z } from 'zod'
import { capital, uncapital } from '../amounts'
import { hasBegun, isOpen, problemOf, waitsForInfrastructure, type Json, type OperationState } from '../operation'
import type { Problem } from '../problem'
import { jobOf } from './index'
import type { Words } from './job'
import { instanceOf } from './many'

/** The plan, parsed with the job's schema; undefined if it is another job's or doesn't parse. */
export const planOf = <Plan extends Json>(
  job: { readonly kind: string; readonly plan: z.ZodType<Plan> },
  { kind, plan }: OperationState,
): Plan | undefined => (kind === job.kind ? job.plan.safeParse(plan).data : undefined)

/** The instance it is about, as the operator writes it; undefined if it isn't about one. */
export function instanceNameOf(operation: OperationState): string | undefined {
  const job = jobOf(operation.kind)
  if (!job?.name) return undefined
  const plan = planOf(job, operation)
  return plan === undefined ? operation.subject : job.name(plan)
}

/** The instance it is about, as the operator writes it, or else the subject. */
export const subjectOf = (operation: OperationState): string => instanceNameOf(operation) ?? operation.subject

export function wordsOf(state: OperationState): Words {
  const job = jobOf(state.kind)
  if (job) return job.words({ name: subjectOf(state), plan: planOf(job, state), state })
  const plain = `${humanise(state.kind)} ${state.subject}`.trim()
  return { asking: plain, running: plain, done: `${plain}: done`, failed: `${plain}: failed` }
}

/** The operation and its current state in one line. */
export function headline(operation: OperationState): string {
  const words = wordsOf(operation)
  switch (operation.phase) {
    case 'running':
      return `${words.running}…`
    case 'undoing':
      return `${words.asking}: undoing…`
    case 'stuck':
      return `${words.asking}: ${waitsForInfrastructure(operation) ? 'waiting for the database' : 'needs attention'}`
    case 'succeeded':
      return words.done
    case 'rolled-back':
      if (operation.abreast) return words.done // says how many are done
      if (operation.turned?.reason === 'cancelled') return words.cancelled ?? `${words.asking}: cancelled`
      if (operation.turned?.reason === 'asked') return words.cancelled ?? `${words.asking}: rolled back`
      return words.failed ?? `Couldn’t ${uncapital(words.asking)}`
  }
}

/** e.g. "step 3 of 9", "3 of 9 done". */
export function progressOf(operation: OperationState): string {
  if (operation.abreast && operation.phase === 'running')
    return `${operation.steps.filter(it => it.status === 'done').length} of ${operation.steps.length} done`
  const begun = operation.steps.filter(it => it.status !== 'waiting').length
  if (operation.phase === 'undoing') return 'undoing'
  return isOpen(operation) ? `step ${Math.max(1, begun)} of ${operation.steps.length}` : ''
}

export const stepTitle = (kind: string, step: string): string =>
  jobOf(kind)?.steps[step]?.title ?? instanceOf(step) ?? humanise(step)

export const stepExplanation = (kind: string, step: string): string | undefined => jobOf(kind)?.steps[step]?.explanation

/** True once it can no longer be cancelled or rolled back. */
export const isPastReturn = ({ kind, steps }: OperationState): boolean =>
  steps.some(it => it.name === jobOf(kind)?.pivot && hasBegun(it))

/** It was rolled back, and its steps were really undone. */
export const isUndone = ({ kind, phase, abreast }: OperationState): boolean =>
  phase === 'rolled-back' && !abreast && !jobOf(kind)?.nothingToUndo

/** Why an operation that has settled or is stuck didn't do its work; undefined if it did. */
export const whyNotDone = (state: OperationState): Problem | undefined =>
  problemOf(state) ??
  (state.phase === 'succeeded'
    ? undefined
    : { code: 'cancelled', message: `It was cancelled${isUndone(state) ? ' and rolled back' : ''}.` })

/** How many steps ended with a problem. */
export const failuresOf = ({ steps }: OperationState): number => steps.filter(it => it.result?.problem).length

const humanise = (name: string): string => capital(name.replaceAll('-', ' '))
