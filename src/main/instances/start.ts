/** Starts an instance; on the operator's word, stops the one that runs on its port first. */
import { z } from 'zod'
import { nameSchema, type PortCheck } from '../../shared/instance'
import type { Operation, Step } from '../operations/operation'
import { describeHolder } from './create/plan'
import { portInUse, startAgain, startProcess, stopTarget, verifyHealth } from './lifecycle/process-steps'
import { findInstance, isOnline, type LifecycleServices, type Target } from './lifecycle/target'

export interface StartServices extends LifecycleServices {
  readonly ports: { check(port: number): Promise<PortCheck> }
  /** Instances that open operations are about to start, with the port they will have. */
  readonly starting: () => readonly { readonly name: string; readonly port: number }[]
}

export const startInputSchema = z.object({
  name: nameSchema,
  /** Stop the running instance that has the port, and start this one instead. */
  stopOther: z.boolean().default(false),
})
export type StartInput = z.infer<typeof startInputSchema>

export type StartPlan = { readonly target: Target; readonly stopFirst: readonly Target[] }

export const startInstance = (to: StartServices): Operation<StartInput, StartPlan> => ({
  kind: 'start', version: 1, recovery: 'resume',
  subject: ({ name }) => name.toLowerCase(),
  plan: input => planStart(to, input),
  steps: [stopOthers(to), startProcess(to), verifyHealth(to)],
})

/** @throws Problem `instance-unknown`, `instance-running`, `port-in-use` (scenario 3 of the guide: which instance runs there, so that the screen can ask) */
async function planStart(to: StartServices, { name, stopOther }: StartInput): Promise<StartPlan> {
  const { target } = await findInstance(to, name)
  const { holders } = await to.ports.check(target.port)
  const others = holders.filter(it => it.type === 'instance' && it.running && it.name !== name)
  const foreign = holders.filter(it => it.type === 'process')
  if (foreign.length && !await isOnline(to, target)) throw portInUse(target.port, foreign.map(describeHolder).join(', '))
  const soon = to.starting().find(it => it.port === target.port && it.name !== name)
  if (soon) throw portInUse(target.port, `"${soon.name}" is being started on it`)
  if (others.length && !stopOther) throw portInUse(target.port, others.map(describeHolder).join(', '), 'stop-other')
  const stopFirst = await Promise.all(others.map(async it => (await findInstance(to, it.type === 'instance' ? it.name : '')).target))
  return { target, stopFirst }
}

/** Undone, the others run again: who asked for a switch and did not get it has lost nothing. */
const stopOthers = (to: LifecycleServices): Step<StartPlan> => ({
  name: 'stop-others',
  do: async ({ plan: { stopFirst } }) => { for (const other of stopFirst) await stopTarget(to, other) },
  verify: async ({ plan: { stopFirst } }) => !(await Promise.all(stopFirst.map(it => isOnline(to, it)))).includes(true),
  undo: async context => { for (const other of context.plan.stopFirst) await startAgain(to, other, context) },
})
