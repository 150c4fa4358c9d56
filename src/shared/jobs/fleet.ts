/** Rebuilds several instances: one first, as a canary, then the others, a few at a time, until one fails. */
import { z } from 'zod'
import { capital, count } from '../amounts'
import { nameSchema } from '../instance'
import type { OperationState } from '../operation'
import type { Problem } from '../problem'
import type { InstanceStatus } from '../status'
import { owns, things, uses } from '../things'
import { manifestSchema } from '../workspace'
import { fingerprintSchema } from './create'
import { defineJob, type Several } from './job'
import { bringUp, resultsOf } from './many'
import { pushSchema, rebuildJob } from './rebuild'

/** A rebuild is mostly waiting for the application to boot, twice. */
export const defaultAtOnce = 2

const { name: _, release: __, ...options } = rebuildJob.input.shape

const inputSchema = z.object({
  /** Rebuilt first, alone. */
  canary: nameSchema,
  /** The others, in order. */
  names: z.array(nameSchema).max(1000),
  /** How many of the others at once. */
  atOnce: z.int('Enter a whole number.').min(1, 'At least 1.').max(16, 'At most 16.').default(defaultAtOnce),
  /** The same for all. */
  ...options,
  /** Schema decisions for single instances, in place of `schema`: each database has its own rows. */
  answers: z.record(nameSchema, pushSchema).optional(),
})

const planSchema = z.strictObject({
  canary: nameSchema,
  names: z.array(nameSchema),
  atOnce: z.int(),
  options: z.object(options),
  answers: z.record(nameSchema, pushSchema).optional(),
  /** When it was planned, ISO 8601. */
  since: z.iso.datetime(),
  manifest: manifestSchema,
  /** The release that all of them get. */
  fingerprint: fingerprintSchema,
})
export type FleetPlan = Readonly<z.output<typeof planSchema>>

/** All of them, in order. */
export const fleetOf = ({ canary, names }: FleetPlan): string[] => [canary, ...names]

export const rebuildingWords: Several = { doing: 'Rebuilding', done: 'rebuilt' }

export const fleetJob = defineJob({
  kind: 'rebuild-many',
  version: 1,
  input: inputSchema,
  plan: planSchema,
  steps: {
    'bring-up': bringUp,
    'prepare-release': {
      title: 'Prepare the new code',
      explanation: 'Only once, for all instances. They keep running.',
    },
  },
  instances: plan => fleetOf(plan),
  abreast: ({ atOnce }) => ({ from: 3, most: atOnce }), // the canary's step is the third
  several: () => rebuildingWords,
  recovery: 'resume',
  guards: ({ canary, names }) => [canary, ...names],
  about: () => things.rebuilds,
  claims: ({ fingerprint }) => [owns(things.rebuilds), uses(things.infrastructure), uses(things.release(fingerprint))],
  again: ({ canary, names, atOnce, options: its, answers }) => ({ canary, names, atOnce, ...its, answers }),
  words: ({ state }) => {
    const all = resultsOf(state)
    const well = all.filter(it => it.result && !it.result.problem).length
    const those = count(all.length, 'instance')
    const some = `${well} of ${all.length} instances ${well === 1 ? 'has' : 'have'} the new code`
    return {
      asking: `Rebuild ${those}`,
      running: `Rebuilding ${those}`,
      done: well === all.length ? capital(`${those} ${well === 1 ? 'has' : 'have'} the new code`) : some,
    }
  },
  cancel: {
    meaning:
      'Instances still waiting are left alone. Those in progress are finished, and those already done stay as they are.',
    confirm: 'Cancel the rest',
  },
  prints: true,
})

/**
 * What stopped it, if anything did: any problem with the canary, or another instance's failed rebuild. An instance that
 * another job holds at the moment is skipped.
 */
export function failureIn(plan: FleetPlan, state: OperationState): { name: string; problem: Problem } | undefined {
  for (const { name, result } of resultsOf(state)) {
    const problem = result?.problem
    if (problem === undefined || problem.code === 'left-alone') continue
    if (name === plan.canary || problem.code !== 'operation-open') return { name, problem }
  }
  return undefined
}

export const notBegun = (name: string, because: string): Problem => ({
  code: 'left-alone',
  message: `“${name}” was left alone, because the rebuild of “${because}” failed.`,
})

/** The suggested canary: preferably a stopped instance, since nobody would notice. @param among at least one */
export const canaryOf = <Instance extends { readonly name: string; readonly status: InstanceStatus }>(
  among: readonly Instance[],
): Instance | undefined => among.find(it => it.status === 'stopped' || it.status === 'not in PM2') ?? among[0]
