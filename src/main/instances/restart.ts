/** Restarts an instance with its `.env` read anew: delete and start, as the guide says. */
import type { Operation } from '../operations/operation'
import type { StopPlan } from './stop'
import { startTarget, verifyHealth } from './lifecycle/process-steps'
import { findInstance, type LifecycleServices } from './lifecycle/target'

/** There is nothing to go back to: the old process ran with settings that are gone. Unhealthy, it stays as PM2 has it, with the reason told. */
export const restartInstance = (to: LifecycleServices): Operation<{ readonly name: string }, StopPlan> => ({
  kind: 'restart', version: 1, recovery: 'resume',
  subject: ({ name }) => name.toLowerCase(),
  plan: async ({ name }) => ({ target: (await findInstance(to, name)).target }),
  steps: [{
    name: 'restart-process',
    do: ({ plan, signal }) => startTarget(to, plan.target, signal), // PM2 replaces the old one
    verify: () => Promise.resolve(false), // whether what runs is the new one cannot be told: once more is right
  }, verifyHealth(to)],
})
