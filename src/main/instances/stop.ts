/** Stops an instance and keeps it listed. */
import { stopJob } from '../../shared/jobs/lifecycle'
import { problemOf } from '../../shared/operation'
import { problem } from '../../shared/problem'
import type { Operations } from '../operations/engine'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { targetContradiction } from './lifecycle/derived'
import { stopTarget } from './lifecycle/process-steps'
import { findOwn, type LifecycleServices } from './lifecycle/target'

/** Forward only: what was told to stop does not start again by itself. Ends a process that PM2 has lost, too. */
export const stopping = (services: LifecycleServices): AnyOperation =>
  implement(stopJob, {
    plan: async ({ name }) => ({ target: (await findOwn(services, name)).target }),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'stop-process': {
        do: ({ plan }) => stopTarget(services, plan.target),
        // a lost process, PM2's dump and what should run: to do it again is simpler than to look
        verify: () => Promise.resolve(false),
      },
    },
  })

/** Ends an instance's process that PM2 has lost: stopping it does that. @throws why it couldn't be stopped */
export async function endLost(operations: Pick<Operations, 'start' | 'rested'>, name: string): Promise<void> {
  const found = problemOf(await operations.rested(await operations.start(stopJob.kind, { name })))
  if (found) throw problem(found)
}
