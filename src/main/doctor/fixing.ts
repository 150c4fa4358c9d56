/** The job that fixes an instance's files, its role and its pool. Nothing is stopped or restarted. */
import { constants } from 'node:fs'
import { lstat, open, rm } from 'node:fs/promises'
import type { z } from 'zod'
import { databaseNames, type InstanceConfig } from '../../shared/instance'
import { fixJob, type FixablePart, type FixPlan } from '../../shared/jobs/fix'
import { problem } from '../../shared/problem'
import type { Databases } from '../infrastructure/databases'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Pools } from '../infrastructure/pools'
import { restorePassword, restoreRights, setPassword, storedPassword } from '../infrastructure/rights'
import { difference, targetContradiction } from '../instances/lifecycle/derived'
import { findOwn, type LifecycleServices } from '../instances/lifecycle/target'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { exists, readIfExists, writeFileAtomic, writeJson } from '../system/files'
import { readManifest } from '../workspace/base'
import { sharedMode, writeEnv } from '../workspace/env-file'
import { requireInstanceConfig } from '../workspace/instance-config'
import { instancePaths, type InstancePaths } from '../workspace/paths'
import { fixDatabase, fixEnv } from './settings'

export interface FixingServices extends Pick<LifecycleServices, 'paths' | 'configs' | 'ownership'> {
  readonly infrastructure: Pick<Infrastructure, 'admin'>
  readonly databases: Pick<Databases, 'requireOwn'>
  readonly pools: Pick<Pools, 'heal'>
}

type Actions = StepActions<FixPlan>

/**
 * Undo puts back the files and the password as they were: the engine keeps them as secrets until the operation settles.
 * Rights, permissions and pools aren't put back: nobody wants them wrong again.
 */
export const fixing = (services: FixingServices): AnyOperation =>
  implement(fixJob, {
    plan: input => planFix(services, input),
    secrets: async ({ name, parts }) => originalsOf(services, await findOwn(services, name), parts),
    contradiction: async ({ target, database, role }, subject) =>
      difference({ database, role }, databaseNames(target.name)) ?? targetContradiction(services, subject, target),
    steps: {
      rights: restoreOwnRights(services),
      password: resetPassword(services),
      'database-config': rewriteDatabaseConfig(services),
      env: rewriteEnv(services),
      modes: correctModes(services),
      pool: healPool(services),
    },
  })

/** @throws Problem `instance-unknown`, `instance-foreign`, `database-foreign`, `postgres-…` */
async function planFix(services: FixingServices, { name, parts }: z.output<typeof fixJob.input>): Promise<FixPlan> {
  const { target, config, paths } = await findOwn(services, name)
  const own = databaseNames(name)
  if (config.database.name !== own.database || config.database.user !== own.role)
    throw problem({
      code: 'database-foreign',
      message: `The config.json of “${name}” names a database or role that isn’t its own.`,
      cause: `It names ${config.database.name} and ${config.database.user}, not ${own.database} and ${own.role}.`,
      hint: 'Nothing was changed. Correct its config.json.',
    })
  const inDatabase = parts.includes('rights') || parts.includes('password')
  if (inDatabase) await services.databases.requireOwn(own, { halfMade: true })
  const { env, databaseConfig, password } = await originalsOf(services, { config, paths }, parts)
  return {
    target,
    ...own,
    parts,
    had: { env: env !== undefined, databaseConfig: databaseConfig !== undefined, password: password !== undefined },
  }
}

type Originals = Partial<Record<keyof FixPlan['had'], string>>

/** What undo will need. */
async function originalsOf(
  { infrastructure }: Pick<FixingServices, 'infrastructure'>,
  { paths, config }: Place,
  parts: readonly FixablePart[],
): Promise<Originals> {
  const env = parts.includes('env') ? await readIfExists(paths.env) : undefined
  const databaseConfig = parts.includes('database-config') ? await readIfExists(paths.databaseConfig) : undefined
  const password = parts.includes('password')
    ? await storedPassword(await infrastructure.admin(), config.database.user)
    : undefined
  return {
    ...(env !== undefined && { env }),
    ...(databaseConfig !== undefined && { databaseConfig }),
    ...(password !== undefined && { password }),
  }
}

interface Place {
  readonly paths: InstancePaths
  readonly config: InstanceConfig
}

