/**
 * Gives an instance its own system user, so that a compromised application can read neither other instances' secrets
 * nor ours; and the reverse. Both restart a running instance, and roll back if it isn't healthy afterwards.
 */
import { join } from 'node:path'
import type { z } from 'zod'
import { isolateJob, unisolateJob, type IsolatePlan } from '../../../shared/jobs/isolation'
import { problem } from '../../../shared/problem'
import { implement, unchangedSince, type StepActions } from '../../operations/implement'
import type { AnyOperation } from '../../operations/operation'
import { exists } from '../../system/files'
import { endProcessesOf } from '../../system/users'
import type { Run } from '../../system/run'
import { targetContradiction } from '../lifecycle/derived'
import { startAgain, startTarget, stopTarget, waitForTarget } from '../lifecycle/process-steps'
import { findOwn, isRunning, type LifecycleServices } from '../lifecycle/target'
import { ensureSystemUser, findSystemUser, removeSystemUser, requireSystemUser } from './identity'
import { handBack, handOver } from './hand-over'
import { placesOf, readOwners } from './ownership'
import { requireReach } from './reach'

export interface IsolateServices extends LifecycleServices {
  readonly run: Run
}

type Named = z.output<typeof isolateJob.input>
type IsolateStep = StepActions<IsolatePlan>

export const isolation = (services: IsolateServices): AnyOperation =>
  implement(isolateJob, {
    plan: input => planIsolation(services, input),
    adopt: unchangedSince(1),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'stop-process': stopProcess(services),
      'create-user': createUser(services),
      'give-files': giveFiles(services),
      'start-process': startProcess(services),
    },
  })

export const endOfIsolation = (services: IsolateServices): AnyOperation =>
  implement(unisolateJob, {
    plan: input => planReturn(services, input),
    adopt: unchangedSince(1),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'stop-process': stopProcess(services),
      'take-files': takeFiles(services),
      'start-process': startProcess(services),
      'remove-user': removeUser(services),
    },
  })

/** @throws Problem `isolated-already`, `seamless-isolated`, `system-user-foreign`, `isolation-link`, and those of `requireReach` */
async function planIsolation(services: IsolateServices, { name }: Named): Promise<IsolatePlan> {
  const { target, config, paths, manifest } = await findOwn(services, name)
  if (config.seamless)
    throw problem({
      code: 'seamless-isolated',
      message: `Rebuilds of “${name}” are seamless, so it can’t have its own system user.`,
      cause: 'PM2 trusts the application with a connection to its daemon.',
      hint: `End seamless rebuilds first: instance-manager unseamless ${name}`,
    })
  await requireReach(services.paths, paths.folder)
  const user = await findSystemUser(services.paths, name)
  if (config.systemUser && user) {
    throw problem({
      code: 'isolated-already',
      message: `“${name}” already runs as its own system user, ${user.name}.`,
    })
  }
  const owners = await readOwners(placesOf(paths, manifest))
  // If its user is gone, the files belong to nobody now: what was recorded then still holds.
  return { target, ran: await isRunning(services, target), before: config.systemUser?.before ?? owners }
}

/** @throws Problem `not-isolated` */
async function planReturn(services: IsolateServices, { name }: Named): Promise<IsolatePlan> {
  const { target, config } = await findOwn(services, name)
  if (!config.systemUser)
    throw problem({ code: 'not-isolated', message: `“${name}” doesn’t have its own system user.` })
  await requireSystemUser(services.paths, name)
  return { target, ran: await isRunning(services, target), before: config.systemUser.before }
}

/** Until its files have changed hands, none of it may run: PM2 must not start it as before, not even by hand. */
const stopProcess = (services: IsolateServices): IsolateStep => ({
  async do({ plan: { target, ran } }) {
    if (ran) await stopTarget(services, target)
    await services.processes.unlist(target)
    await services.processes.dump.save()
    const user = await findSystemUser(services.paths, target.name)
    if (user) await endProcessesOf(services.run, user)
  },
  verify: () => Promise.resolve(false), // stopping it again costs nothing
  undo: async context => {
    if (context.plan.ran) await startAgain(services, context.plan.target, context)
  },
})

const createUser = (services: IsolateServices): IsolateStep => ({
  do: ({ plan: { target } }) => ensureSystemUser(services.run, services.paths, target.name),
  verify: () => Promise.resolve(false), // it checks for itself
  undo: ({ plan: { target } }) => removeSystemUser(services.run, services.paths, target.name),
})

const giveFiles = (services: IsolateServices): IsolateStep => ({
  do: ({ plan: { target, before }, signal }) => handOver(services, target.name, before, signal),
  verify: () => Promise.resolve(false), // checking each file takes as long as giving it
  undo: ({ plan: { target, before }, signal }) => handBack(services, target.name, before, signal),
})

const takeFiles = (services: IsolateServices): IsolateStep => ({
  do: ({ plan: { target, before }, signal }) => handBack(services, target.name, before, signal),
  verify: () => Promise.resolve(false), // as above
  /** If the folder was removed by hand meanwhile, there are no files to give. */
  undo: async ({ plan: { target, before }, signal }) => {
    if (await exists(join(services.paths.instances, target.name, 'config.json')))
      await handOver(services, target.name, before, signal)
  },
})

const startProcess = (services: IsolateServices): IsolateStep => ({
  async do({ plan: { target }, signal, report }) {
    await startTarget(services, target, { signal, report })
    await waitForTarget(services, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // checking again is cheap
  undo: ({ plan: { target } }) => stopTarget(services, target),
})

const removeUser = (services: IsolateServices): IsolateStep => ({
  do: ({ plan: { target } }) => removeSystemUser(services.run, services.paths, target.name),
  verify: async ({ plan: { target } }) => (await findSystemUser(services.paths, target.name)) === undefined,
})
