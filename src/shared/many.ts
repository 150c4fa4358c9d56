/** A job over many instances: an operation with one step an instance, several at once, each with its own result. */
import { z } from 'zod'
import { nameSchema } from './instance'
import type { OperationState, StepResult } from './operation'

export const manyKind = 'many'

export const manyActions = ['start', 'stop', 'restart'] as const
export type ManyAction = (typeof manyActions)[number]

export const manyInputSchema = z.strictObject({
  action: z.enum(manyActions),
  names: z.array(nameSchema).min(1).max(1000),
  /** As of a single start: stop the running instance that has the port. */
  stopOther: z.boolean().default(false),
})
export type ManyInput = z.input<typeof manyInputSchema>

/** `since` is when it was planned, ISO 8601. */
export const manyPlanSchema = manyInputSchema.extend({ since: z.iso.datetime() })
export type ManyPlan = Readonly<z.output<typeof manyPlanSchema>>

const prefix = 'instance/'
/** The name of the step for an instance. */
export const stepOf = (name: string): string => prefix + name
/** The instance that a step is for; undefined for every other step. */
export const instanceOf = (step: string): string | undefined =>
  step.startsWith(prefix) ? step.slice(prefix.length) : undefined

/**
 * What has become of one of the instances so far. Without a result it is waiting, under way (`begun`), or was when the
 * job was cancelled.
 */
export interface InstanceResult {
  readonly name: string
  readonly begun: boolean
  readonly result: StepResult | undefined
}

/** By name. */
export const resultsOf = ({ steps }: OperationState): readonly InstanceResult[] =>
  steps
    .flatMap(step => {
      const name = instanceOf(step.name)
      return name === undefined ? [] : [{ name, begun: step.startedAt !== undefined, result: step.result }]
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
