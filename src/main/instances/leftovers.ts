/**
 * Half-made instances: when the older command line tool failed or was interrupted, it left behind some of these:
 * folder, database, role, process. Each is removed only if its name is derived from the instance's and nothing suggests
 * that it belongs to another; files' contents aren't trusted.
 */
import { randomUUID } from 'node:crypto'
import { readlink } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { databaseNames } from '../../shared/instance'
import type { LeftoversPreview } from '../../shared/removal'
import { leftoversJob, type LeftoversPlan } from '../../shared/jobs/delete'
import type { Target } from '../../shared/jobs/target'
import { problem, toProblem } from '../../shared/problem'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { existsItself, readJson } from '../system/files'
import { readManifest } from '../workspace/base'
import { instancePaths, type InstancePaths } from '../workspace/paths'
import { deleteContradiction, forgetInstance, type DeleteServices } from './delete'
import { filesOf, logsOf } from './details'
import { targetOf } from './lifecycle/derived'
import { startTarget } from './lifecycle/process-steps'
import { isRunning } from './lifecycle/target'
import { otherOwner } from './folder-owner'

export interface LeftoverServices extends DeleteServices {
  /** The workspace that this one was copied from, if any: a namesake there may own the database. */
  readonly copyOf: string | undefined
}

type LeftoverStep = StepActions<LeftoversPlan>

/** Like a deletion, but takes nothing for granted. */
export const leftoverRemoval = (services: LeftoverServices): AnyOperation =>
  implement(leftoversJob, {
    plan: ({ name }) => planLeftovers(services, name),
    contradiction: (plan, subject) => deleteContradiction(services, plan, subject),
    steps: {
      'stop-process': stopProcess(services),
      'set-aside': setAside(services),
      'drop-database': dropDatabase(services),
      'remove-process': {
        do: ({ plan, report }) => forgetInstance(services, plan, report),
        verify: () => Promise.resolve(false),
      },
    },
  })

/** @throws Problem `instance-whole`, `infrastructure-stopped`, `nothing-left` */
async function planLeftovers(services: LeftoverServices, name: string): Promise<LeftoversPlan> {
  const { target, paths, ran, database, hasFolder } = await look(services, name)
  if (database.state === 'unknown') {
    throw problem({
      code: 'infrastructure-stopped',
      message: 'PostgreSQL must be running to delete the database too.',
      hint: 'Start the infrastructure, then try again.',
      action: 'start-infrastructure',
    })
  }
  const keepDatabase = database.state !== 'ours'
  if (!ran && !hasFolder && keepDatabase) {
    throw problem({
      code: 'nothing-left',
      message: `There is nothing left of “${name}” to remove.`,
      cause: database.why,
    })
  }
  return { token: randomUUID(), target, ran, folder: paths.folder, ...databaseNames(name), keepDatabase }
}

/** What a removal would delete, and what it leaves untouched and why. @throws Problem `instance-whole` */
export async function previewLeftovers(
  services: LeftoverServices,
  name: string,
  signal?: AbortSignal,
): Promise<LeftoversPreview> {
  const { paths, ran, database, hasFolder } = await look(services, name)
  const names = databaseNames(name)
  const [usage, logs, link] = await Promise.all([
    services.databases.usage(names.database).catch(() => undefined),
    logsOf(services.processes, name, true),
    readlink(paths.folder).catch(() => undefined),
  ])
  return {
    name,
    running: ran,
    ...(hasFolder && {
      files: await filesOf(
        paths,
        link === undefined ? undefined : { target: resolve(paths.folder, '..', link), owned: false },
        signal,
      ),
    }),
    database: {
      name: names.database,
      role: names.role,
      state: database.state,
      ...(database.why !== undefined && { why: database.why }),
      ...usage,
    },
    logs: { count: logs.length, bytes: logs.reduce((sum, it) => sum + it.bytes, 0) },
  }
}

interface Found {
  readonly target: Target
  readonly paths: InstancePaths
  readonly ran: boolean
  readonly hasFolder: boolean
  readonly database: LeftoverDatabase
}
interface LeftoverDatabase {
  readonly state: LeftoversPreview['database']['state']
  readonly why?: string
}

