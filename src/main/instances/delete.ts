/**
 * Deletes an instance and everything that belongs to it. It can be rolled back until the first destructive step; from
 * then on it is always finished, even after a crash.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { z } from 'zod'
import { databaseNames } from '../../shared/instance'
import { deleteJob, deleteManyJob, type DeletePlan } from '../../shared/jobs/delete'
import { problem } from '../../shared/problem'
import type { Databases } from '../infrastructure/databases'
import type { Infrastructure } from '../infrastructure/infrastructure'
import { driverContext } from '../infrastructure/start'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { existsItself } from '../system/files'
import { isRoot } from '../system/users'
import type { Run } from '../system/run'
import { readInstanceConfig } from '../workspace/instance-config'
import { batch } from './batch'
import { difference, targetContradiction } from './lifecycle/derived'
import { startAgain, stopTarget } from './lifecycle/process-steps'
import { findOwn, isRunning, type LifecycleServices } from './lifecycle/target'
import type { ManyServices } from './many'
import { linkedFolder } from './folder-owner'
import { requireOwnDatabase } from './own-database'
import { removeSystemUser } from './system-user/identity'
import type { Trash } from './trash'

export interface DeleteServices extends LifecycleServices {
  readonly databases: Databases
  readonly infrastructure: Pick<Infrastructure, 'status' | 'resizePools'>
  readonly trash: Trash
  readonly run: Run
}

type DeleteStep = StepActions<DeletePlan>

export const deletion = (services: DeleteServices): AnyOperation =>
  implement(deleteJob, {
    plan: input => planDelete(services, input),
    contradiction: (plan, subject) => deleteContradiction(services, plan, subject),
    steps: {
      'stop-process': stopProcess(services),
      'set-aside': setAside(services),
      'drop-database': dropDatabase(services),
      'remove-process': removeProcess(services),
    },
  })

/** Deletes several instances. */
export const deletions = (
  services: Pick<DeleteServices, 'infrastructure'> & Pick<ManyServices, 'operations'>,
): AnyOperation =>
  batch(services.operations, deleteManyJob, {
    of: deleteJob.kind,
    async items({ names, confirm }) {
      await requirePostgres(services)
      return names.map(name => ({ name, confirm }))
    },
    rest: () => ({}),
  })

/** What in a plan doesn't follow from the instance's name. */
export async function deleteContradiction(
  services: Pick<DeleteServices, 'paths'>,
  { target, folder, database, role }: DeletePlan,
  subject: string,
): Promise<string | undefined> {
  return (
    difference(
      { folder, database, role },
      { folder: join(services.paths.instances, target.name), ...databaseNames(target.name) },
    ) ?? targetContradiction(services, subject, target)
  )
}

/**
 * @throws Problem `instance-unknown`, `instance-foreign`, `infrastructure-stopped`, `database-shared`,
 * `database-foreign`
 */
async function planDelete(services: DeleteServices, { name }: z.output<typeof deleteJob.input>): Promise<DeletePlan> {
  const { target, paths, config } = await findOwn(services, name)
  await requireOwnDatabase(services, config)
  const names = databaseNames(name)
  await requirePostgres(services)
  await services.databases.requireOwn(names)
  return { token: randomUUID(), target, ran: await isRunning(services, target), folder: paths.folder, ...names }
}

async function requirePostgres({ infrastructure }: Pick<DeleteServices, 'infrastructure'>): Promise<void> {
  const { postgres } = await infrastructure.status()
  if (postgres.state === 'running') return
  throw problem({
    code: 'infrastructure-stopped',
    message: 'PostgreSQL must be running to delete the database too.',
    hint: 'Start the infrastructure, then delete again.',
    action: 'start-infrastructure',
  })
}

const stopProcess = (services: DeleteServices): DeleteStep => ({
  do: ({ plan }) => stopTarget(services, plan.target),
  verify: () => Promise.resolve(false), // stopping it again costs nothing
  undo: async context => {
    if (context.plan.ran) await startAgain(services, context.plan.target, context)
  },
})

const setAside = (services: DeleteServices): DeleteStep => ({
  async do({ plan }) {
    await services.ownership.requireFolder(plan.target.name)
    await services.databases.requireOwn(plan) // while there is still a way back
    const config = await readInstanceConfig(join(plan.folder, 'config.json'))
    const linked = config && (await linkedFolder(config.paths.instance, plan.folder))
    await services.trash.put(plan.folder, plan.token, linked?.owned === true)
  },
  verify: async ({ plan }) => !(await existsItself(plan.folder)),
  undo: ({ plan }) => services.trash.restore(plan.token, plan.folder),
})

const dropDatabase = (services: DeleteServices): DeleteStep => ({
  async do({ plan }) {
    await services.ownership.requireFolder(plan.target.name, services.trash.placeOf(plan.token))
    await services.databases.remove(plan)
  },
  async verify({ plan }) {
    const found = await services.databases.find(plan)
    return !found.database && !found.role
  },
})

/**
 * Removes the process from PM2's list and dump, its logs and its system user; then the files, which may take a while:
 * the instance counts as deleted once the space is free again.
 */
const removeProcess = (services: DeleteServices): DeleteStep => ({
  async do(context) {
    const { plan, report } = context
    const place = services.trash.placeOf(plan.token)
    await services.ownership.requireFolder(plan.target.name, place)
    // Otherwise a new instance of this name would get the old one's pool.
    const config = await readInstanceConfig(join(place, 'config.json'))
    if (config?.limits?.pool !== undefined) await services.infrastructure.resizePools(driverContext(context))
    await forgetInstance(services, plan, report)
  },
  verify: () => Promise.resolve(false), // logs can't be found by name alone; repeating is harmless
})

/** Finishes a deletion: process, logs, system user, and the files that were set aside. @throws Problem `files-stay` */
export async function forgetInstance(
  services: DeleteServices,
  { target, token }: DeletePlan,
  report: Context<unknown>['report'],
): Promise<void> {
  await services.processes.remove(target)
  await services.processes.dump.save()
  const { taken } = await services.configs()
  // The older tool allowed names that differ only by case: they share a user.
  const isShared = taken.some(it => it !== target.name && it.toLowerCase() === target.name.toLowerCase())
  if (isRoot() && !isShared) await removeSystemUser(services.run, services.paths, target.name)
  report({ text: 'Deleting the files' })
  await services.trash.free(token).catch((error: unknown) => {
    throw problem(
      {
        code: 'files-stay',
        message: `Some files of “${target.name}” couldn’t be deleted.`,
        cause: error instanceof Error ? error.message : undefined,
        hint: `They are in ${services.trash.placeOf(token)}. Fix the cause, then retry.`,
        action: 'retry',
      },
      error,
    )
  })
}
