/** The job on many instances that the list reports on. */
import { jobOf } from '../../../shared/jobs'
import type { Several } from '../../../shared/jobs/job'
import { resultsOf } from '../../../shared/jobs/many'
import { planOf } from '../../../shared/jobs/words'
import { isOpen, type OperationState } from '../../../shared/operation'
import type { Problem } from '../../../shared/problem'

export interface Skipped {
  readonly name: string
  readonly reason: string
}

/** Its results are in the operation. */
export interface Asked extends Several {
  /** How many instances were requested. */
  readonly count: number
  /** Skipped here because the job would change nothing, or can't be done. */
  readonly skipped: readonly Skipped[]
  /** The operation. Absent until it has begun, and if all instances were skipped. */
  readonly id?: string
  /** The whole job was refused, or the answer was lost. */
  readonly problem?: Problem
}

/** A report on a job that was started elsewhere or before a crash. @param known operations already reported on */
export function newReport(
  operations: readonly OperationState[],
  known: ReadonlySet<string | undefined>,
): (Asked & { readonly id: string }) | undefined {
  for (const operation of operations) {
    const job = jobOf(operation.kind)
    if (!job?.several || !isOpen(operation) || known.has(operation.id)) continue
    const plan = planOf(job, operation)
    if (plan === undefined) continue // of another version
    const { doing, done } = job.several(plan)
    return { doing, done, count: resultsOf(operation).length, skipped: [], id: operation.id }
  }
  return undefined
}
