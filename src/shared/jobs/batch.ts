/** A job that runs another job once for each of several instances, each with its own input. */
import { z } from 'zod'
import { capital, count } from '../amounts'
import { nameSchema } from '../instance'
import { things, uses } from '../things'
import { defineJob, type Several, type Words } from './job'
import { resultsOf } from './many'

/** What each instance gets isn't in the plan: it may hold passwords, so it is a secret of the operation. */
export const batchPlanSchema = z.strictObject({
  names: z.array(nameSchema),
  /** When it was planned, ISO 8601. */
  since: z.iso.datetime(),
})
export type BatchPlan = Readonly<z.output<typeof batchPlanSchema>>

/** The most instances that one batch takes. */
export const batchLimit = 1000

interface Batch<Kind, Input extends z.ZodObject, Plan> {
  readonly kind: Kind
  readonly input: Input
  readonly plan: z.ZodType<Plan>
  /** Only one batch about this is open at a time. It is in parentheses, so no instance can be called that. */
  readonly about: `(${string})`
  /** How many instances at once. */
  readonly atOnce: number
  readonly several: Several
  readonly needsDatabase?: true
  guards?(input: z.output<Input>): readonly string[]
  /**
   * @param those e.g. “3 instances” or, if only some were done, “2 of 3 instances” @param were the verb that goes with
   * them: “was” or “were”
   */
  words(those: string, were: string, plan: Plan | undefined): Omit<Words, 'failed' | 'cancelled'>
}

export const defineBatch = <const Kind extends string, Input extends z.ZodObject, Plan extends BatchPlan>({
  kind,
  input,
  plan: planSchema,
  about,
  atOnce,
  several,
  needsDatabase,
  guards,
  words,
}: Batch<Kind, Input, Plan>) =>
  defineJob({
    kind,
    version: 1,
    input,
    plan: planSchema,
    steps: {},
    instances: ({ names }) => names,
    abreast: () => ({ from: 0, most: atOnce }),
    several: () => several,
    recovery: 'resume',
    ...(guards && { guards }),
    about: () => about,
    claims: () => (needsDatabase ? [uses(things.infrastructure)] : []),
    words: ({ plan, state }) => {
      const all = resultsOf(state)
      const well = all.filter(it => it.result && !it.result.problem).length
      const those = count(all.length, 'instance')
      const some = well === all.length ? capital(those) : `${well} of ${those}`
      return { ...words(those, 'were', plan), done: words(some, well === 1 ? 'was' : 'were', plan).done }
    },
    cancel: {
      meaning:
        'Instances still waiting are left alone. Those in progress are finished, and those already done stay as they are.',
      confirm: 'Cancel the rest',
    },
  })

/** For an input with an item for each instance. @returns whether no two are about the same one */
export const haveOwnNames = (items: readonly { readonly name: string }[]): boolean =>
  new Set(items.map(it => it.name.toLowerCase())).size === items.length