async function look(services: LeftoverServices, name: string): Promise<Found> {
  const manifest = await readManifest(services.paths.root)
  if ((await services.configs(manifest)).configs.some(it => it.name === name)) {
    throw problem({
      code: 'instance-whole',
      message: `“${name}” is a complete instance.`,
      hint: 'Delete it instead. If it is a copy, adopt it or move its folder away.',
    })
  }
  const paths = instancePaths(services.paths, manifest, name)
  const target = targetOf(services.paths, manifest, name, 0) // the port doesn't matter: it isn't started
  const ran = await isRunning(services, target)
  const hasFolder = await existsItself(paths.folder)
  return { target, paths, ran, hasFolder, database: await databaseOf(services, name, paths, ran) }
}

/**
 * Whether the database and role are this instance's own. Their names are derived from its name, never read from a file.
 */
async function databaseOf(
  services: LeftoverServices,
  name: string,
  paths: InstancePaths,
  ran: boolean,
): Promise<LeftoverDatabase> {
  const names = databaseNames(name)
  if ((await services.infrastructure.status()).postgres.state !== 'running')
    return { state: 'unknown', why: 'PostgreSQL isn’t running.' }
  const found = await services.databases.find(names)
  if (!found.database && !found.role) return { state: 'none' }
  const theirs = (why: string): LeftoverDatabase => ({ state: 'theirs', why })
  const { configs, taken } = await services.configs()
  const other =
    taken.find(it => it !== name && it.toLowerCase() === name.toLowerCase()) ??
    configs.find(it => it.database.name === names.database || it.database.user === names.role)?.name
  if (other !== undefined) return theirs(`It belongs to “${other}”.`)
  const original = await originalOf(services, paths)
  if (original !== undefined) return theirs(`It may belong to ${original}, which this folder was copied from.`)
  const refused = await services.databases.requireOwn(names, { halfMade: true }).then(() => undefined, toProblem)
  if (refused) return theirs(refused.message)
  const connections = (await services.databases.usage(names.database))?.connections ?? 0
  if (connections > 0 && !ran)
    return theirs(`Something still uses it: ${connections} open connection${connections === 1 ? '' : 's'}.`)
  return { state: 'ours' }
}

const claimSchema = z.looseObject({ paths: z.looseObject({ instance: z.string() }) })

/**
 * The folder that this one was copied from, if it still exists: according to its config.json, or to the workspace's
 * origin.
 */
async function originalOf(services: LeftoverServices, { folder, config }: InstancePaths): Promise<string | undefined> {
  const claim = await readJson(config, claimSchema).catch(() => undefined)
  const other = claim && (await otherOwner(claim.paths.instance, folder))
  if (other !== undefined || services.copyOf === undefined) return other
  const there = join(services.copyOf, 'instances', basename(folder))
  return (await existsItself(there)) ? there : undefined
}

const stopProcess = (services: LeftoverServices): LeftoverStep => ({
  async do({ plan: { target } }) {
    await services.processes.stop(target)
    await services.processes.dump.save()
    await services.desired.remove(target.name)
  },
  verify: () => Promise.resolve(false), // stopping it again costs nothing
  // It was half-made before, so a failure to restart it is only reported: otherwise the operation could never end.
  undo: async ({ plan: { ran, target }, report }) => {
    if (ran) await startTarget(services, target).catch((error: unknown) => report({ text: toProblem(error).message }))
  },
})

/** Of a link, only the link is deleted: nothing here shows reliably whose files its target holds. */
const setAside = (services: LeftoverServices): LeftoverStep => ({
  async do({ plan }) {
    if (!plan.keepDatabase) await services.databases.requireOwn(plan, { halfMade: true }) // while there is still a way back
    await services.trash.put(plan.folder, plan.token, false)
  },
  verify: async ({ plan }) => !(await existsItself(plan.folder)),
  undo: ({ plan }) => services.trash.restore(plan.token, plan.folder),
})

const dropDatabase = (services: LeftoverServices): LeftoverStep => ({
  do: async ({ plan }) => {
    if (!plan.keepDatabase) await services.databases.remove(plan, { halfMade: true })
  },
  verify: ({ plan }) => Promise.resolve(plan.keepDatabase), // dropping it again costs nothing
})
