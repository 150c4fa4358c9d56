/** Starts an instance. If the operator agreed, first stops the one that is running on its port. */
import type { z } from 'zod'
import { startJob, type StartPlan } from '../../shared/jobs/lifecycle'
import { problem } from '../../shared/problem'
import { implement, unchangedSince, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { overbooked } from './limits'
import { describeHolder } from './ports'
import { targetContradiction } from './lifecycle/derived'
import { othersOnPort, portInUse } from './lifecycle/port'
import { requireNodeFits, type NodeFitServices } from './lifecycle/node-fit'
import { startAgain, startProcess, stopTarget, verifyHealth } from './lifecycle/process-steps'
import { findOwn, isOnline, type LifecycleServices, type PortServices } from './lifecycle/target'

type StartServices = PortServices & NodeFitServices & Parameters<typeof overbooked>[0]

export const starting = (services: StartServices): AnyOperation =>
  implement(startJob, {
    plan: input => planStart(services, input),
    adopt: unchangedSince(1),
    contradiction: ({ target, stopFirst }, subject) => targetContradiction(services, subject, target, ...stopFirst),
    steps: {
      'stop-others': stopOthers(services),
      'start-process': startAndWarn(services),
      'verify-health': verifyHealth(services),
    },
  })

/**
 * @throws Problem `instance-unknown`, `instance-running` (or `pool-refuses`, if that doesn't help), `node-changed`, `port-in-use` (scenario 3 of the guide: it names the instance
 * on the port, so that the screen can ask)
 */
async function planStart(
  services: PortServices & NodeFitServices,
  { name, stopOther }: z.output<typeof startJob.input>,
): Promise<StartPlan> {
  const { target, config } = await findOwn(services, name)
  if (await isOnline(services, target))
    throw problem(
      (await services.pools.refusal(target)) ?? {
        code: 'instance-running',
        message: `“${name}” is already running.`,
        hint: 'To make it reread its .env, restart it.',
      },
    )
  await requireNodeFits(services, config, target.cwd)
  const others = await othersOnPort(services, target)
  const names = others.map(describeHolder).join(', ')
  if (others.length && !stopOther) throw portInUse(target.port, names, name)
  const stopFirst = await Promise.all(others.map(async it => (await findOwn(services, it.name)).target))
  return { target, stopFirst, wanted: (await services.desired.names()).includes(name) }
}

/** It starts all the same: instances seldom need all their connections at once. */
function startAndWarn(services: StartServices): StepActions<StartPlan> {
  const actions = startProcess(services)
  return {
    ...actions,
    async do(context) {
      await actions.do(context)
      const warning = await overbooked(services, context.plan.target.name).catch(() => undefined)
      if (warning !== undefined) context.note(warning)
    },
  }
}

/** Undo restarts the instances we stopped, so a failed switch loses nothing. */
const stopOthers = (services: LifecycleServices): StepActions<StartPlan> => ({
  do: async ({ plan: { stopFirst } }) => {
    for (const other of stopFirst) await stopTarget(services, other)
  },
  verify: () => Promise.resolve(false), // stopping them again costs nothing
  undo: async context => {
    for (const other of context.plan.stopFirst) await startAgain(services, other, context)
  },
})
