/** Starts an instance; on the operator's word, stops the one that runs on its port first. */
import { z } from 'zod'
import { nameSchema } from '../../shared/instance'
import { problem } from '../../shared/problem'
import { things } from '../../shared/things'
import { owns, uses } from '../operations/claims'
import type { Operation, Step } from '../operations/operation'
import { describeHolder } from './ports'
import { targetContradiction } from './lifecycle/derived'
import { othersOnPort, portInUse } from './lifecycle/port'
import { startAgain, startProcess, startedPlanSchema, stopTarget, verifyHealth } from './lifecycle/process-steps'
import { findOwn, isOnline, targetSchema, type LifecycleServices, type PortServices } from './lifecycle/target'

export const startInputSchema = z.object({
  name: nameSchema,
  /** Stop the running instance that has the port, and start this one instead. */
  stopOther: z.boolean().default(false),
})
export type StartInput = z.infer<typeof startInputSchema>

const startPlanSchema = startedPlanSchema.extend({ stopFirst: z.array(targetSchema) })
export type StartPlan = Readonly<z.infer<typeof startPlanSchema>>

export const startInstance = (to: PortServices): Operation<StartInput, StartPlan> => ({
  kind: 'start',
  version: 2,
  recovery: 'resume',
  planSchema: startPlanSchema,
  about: ({ name }) => things.instance(name),
  claims: ({ target, stopFirst }) =>
    [...[target, ...stopFirst].map(it => things.instance(it.name)), things.port(target.port)]
      .map(owns)
      .concat(uses(things.infrastructure)),
  adopt: (version, plan) => (version === 1 ? (plan as StartPlan) : undefined), // it may have a step more
  contradiction: ({ target, stopFirst }, subject) => targetContradiction(to, subject, target, ...stopFirst),
  plan: input => planStart(to, input),
  steps: ({ stopFirst }) => [...(stopFirst.length ? [stopOthers(to)] : []), startProcess(to), verifyHealth(to)],
})

/**
 * @throws Problem `instance-unknown`, `instance-running`, `port-in-use` (scenario 3 of the guide: which instance runs
 * there, so that the screen can ask)
 */
async function planStart(to: PortServices, { name, stopOther }: StartInput): Promise<StartPlan> {
  const { target } = await findOwn(to, name)
  if (await isOnline(to, target))
    throw problem({
      code: 'instance-running',
      message: `"${name}" runs already.`,
      hint: 'Restart it to have its .env read anew.',
    })
  const others = await othersOnPort(to, target)
  const names = others.map(describeHolder).join(', ')
  if (others.length && !stopOther) throw portInUse(target.port, names, 'stop-other')
  const stopFirst = await Promise.all(others.map(async it => (await findOwn(to, it.name)).target))
  return { target, stopFirst, wanted: (await to.desired.names()).includes(name) }
}

/** Undone, the others run again: who asked for a switch and did not get it has lost nothing. */
const stopOthers = (to: LifecycleServices): Step<StartPlan> => ({
  name: 'stop-others',
  do: async ({ plan: { stopFirst } }) => {
    for (const other of stopFirst) await stopTarget(to, other)
  },
  verify: () => Promise.resolve(false), // to stop again what is stopped costs nothing
  undo: async context => {
    for (const other of context.plan.stopFirst) await startAgain(to, other, context)
  },
})