/** Each step reads it again. @throws Problem `instance-foreign`, `config-missing` */
async function placeOf(services: FixingServices, { target: { name } }: FixPlan): Promise<Place> {
  await services.ownership.requireFolder(name)
  const paths = instancePaths(services.paths, await readManifest(services.paths.root), name)
  return { paths, config: await requireInstanceConfig(paths.config) }
}

/** Its paths, for undo; undefined if its folder was removed by hand meanwhile. */
async function pathsLeft(services: FixingServices, { target }: FixPlan): Promise<InstancePaths | undefined> {
  await services.ownership.requireFolder(target.name)
  return (await exists(target.cwd))
    ? instancePaths(services.paths, await readManifest(services.paths.root), target.name)
    : undefined
}

/** What we wrote; a link that was there, and that we refused to follow, stays. */
const removeFile = async (path: string): Promise<void> => {
  const info = await lstat(path).catch(() => undefined)
  if (info?.isFile()) await rm(path, { force: true })
}

/** Doing it again costs no more than checking it. */
const again = (): Promise<boolean> => Promise.resolve(false)

/** What it was before, if it was there. */
const before = async (
  { plan, secret }: Pick<Context<FixPlan>, 'plan' | 'secret'>,
  what: keyof FixPlan['had'],
): Promise<string | undefined> => (plan.had[what] ? secret(what) : undefined)

const restoreOwnRights = ({ infrastructure, databases }: FixingServices): Actions => ({
  async do({ plan: { database, role } }) {
    await databases.requireOwn({ database, role }, { halfMade: true })
    await restoreRights(await infrastructure.admin(), { database, role })
  },
  verify: again,
})

const resetPassword = (services: FixingServices): Actions => ({
  async do({ plan }) {
    const { config } = await placeOf(services, plan)
    await services.databases.requireOwn(plan, { halfMade: true })
    await setPassword(await services.infrastructure.admin(), plan.role, config.database.password)
  },
  verify: again,
  undo: async context =>
    restorePassword(await services.infrastructure.admin(), context.plan.role, await before(context, 'password')),
})

const rewriteDatabaseConfig = (services: FixingServices): Actions => ({
  async do({ plan }) {
    const { paths, config } = await placeOf(services, plan)
    await writeJson(paths.databaseConfig, fixDatabase((await readIfExists(paths.databaseConfig)) ?? '', config), 0o600)
  },
  verify: again,
  async undo(context) {
    const paths = await pathsLeft(services, context.plan)
    const text = await before(context, 'databaseConfig')
    if (paths && text === undefined) await removeFile(paths.databaseConfig)
    else if (paths && text !== undefined) await writeFileAtomic(paths.databaseConfig, text, 0o600)
  },
})

const rewriteEnv = (services: FixingServices): Actions => ({
  async do({ plan }) {
    const { paths, config } = await placeOf(services, plan)
    await writeEnv(paths.env, fixEnv((await readIfExists(paths.env)) ?? '', config))
  },
  verify: again,
  async undo(context) {
    const paths = await pathsLeft(services, context.plan)
    const text = await before(context, 'env')
    if (paths && text === undefined) await removeFile(paths.env)
    else if (paths && text !== undefined) await writeEnv(paths.env, text)
  },
})

const correctModes = (services: FixingServices): Actions => ({
  async do({ plan }) {
    const { paths, config } = await placeOf(services, plan)
    await close(paths.config, 0o600)
    await close(paths.databaseConfig, 0o600)
    await close(paths.previousEnv, 0o600)
    await close(paths.env, config.systemUser ? sharedMode : 0o600)
  },
  verify: again,
})

/** Takes away permissions beyond these; grants none. Does nothing if there is no such file, or it isn't ours. */
async function close(path: string, allowed: number): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!file) return
  try {
    const info = await file.stat()
    if (info.isFile() && info.uid === process.geteuid?.()) await file.chmod(info.mode & allowed)
  } finally {
    await file.close()
  }
}

/** A pool that still refuses is only reported: the next report says so too. */
const healPool = (services: FixingServices): Actions => ({
  async do({ plan, signal, note }) {
    const { config } = await placeOf(services, plan)
    const { name, user, password: its } = config.database
    const ill = await services.pools.heal({ database: name, user, password: its }, signal)
    if (ill !== undefined) note(`PgBouncer still refuses: ${ill}`)
  },
  verify: again,
})
