/**
 * Starts, stops or restarts several instances. Each is a separate operation, which claims, undoes and recovers on its
 * own; a failure doesn't stop the others.
 */
import { isOpen, type OperationState } from '../../shared/operation'
import { bulkOf, manyJob, type ManyPlan } from '../../shared/jobs/many'
import { whyNotDone } from '../../shared/jobs/words'
import { toProblem } from '../../shared/problem'
import { things } from '../../shared/things'
import { nameOf } from '../operations/claims'
import type { Operations } from '../operations/engine'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { interruptFor } from './interrupt'

export interface ManyServices {
  readonly operations: Pick<Operations, 'list' | 'start' | 'cancel' | 'rested'>
  /** Brings PostgreSQL and PgBouncer up if any of these is an instance. @throws why they aren't running */
  bringUpFor(names: readonly string[]): Promise<void>
}

/** After a cancel no more are begun; those in progress or done are left as they are. */
export const bulkJob = (services: ManyServices): AnyOperation =>
  implement(manyJob, {
    plan: ({ action, names, stopOther }) =>
      Promise.resolve({
        action,
        stopOther,
        names: [...new Map(names.map(it => [things.instance(it), it])).values()],
        since: new Date().toISOString(),
      }),
    ready: async plan => {
      if (bulkOf(plan.action).needsInfrastructure) await services.bringUpFor(plan.names)
    },
    steps: { 'bring-up': bringUpStep(services, ({ names }) => names) },
    instance: name => ofInstance(services, name),
  })

export const bringUpStep = <Plan>(
  services: Pick<ManyServices, 'bringUpFor'>,
  names: (plan: Plan) => readonly string[],
): StepActions<Plan> => ({
  async do({ plan }) {
    await services.bringUpFor(names(plan))
    return {} // a result, so it stays even if the rest is cancelled
  },
  verify: () => Promise.resolve(false), // repeating it is the check
})

const ofInstance = (services: ManyServices, name: string): StepActions<ManyPlan> => ({
  async do({ plan, signal }) {
    const { operations } = services
    try {
      let operation = begunAlready(operations.list(), plan.action, plan.since, name)
      if (operation === undefined) {
        await interruptFor(operations, plan.action, name, signal)
        operation = await operations.start(plan.action, { name, stopOther: plan.stopOther })
      }
      // a stuck operation waits for the operator; the others must not wait with it
      const problem = whyNotDone(await operations.rested(operation, signal))
      return { operation, problem }
    } catch (error) {
      signal.throwIfAborted()
      const problem = toProblem(error)
      return problem.code === 'instance-running' ? {} : { problem } // already as requested
    }
  },
  verify: () => Promise.resolve(false), // `do` looks for its operation
})

/**
 * The instance's operation of this kind that is open or began after the job was planned: most likely begun by this step
 * before a crash.
 */
export function begunAlready(
  operations: readonly OperationState[],
  kind: string,
  since: string,
  name: string,
): string | undefined {
  const subject = nameOf(things.instance(name))
  return operations.findLast(it => it.kind === kind && it.subject === subject && (isOpen(it) || it.openedAt >= since))
    ?.id
}
