/** Restarts an instance with its `.env` read anew: delete and start, as the guide says. */
import { restartJob, type StopPlan } from '../../shared/jobs/lifecycle'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { describeHolder } from './ports'
import { targetContradiction } from './lifecycle/derived'
import { othersOnPort, portInUse } from './lifecycle/port'
import { claimDatabase, startTarget, verifyHealth } from './lifecycle/process-steps'
import { findOwn, type PortServices } from './lifecycle/target'

/**
 * There is nothing to go back to: the old process ran with settings that are gone. Unhealthy, it stays as PM2 has it,
 * with the reason told.
 */
export const restarting = (services: PortServices): AnyOperation =>
  implement(restartJob, {
    plan: ({ name }) => planRestart(services, name),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'restart-process': {
        async do({ plan, signal, report }) {
          await claimDatabase(services, plan.target.name)
          await startTarget(services, plan.target, { signal, report }) // PM2 replaces the old one
        },
        verify: () => Promise.resolve(false), // whether what runs is the new one cannot be told: once more is right
      },
      'verify-health': verifyHealth(services),
    },
  })

/** @throws Problem `instance-unknown`, `port-in-use`: one that is stopped may not have its port any more */
async function planRestart(services: PortServices, name: string): Promise<StopPlan> {
  const { target } = await findOwn(services, name)
  const others = await othersOnPort(services, target)
  if (others.length) throw portInUse(target.port, others.map(describeHolder).join(', '))
  return { target }
}
