/** A job on many instances: one operation with a step per instance, several at once, each with its own result. */
import { z } from 'zod'
import { capital, count } from '../amounts'
import { compareNames } from '../compare-names'
import { nameSchema } from '../instance'
import type { OperationState, StepResult } from '../operation'
import { things, uses } from '../things'
import { defineJob } from './job'
import { inTheWay, restartJob, startJob, stopJob } from './lifecycle'

/** The jobs that can run on many instances at once. */
export const bulkJobs = [startJob, stopJob, restartJob] as const
export type BulkAction = (typeof bulkJobs)[number]['kind']

export function bulkOf(action: BulkAction) {
  const job = bulkJobs.find(it => it.kind === action)
  if (!job?.bulk) throw new Error(`${action} can't run on many instances`)
  return { ...job.bulk, needsInfrastructure: job.needsInfrastructure === true }
}

const inputSchema = z.strictObject({
  action: z.enum(bulkJobs.map(it => it.kind)),
  names: z.array(nameSchema).min(1).max(1000),
  /** As for a single start: stop the running instance that has the port. */
  stopOther: z.boolean().default(false),
})

/** `since`: when it was planned, ISO 8601. */
const planSchema = inputSchema.extend({ since: z.iso.datetime() })
export type ManyPlan = Readonly<z.output<typeof planSchema>>

/** Applications are busiest while they boot; more at once would only compete for the CPU. */
const atOnce = 4

const needsDatabase = ({ action }: ManyPlan): boolean => bulkOf(action).needsInfrastructure

/** The first step of a job on many instances. */
export const bringUp = {
  title: 'Check the database',
  explanation: 'Starts PostgreSQL and PgBouncer if they aren’t running.',
} as const

export const manyJob = defineJob({
  kind: 'many',
  version: 1,
  input: inputSchema,
  plan: planSchema,
  steps: {
    'bring-up': { ...bringUp, when: needsDatabase },
  },
  instances: ({ names }) => names,
  abreast: plan => ({ from: needsDatabase(plan) ? 1 : 0, most: atOnce }),
  several: ({ action }) => bulkOf(action),
  recovery: 'resume',
  guards: ({ action, names, stopOther }, known) =>
    action === stopJob.kind ? names : action === startJob.kind && stopOther ? inTheWay(names, known) : [],
  about: () => '(instances)', // no instance can be called that
  claims: plan => (needsDatabase(plan) ? [uses(things.infrastructure)] : []),
  words: ({ plan, state }) => {
    const { verb, doing, done, state: are } = bulkOf(plan?.action ?? startJob.kind)
    const all = resultsOf(state)
    const well = all.filter(it => it.result && !it.result.problem).length
    const those = count(all.length, 'instance')
    const some = `${well} of ${all.length} instances ${well === 1 ? 'was' : 'were'} ${done}`
    return {
      asking: `${verb} ${those}`,
      running: `${doing} ${those}`,
      done: well === all.length ? capital(`${those} ${well === 1 ? 'is' : 'are'} ${are}`) : some,
    }
  },
  cancel: {
    meaning:
      'Instances still waiting are left alone. Those in progress are finished, and those already done stay as they are.',
    confirm: 'Cancel the rest',
  },
})

const prefix = 'instance/'
/** The name of the step for an instance. */
export const stepOf = (name: string): string => prefix + name
/** The instance that a step is for; undefined for every other step. */
export const instanceOf = (step: string): string | undefined =>
  step.startsWith(prefix) ? step.slice(prefix.length) : undefined

/**
 * One instance's result so far. Without a `result` it is waiting or in progress (`begun`), or was when the job was
 * cancelled.
 */
export interface InstanceResult {
  readonly name: string
  readonly begun: boolean
  readonly result: StepResult | undefined
}

/** In the order in which instances are listed. */
export const resultsOf = ({ steps }: OperationState): readonly InstanceResult[] =>
  steps
    .flatMap(step => {
      const name = instanceOf(step.name)
      return name === undefined ? [] : [{ name, begun: step.startedAt !== undefined, result: step.result }]
    })
    .toSorted((a, b) => compareNames(a.name, b.name))
