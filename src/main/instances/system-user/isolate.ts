/**
 * Gives an instance a system user of its own, so that a compromised application reads no other instance's secrets and none of ours;
 * and the reverse. Both restart an instance that runs, and end as they began if it is not healthy afterwards.
 */
import { z } from 'zod'
import { instanceConfigSchema, nameSchema, ownersSchema, type InstanceConfig } from '../../../shared/instance'
import { problem } from '../../../shared/problem'
import type { Context, Operation, Step } from '../../operations/operation'
import { readJson, writeJson } from '../../system/files'
import { endProcessesOf } from '../../system/users'
import type { Run } from '../../system/run'
import { readManifest } from '../../workspace/base'
import { instancePaths } from '../../workspace/paths'
import { waitForHealth } from '../health'
import { startAgain, startTarget, stopTarget } from '../lifecycle/process-steps'
import { findInstance, isRunning, targetSchema, type LifecycleServices } from '../lifecycle/target'
import { ensureSystemUser, findSystemUser, removeSystemUser, requireSystemUser } from './identity'
import { giveTo, placesOf, readOwners, takeBack, type Places } from './ownership'
import { requireReach } from './reach'

export interface IsolateServices extends LifecycleServices { readonly run: Run }

export const isolateInputSchema = z.object({ name: nameSchema })
type Input = z.infer<typeof isolateInputSchema>

/** `before`: who owned its files before it had a user. */
const isolatePlanSchema = z.object({ target: targetSchema, ran: z.boolean(), before: ownersSchema })
export type IsolatePlan = Readonly<z.infer<typeof isolatePlanSchema>>
type IsolateStep = Step<IsolatePlan>

export const isolateInstance = (to: IsolateServices): Operation<Input, IsolatePlan> => ({
  kind: 'isolate', version: 1, recovery: 'resume', planSchema: isolatePlanSchema,
  subject: ({ name }) => name.toLowerCase(),
  plan: input => planIsolation(to, input),
  steps: [stopProcess(to), createUser(to), giveFiles(to), startProcess(to)],
})

/** Past its pivot the user is deleted; until then the instance is its user's. */
export const unisolateInstance = (to: IsolateServices): Operation<Input, IsolatePlan> => ({
  kind: 'unisolate', version: 1, recovery: 'resume', pivot: 'remove-user', planSchema: isolatePlanSchema,
  subject: ({ name }) => name.toLowerCase(),
  plan: input => planReturn(to, input),
  steps: [stopProcess(to), takeFiles(to), startProcess(to), removeUser(to)],
})

/** @throws Problem `isolated-already`, `system-user-foreign`, `isolation-link`, and those of `requireReach` */
async function planIsolation(to: IsolateServices, { name }: Input): Promise<IsolatePlan> {
  const { target, config, paths, manifest } = await findInstance(to, name)
  await requireReach(paths.folder)
  const user = await findSystemUser(to.paths, name)
  if (config.systemUser && user) {
    throw problem({ code: 'isolated-already', message: `"${name}" already runs as a system user of its own, ${user.name}.` })
  }
  const owners = await readOwners(placesOf(paths, manifest))
  // Where its user is gone, the files are nobody's now: what was recorded then still holds.
  return { target, ran: await isRunning(to, target), before: config.systemUser?.before ?? owners }
}

/** @throws Problem `not-isolated` */
async function planReturn(to: IsolateServices, { name }: Input): Promise<IsolatePlan> {
  const { target, config } = await findInstance(to, name)
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
    if (user) await endProcessesOf(user.uid)
  },
  verify: () => Promise.resolve(false), // to stop again what is stopped costs nothing
  undo: async context => { if (context.plan.ran) await startAgain(to, context.plan.target, context) },
})

const createUser = (to: IsolateServices): IsolateStep => ({
  name: 'create-user',
  do: async ({ plan: { target } }) => ensureSystemUser(to.run, to.paths, target.name, (await placesFor(to, target.name)).folder),
  verify: () => Promise.resolve(false), // it looks first itself
  undo: ({ plan: { target } }) => removeSystemUser(to.run, to.paths, target.name),
})

const give = async (to: IsolateServices, { plan: { target, before }, signal }: Context<IsolatePlan>): Promise<void> => {
  const user = await requireSystemUser(to.paths, target.name)
  await writeConfig(to, target.name, config => ({ ...config, systemUser: { before } })) // first: from here on it is never started as us
  await giveTo(to.run, user, await placesFor(to, target.name), signal)
}

const take = async (to: IsolateServices, { plan: { target, before }, signal }: Context<IsolatePlan>): Promise<void> => {
  const user = await findSystemUser(to.paths, target.name)
  if (user) {
    await endProcessesOf(user.uid) // nobody exchanges a folder for a link while its owner changes
    await takeBack(to.run, user, await placesFor(to, target.name), before, signal)
  }
  await writeConfig(to, target.name, config => ({ ...config, systemUser: undefined }))
}

const giveFiles = (to: IsolateServices): IsolateStep => ({
  name: 'give-files',
  do: context => give(to, context),
  verify: () => Promise.resolve(false), // to look at each file takes as long as to give it
  undo: context => take(to, context),
})

const takeFiles = (to: IsolateServices): IsolateStep => ({
  name: 'take-files',
  do: context => take(to, context),
  verify: () => Promise.resolve(false), // as above
  undo: context => give(to, context),
})

const startProcess = (to: IsolateServices): IsolateStep => ({
  name: 'start-process',
  async do({ plan: { target, ran }, signal, report }) {
    if (!ran) return
    await startTarget(to, target, signal)
    await waitForHealth(to, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // a look is cheap and always due
  undo: async ({ plan: { target, ran } }) => { if (ran) await stopTarget(to, target) },
})

const removeUser = (to: IsolateServices): IsolateStep => ({
  name: 'remove-user',
  do: ({ plan: { target } }) => removeSystemUser(to.run, to.paths, target.name),
  verify: async ({ plan: { target } }) => await findSystemUser(to.paths, target.name) === undefined,
})

async function placesFor(to: Pick<IsolateServices, 'paths'>, name: string): Promise<Places> {
  const manifest = await readManifest(to.paths.root)
  return placesOf(instancePaths(to.paths, manifest, name), manifest)
}

async function writeConfig(to: IsolateServices, name: string, how: (config: InstanceConfig) => InstanceConfig): Promise<void> {
  const { config: path } = instancePaths(to.paths, await readManifest(to.paths.root), name)
  const config = await readJson(path, instanceConfigSchema)
  if (!config) throw problem({ code: 'config-missing', message: `${path} is gone.`, hint: 'Restore it, then retry.' })
  await writeJson(path, how(config))
}
