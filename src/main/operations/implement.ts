/** Joins a job's descriptor and its implementation into the operation that the engine runs. */
import type { z } from 'zod'
import type { Job } from '../../shared/jobs/job'
import { stepOf } from '../../shared/jobs/many'
import type { Json } from '../../shared/operation'
import type { AnyOperation, Operation, Step } from './operation'

/** A step without its name, which comes from the descriptor. */
export type StepActions<Plan> = Omit<Step<Plan>, 'name'>

/** What the descriptor leaves open; see `Operation` for each member. */
export interface Implementation<Input extends z.ZodObject, Plan extends Json, StepName extends string> extends Pick<
  Operation<z.output<Input>, Plan>,
  'plan' | 'secrets' | 'shows' | 'contradiction' | 'adopt' | 'ready'
> {
  readonly steps: Readonly<Record<StepName, StepActions<Plan>>>
  /** For a job on several instances: the step for one of them. */
  instance?(name: string): StepActions<Plan>
}

/** The compiler demands exactly the steps that the descriptor names. */
export function implement<Input extends z.ZodObject, Plan extends Json, StepName extends string>(
  job: Job<string, Input, Plan, StepName>,
  implementation: Implementation<NoInfer<Input>, NoInfer<Plan>, NoInfer<StepName>>,
): AnyOperation {
  const { kind, version, recovery, pivot, input, plan: planSchema } = job
  const { steps, instance, plan, secrets, adopt, ...rest } = implementation
  const parse = (given: unknown) => input.parse(given ?? {}) // a job without fields needs no input
  const names = Object.keys(job.steps) as StepName[]
  if (job.instances && !instance) throw new Error(`job ${kind}: the step of an instance is missing`)
  const operation: Operation<unknown, Plan> = {
    ...rest,
    kind,
    version,
    recovery,
    pivot,
    planSchema,
    about: given => job.about(parse(given)),
    claims: it => job.claims(it),
    ...(job.abreast && { abreast: it => job.abreast?.(it) }),
    plan: given => plan(parse(given)),
    // a later version's plan can't be understood
    ...(adopt && { adopt: (from, it) => (from < version ? adopt(from, it) : undefined) }),
    ...(secrets && { secrets: (given, it) => secrets(parse(given), it) }),
    steps: it => [
      ...names.filter(name => job.steps[name].when?.(it) ?? true).map(name => ({ name, ...steps[name] })),
      ...(job.instances?.(it) ?? []).flatMap(name => (instance ? [{ name: stepOf(name), ...instance(name) }] : [])),
    ],
  }
  return operation
}

/** For `adopt`: plans are the same as today's from this version on. */
export const unchangedSince =
  (from: number) =>
  (version: number, plan: Json): Json | undefined =>
    version >= from ? plan : undefined
