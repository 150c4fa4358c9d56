/** Operations and their steps in plain English. What a journal of another version names is shown by its own name. */
import type { z } from 'zod'
import { capital } from '../amounts'
import { hasBegun, isOpen, waitsForInfrastructure, type Json, type OperationState } from '../operation'
import { jobOf } from './index'
import type { Words } from './job'
import { instanceOf } from './many'

/** A plan, read through its job's schema; undefined if it is another job's, or of a version that differs. */
export const planOf = <Plan extends Json>(
  job: { readonly kind: string; readonly plan: z.ZodType<Plan> },
  { kind, plan }: OperationState,
): Plan | undefined => (kind === job.kind ? job.plan.safeParse(plan).data : undefined)

/** The instance that it is about, as the operator writes it; undefined if it is about none. */
export function instanceNameOf(operation: OperationState): string | undefined {
  const job = jobOf(operation.kind)
  if (!job?.name) return undefined
  const plan = planOf(job, operation)
  return plan === undefined ? operation.subject : job.name(plan)
}

/** Whom it is about: an instance as the operator writes it, else the subject. */
export const subjectOf = (operation: OperationState): string => instanceNameOf(operation) ?? operation.subject

export function wordsOf(state: OperationState): Words {
  const job = jobOf(state.kind)
  if (job) return job.words({ name: subjectOf(state), plan: planOf(job, state), state })
  const plain = `${humanise(state.kind)} ${state.subject}`.trim()
  return { asking: plain, running: plain, done: `${plain}: done`, failed: `${plain}: undone` }
}

/** The operation in one line, as it stands. */
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
      return words.failed
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

/** It can be neither cancelled nor rolled back any more. */
export const isPastReturn = ({ kind, steps }: OperationState): boolean =>
  steps.some(it => it.name === jobOf(kind)?.pivot && hasBegun(it))

/** How many steps have a result that isn't good. */
export const failuresOf = ({ steps }: OperationState): number => steps.filter(it => it.result?.problem).length

const humanise = (name: string): string => capital(name.replaceAll('-', ' '))
