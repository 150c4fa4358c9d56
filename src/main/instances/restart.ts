/** Restarts an instance with its `.env` read anew: delete and start, as the guide says. */
import { things } from '../../shared/things'
import { owns, uses } from '../operations/claims'
import type { Operation } from '../operations/operation'
import { stopPlanSchema, type StopPlan } from './stop'
import { describeHolder } from './ports'
import { targetContradiction } from './lifecycle/derived'
import { othersOnPort, portInUse } from './lifecycle/port'
import { claimDatabase, startTarget, verifyHealth } from './lifecycle/process-steps'
import { findOwn, type PortServices } from './lifecycle/target'

/**
 * There is nothing to go back to: the old process ran with settings that are gone. Unhealthy, it stays as PM2 has it,
 * with the reason told.
 */
export const restartInstance = (to: PortServices): Operation<{ readonly name: string }, StopPlan> => ({
  kind: 'restart',
  version: 1,
  recovery: 'resume',
  planSchema: stopPlanSchema,
  about: ({ name }) => things.instance(name),
  claims: ({ target }) => [
    owns(things.instance(target.name)),
    owns(things.port(target.port)),
    uses(things.infrastructure),
  ],
  contradiction: ({ target }, subject) => targetContradiction(to, subject, target),
  plan: ({ name }) => planRestart(to, name),
  steps: () => [
    {
      name: 'restart-process',
      async do({ plan, signal, report }) {
        await claimDatabase(to, plan.target.name)
        await startTarget(to, plan.target, { signal, report }) // PM2 replaces the old one
      },
      verify: () => Promise.resolve(false), // whether what runs is the new one cannot be told: once more is right
    },
    verifyHealth(to),
  ],
})

/** @throws Problem `instance-unknown`, `port-in-use`: one that is stopped may not have its port any more */
async function planRestart(to: PortServices, name: string): Promise<StopPlan> {
  const { target } = await findOwn(to, name)
  const others = await othersOnPort(to, target)
  if (others.length) throw portInUse(target.port, others.map(describeHolder).join(', '))
  return { target }
}
