/**
 * Gives an instance a system user of its own, so that a compromised application reads no other instance's secrets and
 * none of ours;
 * and the reverse. Both restart an instance that runs, and end as they began if it is not healthy afterwards.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { nameSchema, ownersSchema } from '../../../shared/instance'
import { problem } from '../../../shared/problem'
import type { Claim } from '../../../shared/operation'
import { things } from '../../../shared/things'
import { owns, uses } from '../../operations/claims'
import type { Operation, Step } from '../../operations/operation'
import { exists } from '../../system/files'
import { endProcessesOf } from '../../system/users'
import type { Run } from '../../system/run'
import { targetContradiction } from '../lifecycle/derived'
import { startAgain, startTarget, stopTarget, waitForTarget } from '../lifecycle/process-steps'
import { findOwn, isRunning, targetSchema, type LifecycleServices } from '../lifecycle/target'
import { ensureSystemUser, findSystemUser, removeSystemUser, requireSystemUser } from './identity'
import { handBack, handOver } from './hand-over'
import { placesOf, readOwners } from './ownership'
import { requireReach } from './reach'

export interface IsolateServices extends LifecycleServices {
  readonly run: Run
}

export const isolateInputSchema = z.object({ name: nameSchema })
type Input = z.infer<typeof isolateInputSchema>

/** `before`: who owned its files before it had a user. */
const isolatePlanSchema = z.strictObject({ target: targetSchema, ran: z.boolean(), before: ownersSchema })
export type IsolatePlan = Readonly<z.infer<typeof isolatePlanSchema>>
type IsolateStep = Step<IsolatePlan>

export const isolateInstance = (to: IsolateServices): Operation<Input, IsolatePlan> => ({
  kind: 'isolate',
  version: 2,
  recovery: 'resume',
  planSchema: isolatePlanSchema,
  about: ({ name }) => things.instance(name),
  claims: isolateClaims,
  adopt: (version, plan) => (version === 1 ? (plan as IsolatePlan) : undefined), // it may have a step more
  contradiction: ({ target }, subject) => targetContradiction(to, subject, target),
  plan: input => planIsolation(to, input),
  steps: ({ ran }) => [stopProcess(to), createUser(to), giveFiles(to), ...(ran ? [startProcess(to)] : [])],
})

/** Past its pivot the user is deleted; until then the instance is its user's. */
export const unisolateInstance = (to: IsolateServices): Operation<Input, IsolatePlan> => ({
  kind: 'unisolate',
  version: 2,
  recovery: 'resume',
  pivot: 'remove-user',
  planSchema: isolatePlanSchema,
  about: ({ name }) => things.instance(name),
  claims: isolateClaims,
  adopt: (version, plan) => (version === 1 ? (plan as IsolatePlan) : undefined), // it may have a step more
  contradiction: ({ target }, subject) => targetContradiction(to, subject, target),
  plan: input => planReturn(to, input),
  steps: ({ ran }) => [stopProcess(to), takeFiles(to), ...(ran ? [startProcess(to)] : []), removeUser(to)],
})

const isolateClaims = ({ target, ran }: IsolatePlan): Claim[] => [
  owns(things.instance(target.name)),
  ...(ran ? [owns(things.port(target.port)), uses(things.infrastructure)] : []),
]

/** @throws Problem `isolated-already`, `system-user-foreign`, `isolation-link`, and those of `requireReach` */
async function planIsolation(to: IsolateServices, { name }: Input): Promise<IsolatePlan> {
  const { target, config, paths, manifest } = await findOwn(to, name)
  await requireReach(to.paths, paths.folder)
  const user = await findSystemUser(to.paths, name)
  if (config.systemUser && user) {
    throw problem({
      code: 'isolated-already',
      message: `"${name}" already runs as a system user of its own, ${user.name}.`,
    })
  }
  const owners = await readOwners(placesOf(paths, manifest))
  // Where its user is gone, the files are nobody's now: what was recorded then still holds.
  return { target, ran: await isRunning(to, target), before: config.systemUser?.before ?? owners }
}

/** @throws Problem `not-isolated` */
async function planReturn(to: IsolateServices, { name }: Input): Promise<IsolatePlan> {
  const { target, config } = await findOwn(to, name)
  if (!config.systemUser) throw problem({ code: 'not-isolated', message: `"${name}" has no system user of its own.` })
  await requireSystemUser(to.paths, name)
  return { target, ran: await isRunning(to, target), before: config.systemUser.before }
}

/** Until its files are another's, nothing of it may run, and PM2 must not start it by itself or by hand as before. */
const stopProcess = (to: IsolateServices): IsolateStep => ({
  name: 'stop-process',
  async do({ plan: { target, ran } }) {
    if (ran) await stopTarget(to, target)
    await to.processes.unlist(target)
    await to.processes.save()
    const user = await findSystemUser(to.paths, target.name)
    if (user) await endProcessesOf(to.run, user)
  },
  verify: () => Promise.resolve(false), // to stop again what is stopped costs nothing
  undo: async context => {
    if (context.plan.ran) await startAgain(to, context.plan.target, context)
  },
})

const createUser = (to: IsolateServices): IsolateStep => ({
  name: 'create-user',
  do: ({ plan: { target } }) => ensureSystemUser(to.run, to.paths, target.name),
  verify: () => Promise.resolve(false), // it looks first itself
  undo: ({ plan: { target } }) => removeSystemUser(to.run, to.paths, target.name),
})

const giveFiles = (to: IsolateServices): IsolateStep => ({
  name: 'give-files',
  do: ({ plan: { target, before }, signal }) => handOver(to, target.name, before, signal),
  verify: () => Promise.resolve(false), // to look at each file takes as long as to give it
  undo: ({ plan: { target, before }, signal }) => handBack(to, target.name, before, signal),
})

const takeFiles = (to: IsolateServices): IsolateStep => ({
  name: 'take-files',
  do: ({ plan: { target, before }, signal }) => handBack(to, target.name, before, signal),
  verify: () => Promise.resolve(false), // as above
  /** What was removed by hand meanwhile has no files to be given again. */
  undo: async ({ plan: { target, before }, signal }) => {
    if (await exists(join(to.paths.instances, target.name, 'config.json')))
      await handOver(to, target.name, before, signal)
  },
})

const startProcess = (to: IsolateServices): IsolateStep => ({
  name: 'start-process',
  async do({ plan: { target }, signal, report }) {
    await startTarget(to, target, { signal, report })
    await waitForTarget(to, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // a look is cheap and always due
  undo: ({ plan: { target } }) => stopTarget(to, target),
})

const removeUser = (to: IsolateServices): IsolateStep => ({
  name: 'remove-user',
  do: ({ plan: { target } }) => removeSystemUser(to.run, to.paths, target.name),
  verify: async ({ plan: { target } }) => (await findSystemUser(to.paths, target.name)) === undefined,
})
