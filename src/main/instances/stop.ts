/** Stops an instance and keeps it in PM2's list. */
import { stopJob } from '../../shared/jobs/lifecycle'
import { problemOf } from '../../shared/operation'
import { problem } from '../../shared/problem'
import type { Operations } from '../operations/engine'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { targetContradiction } from './lifecycle/derived'
import { stopTarget } from './lifecycle/process-steps'
import { findOwn, type LifecycleServices } from './lifecycle/target'

/** Forward only: a stopped instance isn't restarted automatically. Also ends a process that PM2 has lost. */
export const stopping = (services: LifecycleServices): AnyOperation =>
  implement(stopJob, {
    plan: async ({ name }) => ({ target: (await findOwn(services, name)).target }),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'stop-process': {
        do: ({ plan }) => stopTarget(services, plan.target),
        // repeating it is simpler than checking lost processes, PM2's dump and desired.json
        verify: () => Promise.resolve(false),
      },
    },
  })

/** Ends an instance's process that PM2 has lost, by stopping the instance. @throws why it couldn't be stopped */
export async function endLost(operations: Pick<Operations, 'start' | 'rested'>, name: string): Promise<void> {
  const found = problemOf(await operations.rested(await operations.start(stopJob.kind, { name })))
  if (found) throw problem(found)
}
