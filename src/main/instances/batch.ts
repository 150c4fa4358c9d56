/**
 * Runs a job once for each of several instances, each with its own input. Each is a separate operation, which claims,
 * undoes and recovers on its own; a failure doesn't stop the others.
 */
import type { z } from 'zod'
import type { BatchPlan } from '../../shared/jobs/batch'
import type { Job } from '../../shared/jobs/job'
import { whyNotDone } from '../../shared/jobs/words'
import { toProblem } from '../../shared/problem'
import { things } from '../../shared/things'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { interruptFor } from './interrupt'
import { begunAlready, type ManyServices } from './many'

/** The input of an instance's own job. */
interface Item {
  readonly name: string
}

interface Batch<Input, Plan extends BatchPlan, Each extends Item> {
  /** The kind of the instances' own jobs. */
  readonly of: string
  /** One for each instance; further ones for the same instance are dropped. Throws if the batch makes no sense now. */
  items(input: Input): readonly Each[] | Promise<readonly Each[]>
  /** What the plan says besides. */
  rest(input: Input): Omit<Plan, keyof BatchPlan>
  /** The code of the refusal of an instance that already is as asked for. Absent: the job can't be run twice. */
  readonly already?: string
}

export const batch = <Input extends z.ZodObject, Plan extends BatchPlan, Each extends Item>(
  operations: ManyServices['operations'],
  job: Job<string, Input, Plan, never>,
  { of, items: itemsOf, rest, already }: Batch<z.output<Input>, Plan, Each>,
): AnyOperation => {
  const uniqueItems = async (input: z.output<Input>): Promise<Each[]> => [
    ...new Map((await itemsOf(input)).map(it => [things.instance(it.name), it])).values(),
  ]
  const instance = (name: string): StepActions<Plan> => ({
    async do({ plan: { since }, signal, secret }) {
      try {
        // Most likely begun by this step before a crash. If it wasn't, the job finds out when it is run again.
        const later = operations.list().filter(it => it.openedAt >= since)
        const begun = begunAlready(later, of, since, name)
        const state = begun === undefined ? undefined : await operations.rested(begun, signal)
        if (state && already === undefined) return { operation: begun, problem: whyNotDone(state) }
        const items = JSON.parse(await secret('items')) as readonly Each[] // its job parses it again
        const item = items.find(it => it.name === name)
        if (!item) throw new Error(`the batch has no input for ${name}`)
        await interruptFor(operations, of, name, signal)
        const operation = await operations.start(of, item)
        return { operation, problem: whyNotDone(await operations.rested(operation, signal)) }
      } catch (error) {
        signal.throwIfAborted()
        const found = toProblem(error)
        return found.code === already ? {} : { problem: found }
      }
    },
    verify: () => Promise.resolve(false), // `do` looks for its operation
  })
  return implement(job, {
    plan: async input =>
      ({
        names: (await uniqueItems(input)).map(it => it.name),
        since: new Date().toISOString(),
        ...rest(input),
      }) as Plan,
    secrets: async input => ({ items: JSON.stringify(await uniqueItems(input)) }),
    steps: {},
    instance,
  })
}
