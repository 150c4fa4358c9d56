/** Restarts an instance so that it rereads `.env`: by delete and start, as the guide says, or without a gap. */
import { restartJob, type StopPlan } from '../../shared/jobs/lifecycle'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { describeHolder } from './ports'
import { targetContradiction } from './lifecycle/derived'
import { othersOnPort, portInUse } from './lifecycle/port'
import { requireNodeFits, type NodeFitServices } from './lifecycle/node-fit'
import { verifyHealth } from './lifecycle/process-steps'
import { renewProcess } from './lifecycle/reload'
import { findOwn, type PortServices } from './lifecycle/target'

/**
 * There is no going back: the old process ran with settings that no longer exist. If the instance is unhealthy, it
 * stays as it is in PM2, and the reason is reported. A seamless one keeps its old process until the new one is healthy.
 */
export const restarting = (services: PortServices & NodeFitServices): AnyOperation =>
  implement(restartJob, {
    plan: ({ name }) => planRestart(services, name),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'restart-process': {
        do: ({ plan, signal, report }) => renewProcess(services, plan.target, { signal, report }),
        verify: () => Promise.resolve(false), // old and new process look the same, so it is restarted again
      },
      'verify-health': verifyHealth(services),
    },
  })

/** @throws Problem `instance-unknown`, `node-changed`, `port-in-use`: a stopped instance may have lost its port */
async function planRestart(services: PortServices & NodeFitServices, name: string): Promise<StopPlan> {
  const { target, config } = await findOwn(services, name)
  await requireNodeFits(services, config, target.cwd)
  const others = await othersOnPort(services, target)
  if (others.length) throw portInUse(target.port, others.map(describeHolder).join(', '))
  return { target }
}
