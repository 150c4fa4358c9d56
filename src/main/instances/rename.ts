/**
 * Renames an instance: its folder, its process in PM2, its database and role, its logs. If it was running, it is
 * stopped for that and must be healthy afterwards; otherwise it gets its old name back (docs/decisions/0048).
 */
import type { z } from 'zod'
import { databaseConfigSchema, databaseNames, type InstanceConfig } from '../../shared/instance'
import { renameJob, type RenamePlan } from '../../shared/jobs/rename'
import type { Target } from '../../shared/jobs/target'
import { problem } from '../../shared/problem'
import type { Databases } from '../infrastructure/databases'
import type { Infrastructure } from '../infrastructure/infrastructure'
import { driverContext } from '../infrastructure/start'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { readJson } from '../system/files'
import type { Run } from '../system/run'
import { readManifest } from '../workspace/base'
import { readInstanceConfig } from '../workspace/instance-config'
import { instancePaths } from '../workspace/paths'
import { requireFreeName, requireInfrastructure, requireNoDatabase } from './create/plan'
import { difference, targetContradiction, targetOf } from './lifecycle/derived'
import { startAgain, startTarget, waitForTarget } from './lifecycle/process-steps'
import { findOwn, isRunning, type LifecycleServices } from './lifecycle/target'
import { requireOwnDatabase } from './own-database'
import { renameFiles, restoreFiles, type Named } from './rename-files'

export interface RenameServices extends LifecycleServices {
  readonly run: Run
  readonly databases: Databases
  readonly infrastructure: Pick<Infrastructure, 'status' | 'resizePools' | 'wanted'>
}

type RenameStep = StepActions<RenamePlan>

export const renaming = (services: RenameServices): AnyOperation =>
  implement(renameJob, {
    plan: input => planRename(services, input),
    contradiction: async ({ before, target }, subject) =>
      difference({ port: target.port }, { port: before.port }) ??
      (await targetContradiction(services, subject, before, target)),
    ready: async () => {
      await requireInfrastructure(services, 'Start the infrastructure, then retry.')
    },
    steps: {
      'stop-process': stopProcess(services),
      'rename-database': {
        do: ({ plan: { before, target } }) =>
          services.databases.rename(databaseNames(before.name), databaseNames(target.name)),
        verify: () => Promise.resolve(false), // it finds out for itself
        undo: ({ plan: { before, target } }) =>
          services.databases.unrename(databaseNames(before.name), databaseNames(target.name)),
      },
      'rename-files': renameStep(services),
      'rename-logs': {
        do: ({ plan: { before, target } }) => services.processes.renameLogs(before.name, target.name),
        verify: () => Promise.resolve(false), // as above
        undo: ({ plan: { before, target } }) => services.processes.renameLogs(target.name, before.name),
      },
      'start-process': startProcess(services),
    },
  })

/**
 * @throws Problems `name-same`, `rename-isolated`, `logs-exist`, `infrastructure-stopped`; `database-in-use` and
 * `password-md5`; and those of a creation about the name, and of a deletion about the database
 */
export async function planRename(
  services: RenameServices,
  { name, to }: z.output<typeof renameJob.input>,
): Promise<RenamePlan> {
  const { target: before, config, paths, manifest } = await findOwn(services, name)
  requireOther(config, to)
  await requireOwnDatabase(services, config)
  await readJson(paths.databaseConfig, databaseConfigSchema) // a corrupt file is refused before anything is changed
  const [names, others] = [databaseNames(name), databaseNames(to)]
  const isSame = names.database === others.database // they differ only by case
  const configs = async () => {
    const found = await services.configs(manifest)
    return { ...found, taken: found.taken.filter(it => !isSame || it !== name) }
  }
  await requireFreeName({ configs, processes: services.processes }, to, manifest)
  await requireNoLogs(services, to)
  await requireInfrastructure(services, 'Start the infrastructure, then rename it again.')
  if (!isSame) await requireNoDatabase(services, others)
  await services.databases.requireRenamable(names)
  return {
    before,
    target: targetOf(services.paths, manifest, to, before.port),
    ran: await isRunning(services, before),
    wanted: (await services.desired.names()).includes(name),
  }
}

function requireOther({ name, systemUser }: InstanceConfig, to: string): void {
  if (to === name)
    throw problem({ code: 'name-same', field: 'to', message: `The instance is already called “${name}”.` })
  if (systemUser)
    throw problem({
      code: 'rename-isolated',
      message: `“${name}” has its own system user, which is named after it.`,
      hint: 'End its isolation, rename it, then isolate it again.',
    })
}

/** @throws Problem `logs-exist`: they would be taken for this instance's */
async function requireNoLogs({ processes }: RenameServices, name: string): Promise<void> {
  const [found] = await processes.keptLogs(name)
  if (found === undefined) return
  throw problem({
    code: 'logs-exist',
    field: 'to',
    message: `PM2’s folder still has logs of another “${name}”.`,
    cause: `E.g. ${found}`,
    hint: 'Remove or rename them, or choose another name.',
  })
}

/** *Stopped* in PM2's list under the old name would keep that name from being used again. */
const stopProcess = ({ ownership, processes, desired, ...services }: RenameServices): RenameStep => ({
  async do({ plan: { before } }) {
    await ownership.requireFolder(before.name)
    await processes.unlist(before)
    await processes.dump.save()
    await desired.remove(before.name)
  },
  verify: () => Promise.resolve(false), // stopping it again costs nothing
  async undo(context) {
    const { before, ran, wanted } = context.plan
    if (ran) await startAgain({ ownership, processes, desired, ...services }, before, context)
    else if (wanted) await desired.add(before.name)
  },
})

const renameStep = (services: RenameServices): RenameStep => {
  const named = async ({ name }: Target): Promise<Named> => ({
    name,
    paths: instancePaths(services.paths, await readManifest(services.paths.root), name),
  })
  /** Whatever else has the name, or follows from it. */
  const record = async (from: Target, to: Target, context: Context<RenamePlan>): Promise<void> => {
    const { wanted } = services.infrastructure
    // where nothing is recorded, a change would record that no service is wanted
    if ((await wanted.read())?.instances.includes(from.name))
      await wanted.change(({ instances }) => ({ instances: instances.map(it => (it === from.name ? to.name : it)) }))
    const config = await readInstanceConfig((await named(to)).paths.config)
    if (config?.limits?.pool !== undefined) await services.infrastructure.resizePools(driverContext(context))
  }
  return {
    async do(context) {
      const { before, target, ran, wanted } = context.plan
      await services.ownership.requireFolder(before.name)
      await renameFiles(services.run, await named(before), await named(target))
      await record(before, target, context)
      if (wanted && !ran) await services.desired.add(target.name)
    },
    verify: () => Promise.resolve(false), // it finds out for itself
    async undo(context) {
      const { before, target } = context.plan
      await services.desired.remove(target.name)
      await restoreFiles(services.run, await named(before), await named(target))
      await record(target, before, context)
    },
  }
}

const startProcess = (services: RenameServices): RenameStep => ({
  async do({ plan: { target }, signal, report }) {
    await startTarget(services, target, { signal, report })
    await waitForTarget(services, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // checking again is cheap
  async undo({ plan: { target } }) {
    await services.processes.unlist(target)
    await services.processes.dump.save()
    await services.desired.remove(target.name)
  },
})
