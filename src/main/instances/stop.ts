/** Stops an instance and keeps it listed. */
import { z } from 'zod'
import { nameSchema } from '../../shared/instance'
import { problemOf } from '../../shared/operation'
import { problem } from '../../shared/problem'
import { things } from '../../shared/things'
import { owns } from '../operations/claims'
import type { Operations } from '../operations/engine'
import type { Operation } from '../operations/operation'
import { targetContradiction } from './lifecycle/derived'
import { stopTarget } from './lifecycle/process-steps'
import { findOwn, targetSchema, type LifecycleServices } from './lifecycle/target'

export const stopInputSchema = z.object({ name: nameSchema })
export const stopPlanSchema = z.strictObject({ target: targetSchema })
export type StopPlan = Readonly<z.infer<typeof stopPlanSchema>>

/** Forward only: what was told to stop does not start again by itself. Ends a process that PM2 has lost, too. */
export const stopInstance = (to: LifecycleServices): Operation<z.infer<typeof stopInputSchema>, StopPlan> => ({
  kind: 'stop',
  version: 1,
  recovery: 'resume',
  pivot: 'stop-process',
  planSchema: stopPlanSchema,
  about: ({ name }) => things.instance(name),
  claims: ({ target }) => [owns(things.instance(target.name))],
  contradiction: ({ target }, subject) => targetContradiction(to, subject, target),
  plan: async ({ name }) => ({ target: (await findOwn(to, name)).target }),
  steps: () => [
    {
      name: 'stop-process',
      do: ({ plan }) => stopTarget(to, plan.target),
      // a lost process, PM2's dump and what should run: to do it again is simpler than to look
      verify: () => Promise.resolve(false),
    },
  ],
})

/** Ends an instance's process that PM2 has lost: stopping it does that. @throws as an operation `stop` */
export async function endLost(operations: Pick<Operations, 'start' | 'rested'>, name: string): Promise<void> {
  const found = problemOf(await operations.rested(await operations.start('stop', { name })))
  if (found) throw problem(found)
}
