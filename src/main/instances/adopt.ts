/**
 * Gives a copied instance its own name, port, secrets and database (with empty tables and a director). Its files and
 * uploads stay.
 */
import { randomUUID } from 'node:crypto'
import { lstat, realpath, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { urlOf } from '../../shared/address'
import { databaseNames } from '../../shared/instance'
import { problem, toProblem } from '../../shared/problem'
import type { Manifest } from '../../shared/workspace'
import { adoptJob, fingerprintSchema, unknownRelease, type AdoptPlan } from '../../shared/jobs/create'
import { implement, unchangedSince, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { existsItself, readIfExists, readJson, syncFolder, writeFileAtomic, writeJson } from '../system/files'
import { formatEnv, setEnv } from '../workspace/env-file'
import {
  configMissing,
  readInstanceConfig,
  requireInstanceConfig,
  writeInstanceConfig,
} from '../workspace/instance-config'
import { instancePaths, type InstancePaths } from '../workspace/paths'
import { createDatabase, createDirector } from './create/database'
import { databaseConfig } from './create/files'
import {
  creationSecrets,
  directorPassword,
  requireFreeName,
  requireInfrastructure,
  requireNoDatabase,
} from './create/plan'
import { switchToPool } from './create/run'
import { runTool } from './create/schema'
import type { CreateServices } from './create/services'
import { folderOf } from './create/step'
import { difference, subjectOf } from './lifecycle/derived'
import { findInstance, isRunning, type LifecycleServices } from './lifecycle/target'
import { applyLimits } from './limits'
import { keepOriginals, originalsOf, restoreOriginals } from './originals'
import type { Ownership } from './ownership'
import type { Trash } from './trash'

export interface AdoptServices extends CreateServices {
  readonly configs: LifecycleServices['configs']
  readonly ownership: Ownership
  /** Keeps the originals of rewritten files until the operation settles. */
  readonly trash: Trash
}

type AdoptStep = StepActions<AdoptPlan>

export const adoption = (services: AdoptServices): AnyOperation =>
  implement(adoptJob, {
    plan: input => planAdopt(services, input),
    adopt: unchangedSince(1),
    contradiction: (plan, subject) =>
      difference(
        { ...plan, subject },
        { subject: subjectOf(plan.from), ...databaseNames(plan.name), url: urlOf(plan) },
      ),
    ready: async ({ pooled }) => {
      await requireInfrastructure(services, 'Start the infrastructure, then retry.', pooled)
    },
    secrets: input => creationSecrets(input.director.password),
    shows: directorPassword,
    steps: {
      'create-database': createDatabase(services),
      'adopt-files': adoptFiles(services),
      'push-schema': pushSchema(services),
      'create-director': createDirector(services),
      'switch-to-pool': switchToPool(services),
    },
  })

/**
 * @throws Problems `instance-unknown`, `instance-own`, `instance-linked`, `instance-running`, `infrastructure-stopped`,
 * `no-free-port`; and those of a creation about the name
 */
async function planAdopt(
  services: AdoptServices,
  { name: from, as, director }: z.output<typeof adoptJob.input>,
): Promise<AdoptPlan> {
  const { config, paths, manifest, target } = await findInstance(services, from)
  await requireCopy(services, from)
  await requireNoLinks(paths, manifest)
  if (await isRunning(services, target)) {
    throw problem({
      code: 'instance-running',
      message: `“${from}” is running on the original’s database.`,
      hint: `Stop it first: “pm2 delete ${from}”.`,
    })
  }
  const { pooled } = await requireInfrastructure(services, 'Start the infrastructure, then adopt it again.')
  const name = as ?? (await suggestName(services, from, manifest))
  await requireName(services, from, name, manifest)
  const [token, port, { ports }] = [randomUUID(), await services.ports.suggest(), await services.settings.read()]
  return {
    token,
    from,
    name,
    port,
    url: urlOf({ port }),
    ...databaseNames(name),
    pooled,
    manifest,
    directPort: ports.postgres,
    pooledPort: ports.pgbouncer,
    fingerprint: fingerprintSchema.safeParse(config.release).data ?? unknownRelease,
    director: { name: director.name, email: director.email },
    jwtSecret: 'generate',
  }
}

async function requireCopy(services: AdoptServices, name: string): Promise<void> {
  const { config, manifest } = await findInstance(services, name)
  const why = await services.ownership.require(config, manifest).then(() => undefined, toProblem)
  if (why?.code === 'instance-foreign') return
  throw problem(
    why ?? { code: 'instance-own', message: `“${name}” isn’t a copy: it already belongs to this workspace.` },
  )
}

/** A link's target belongs to the original too, so its files must not be rewritten. */
async function requireNoLinks({ folder, server }: InstancePaths, manifest: Manifest): Promise<void> {
  const isLink = (await lstat(folder)).isSymbolicLink()
  if (
    !isLink &&
    (await realpath(server).catch(() => undefined)) === join(await realpath(folder), manifest.server.folder)
  )
    return
  throw problem({
    code: 'instance-linked',
    message: `${isLink ? folder : server} is a link to files that belong to the original.`,
    hint: 'Replace the link with a copy of its target, then adopt it again.',
  })
}

/** Its own name if that is free in PostgreSQL and PM2; otherwise one that shows where it came from. */
async function suggestName(services: AdoptServices, from: string, manifest: Manifest): Promise<string> {
  for (let count = 0; count < 100; count++) {
    const name = count === 0 ? from : `${from.slice(0, 33)}-copy${count === 1 ? '' : count}`
    if (
      await requireName(services, from, name, manifest).then(
        () => true,
        () => false,
      )
    )
      return name
  }
  throw problem({
    code: 'name-taken',
    field: 'as',
    message: `All names like “${from}-copy” are taken.`,
    hint: 'Choose another name.',
  })
}

async function requireName(services: AdoptServices, from: string, name: string, manifest: Manifest): Promise<void> {
  const others: Pick<AdoptServices, 'configs' | 'processes'> = {
    processes: services.processes,
    configs: async () => {
      const found = await services.configs(manifest)
      // its own folder doesn't count
      return { ...found, taken: found.taken.filter(it => it !== from || name !== from) }
    },
  }
  await requireFreeName(others, name, manifest)
  await requireNoDatabase(services, databaseNames(name))
}

/**
 * Rewrites config.json, db-config.json and `.env`, keeping everything in them that we don't know. Then renames the
 * folder.
 */
const adoptFiles = (services: AdoptServices): AdoptStep => {
  const folders = (plan: AdoptPlan) => ({
    before: instancePaths(services.paths, plan.manifest, plan.from),
    after: folderOf(services, plan),
    originals: originalsOf(services.trash, plan.token, plan.manifest),
  })
  return {
    async do(context) {
      const { plan } = context
      const { before, after, originals } = folders(plan)
      const here = (await existsItself(before.folder)) ? before : after
      await keepOriginals(services.paths.instances, here, originals)
      await rewrite(context, originals, here, after)
      if (here.folder !== after.folder) await renameFolder(services, here, after)
      await applyLimits(services, await requireInstanceConfig(after.config), context)
    },
    verify: () => Promise.resolve(false), // writing the same again costs nothing
    async undo({ plan }) {
      const { before, after, originals } = folders(plan)
      if (!(await existsItself(originals.folder))) return // nothing was rewritten
      if (!(await existsItself(before.folder))) {
        if (!(await existsItself(after.folder))) return // removed by hand: nothing to restore
        await rename(after.folder, before.folder)
      }
      await restoreOriginals(originals, before)
      await syncFolder(services.paths.instances)
    },
  }
}

async function renameFolder({ paths }: AdoptServices, here: InstancePaths, after: InstancePaths): Promise<void> {
  if (await existsItself(after.folder))
    throw problem({
      code: 'name-taken',
      field: 'as',
      message: `The folder ${after.folder} already exists.`,
      hint: 'Choose another name.',
    })
  await rename(here.folder, after.folder)
  await syncFolder(paths.instances)
}

/** config.json comes last. */
async function rewrite(
  { plan, secret }: Context<AdoptPlan>,
  originals: InstancePaths,
  here: InstancePaths,
  after: InstancePaths,
): Promise<void> {
  const config = await readInstanceConfig(originals.config)
  if (!config) throw configMissing(here.config)
  const database = databaseConfig(plan, await secret('database'))
  const env = (await readIfExists(originals.env)) ?? formatEnv({ NODE_ENV: 'production', HOST: '0.0.0.0' })
  // A link is replaced with a file: its target may be the original's.
  await writeFileAtomic(
    here.env,
    setEnv(env, {
      DATABASE_URL: database.directUrl,
      DIRECT_URL: database.directUrl,
      PORT: String(plan.port),
      JWT_SECRET: await secret('jwt'),
      INSTANCE_NAME: plan.name,
    }),
    0o600,
  )
  await writeJson(here.databaseConfig, {
    ...(await readJson(originals.databaseConfig, z.looseObject({}))),
    ...database,
  })
  await writeInstanceConfig(here.config, {
    ...config,
    name: plan.name,
    port: plan.port,
    database: { ...config.database, ...database },
    paths: {
      ...config.paths,
      instance: after.folder,
      server: after.server,
      client: after.client,
      uploads: join(after.server, 'uploads'),
    },
  })
}

/** Uses the copy's own code, which may differ from any release. */
const pushSchema = (services: AdoptServices): AdoptStep => ({
  async do(context) {
    const { plan, output } = context
    await runTool(services, context, plan.manifest.server.push, output)
    if (plan.fingerprint !== unknownRelease) await services.databases.markSchema(plan, plan.fingerprint)
  },
  verify: () => Promise.resolve(false), // pushing again changes nothing
})
