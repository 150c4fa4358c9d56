/** Makes one change in the environment of several instances: each is a separate operation, as with `many`. */
import type { z } from 'zod'
import { envChangesSchema } from '../../shared/environment'
import { environmentJob, environmentManyJob, type EnvironmentManyPlan } from '../../shared/jobs/environment'
import { planOf } from '../../shared/jobs/words'
import type { OperationState } from '../../shared/operation'
import { toProblem } from '../../shared/problem'
import { things } from '../../shared/things'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { interruptFor } from './interrupt'
import { begunAlready, whyNot, type ManyServices } from './many'

type Input = z.output<typeof environmentManyJob.input>

export const environmentChanges = (services: Pick<ManyServices, 'operations'>): AnyOperation =>
  implement(environmentManyJob, {
    plan: ({ names, changes, restart }: Input) =>
      Promise.resolve({
        names: [...new Map(names.map(it => [things.instance(it), it])).values()],
        keys: changes.map(it => it.key),
        restart,
        since: new Date().toISOString(),
      }),
    secrets: ({ changes }) => Promise.resolve({ changes: JSON.stringify(changes) }),
    steps: {},
    instance: name => ofInstance(services, name),
  })

const ofInstance = (
  { operations }: Pick<ManyServices, 'operations'>,
  name: string,
): StepActions<EnvironmentManyPlan> => ({
  async do({ plan, signal, secret }) {
    try {
      const mine = operations.list().filter(it => isFor(plan, it))
      let operation = begunAlready(mine, environmentJob.kind, plan.since, name)
      if (operation === undefined) {
        await interruptFor(operations, environmentJob.kind, name, signal)
        const changes = envChangesSchema.parse(JSON.parse(await secret('changes')))
        operation = await operations.start(environmentJob.kind, { name, changes, restart: plan.restart })
      }
      return { operation, problem: whyNot(await operations.rested(operation, signal)) }
    } catch (error) {
      signal.throwIfAborted()
      const problem = toProblem(error)
      return problem.code === 'env-same' ? {} : { problem } // already as requested
    }
  },
  verify: () => Promise.resolve(false), // `do` looks for its operation
})

/** Whether an operation changes only these variables, and began after the job was planned. */
function isFor({ keys, since }: EnvironmentManyPlan, operation: OperationState): boolean {
  const plan = planOf(environmentJob, operation)
  return (
    plan !== undefined && operation.openedAt >= since && [...plan.set, ...plan.removed].every(it => keys.includes(it))
  )
}
