/**
 * Starts, stops or restarts many instances. Each is an operation of its own, which claims, undoes and recovers itself;
 * one that fails stops no other.
 */
import { isOpen, problemOf, type OperationState } from '../../shared/operation'
import { manyKind, manyPlanSchema, stepOf, type ManyInput, type ManyPlan } from '../../shared/many'
import { toProblem, type Problem } from '../../shared/problem'
import { things } from '../../shared/things'
import { nameOf, uses } from '../operations/claims'
import type { Operations } from '../operations/engine'
import type { Operation, Step } from '../operations/operation'

export interface ManyServices {
  operations(): Pick<Operations, 'list' | 'start' | 'rested'>
  /** Sees that PostgreSQL and PgBouncer run, if any of these is an instance. @throws why they do not */
  bringUpFor(names: readonly string[]): Promise<void>
}

/** More at once only fight over the processor: applications are busiest while they boot. */
const atOnce = 4

/** A cancel begins no more; it leaves alone what is under way and what is done. */
export const manyInstances = (to: ManyServices): Operation<ManyInput, ManyPlan> => ({
  kind: manyKind,
  version: 1,
  recovery: 'resume',
  planSchema: manyPlanSchema,
  about: () => '(instances)', // no instance can be called that
  claims: plan => (needsDatabase(plan) ? [uses(things.infrastructure)] : []),
  abreast: plan => ({ from: needsDatabase(plan) ? 1 : 0, most: atOnce }),
  ready: async plan => {
    if (needsDatabase(plan)) await to.bringUpFor(plan.names)
  },
  plan: ({ action, names, stopOther = false }) =>
    Promise.resolve({
      action,
      stopOther,
      names: [...new Map(names.map(it => [things.instance(it), it])).values()],
      since: new Date().toISOString(),
    }),
  steps: plan => [...(needsDatabase(plan) ? [bringUp(to)] : []), ...plan.names.map(it => ofInstance(to, it))],
})

const needsDatabase = ({ action }: ManyPlan): boolean => action !== 'stop'

const bringUp = (to: ManyServices): Step<ManyPlan> => ({
  name: 'bring-up',
  async do({ plan }) {
    await to.bringUpFor(plan.names)
    return {} // it stays, also when the rest is cancelled
  },
  verify: () => Promise.resolve(false), // to look again is the same
})

const ofInstance = (to: ManyServices, name: string): Step<ManyPlan> => ({
  name: stepOf(name),
  async do({ plan, signal }) {
    const operations = to.operations()
    try {
      const operation =
        begunAlready(operations.list(), plan, name) ??
        (await operations.start(plan.action, plan.action === 'start' ? { name, stopOther: plan.stopOther } : { name }))
      // a stuck one waits for the operator, and the rest must not wait with it
      const problem = whyNot(await operations.rested(operation, signal))
      return { operation, problem }
    } catch (error) {
      signal.throwIfAborted()
      const problem = toProblem(error)
      return problem.code === 'instance-running' ? {} : { problem } // it is as it was asked for
    }
  },
  verify: () => Promise.resolve(false), // its operation tells
})

/**
 * The instance's operation of this kind that is open, or began since the job was planned: by this step before a crash,
 * most likely.
 */
function begunAlready(
  operations: readonly OperationState[],
  { action, since }: ManyPlan,
  name: string,
): string | undefined {
  const subject = nameOf(things.instance(name))
  return operations.findLast(it => it.kind === action && it.subject === subject && (isOpen(it) || it.openedAt >= since))
    ?.id
}

const whyNot = (state: OperationState): Problem | undefined =>
  problemOf(state) ??
  (state.phase === 'succeeded'
    ? undefined
    : { code: 'cancelled', message: 'It was cancelled, and what was begun is undone.' })
