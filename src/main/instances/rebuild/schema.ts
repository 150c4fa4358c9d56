/** The database schema in a rebuild: which files define it, and which role may change it. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { parse } from 'dotenv'
import type { z } from 'zod'
import { addressOf } from '../../../shared/address'
import type { InstanceConfig } from '../../../shared/instance'
import type { ExchangePlan, rehearseInputSchema } from '../../../shared/jobs/rebuild'
import { problem } from '../../../shared/problem'
import type { Rehearsal } from '../../../shared/schema'
import type { Manifest } from '../../../shared/workspace'
import type { Login } from '../../infrastructure/connection'
import type { Prisma } from '../../schema/diff'
import { exists, readIfExists } from '../../system/files'
import { baseFiles } from '../../workspace/base'
import { setEnv } from '../../workspace/env-file'
import { formsOf } from '../../workspace/known-secrets'
import type { InstancePaths } from '../../workspace/paths'
import { findOwn } from '../lifecycle/target'
import { runAs } from '../system-user/identity'
import type { RebuildServices } from './services'

/** Where the guide's applications keep it, below the server folder. */
export const schemaFile = 'prisma/schema.prisma'

/**
 * What a schema change would do to the database as it is now. Takes seconds; the application keeps using the database.
 * @throws Problem `schema-files`, `instance-unknown`, `instance-foreign`, `postgres-unreachable`, `disk-space`; those
 * of `Schemas.rehearse`
 */
export async function rehearseSchema(
  services: RebuildServices,
  { name, renames, fix }: z.output<typeof rehearseInputSchema>,
  signal: AbortSignal,
): Promise<Rehearsal> {
  const { config, manifest, paths } = await findOwn(services, name)
  const files = await schemaFiles(services, manifest, paths)
  const login = await ownerLogin(services, config)
  const prisma = await prismaIn(services, name, paths.server, login, signal)
  const question = { id: randomUUID(), ...files, renames, fix }
  return await services.schemas.rehearse(login, randomUUID(), prisma, question, () =>
    requireRoom(services, 'a rehearsal', config),
  )
}

/**
 * The schema files of the instance's code and of the base application. @throws Problem `schema-files` unless each has
 * exactly one
 */
export async function schemaFiles(
  { paths: { root } }: Pick<RebuildServices, 'paths'>,
  manifest: Manifest,
  { server }: Pick<InstancePaths, 'server'>,
): Promise<{ readonly from: string; readonly to: string }> {
  const relative = join(manifest.server.folder, schemaFile)
  const [from, to] = [join(server, schemaFile), join(root, relative)]
  const others = (await baseFiles(root, manifest)).filter(it => it.endsWith('.prisma') && it !== relative)
  const missing = (await Promise.all([from, to].map(async it => ((await exists(it)) ? [] : [it])))).flat()
  if (others.length + missing.length === 0) return { from, to }
  throw problem({
    code: 'schema-files',
    message: 'This rebuild can’t change the database’s schema.',
    cause:
      missing.length > 0
        ? `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing.`
        : `The schema has other files: ${others.join(', ')}.`,
    hint: `Rebuild without changing the schema. Instance Manager can only change one that is a single file: ${relative}.`,
  })
}

/** Whether the base application's schema file differs from the one in the instance's code. */
export async function schemaDiffers(
  { paths: { root } }: Pick<RebuildServices, 'paths'>,
  manifest: Manifest,
  { server }: Pick<InstancePaths, 'server'>,
): Promise<boolean> {
  const [own, base] = await Promise.all(
    [server, join(root, manifest.server.folder)].map(it => readIfExists(join(it, schemaFile))),
  )
  return own !== base
}

/** The most bytes of WAL that exist at once: PostgreSQL's default `max_wal_size`. */
const mostLog = 2 ** 30

/**
 * What a plan says about a schema change, and how much space the change takes. On a copy: the copy, its tables
 * rewritten, and what is kept. On the database itself: a dump, its tables rewritten, and what is kept. Also the log
 * (WAL) of two of these.
 * @throws Problem `postgres-unreachable`
 */
export async function planMove(
  { infrastructure, databases }: Pick<RebuildServices, 'infrastructure' | 'databases'>,
  { database }: Pick<InstanceConfig, 'database'>,
): Promise<{ readonly moves: NonNullable<ExchangePlan['moves']>; readonly bytes: number }> {
  const dumped = (await infrastructure.driver()).tool !== undefined
  const size = (await databases.usage(database.name))?.bytes ?? 0
  return { moves: { dumped }, bytes: 3 * size + Math.min(2 * size, mostLog) }
}

/**
 * Right before a copy or a dump is made: since it was planned, others may have taken the space.
 * @param job as for `Space.require` @throws Problem `disk-space`, `postgres-unreachable`
 */
export async function requireRoom(
  services: Pick<RebuildServices, 'infrastructure' | 'databases' | 'space'>,
  job: string,
  config: Pick<InstanceConfig, 'database'>,
): Promise<void> {
  await services.space.require(job, (await planMove(services, config)).bytes, true)
}

/** The login of the role that owns the tables, directly to PostgreSQL. */
export const ownerLogin = async (
  { infrastructure }: Pick<RebuildServices, 'infrastructure'>,
  { database: { name, user, password } }: Pick<InstanceConfig, 'database'>,
): Promise<Login> => ({ ...(await infrastructure.server('postgres')), user, password, database: name })

/** An instance's `.env` for a copy of its database, bypassing PgBouncer, which keeps connections to it for long. */
export function envForCopy(env: string, copy: Login): string {
  const urls = Object.entries(parse(env)).filter(([key]) => key === 'DATABASE_URL' || key === 'DIRECT_URL')
  return setEnv(
    env,
    Object.fromEntries(
      urls.map(([key, value]) => [key, `${urlOfLogin(copy)}${URL.canParse(value) ? new URL(value).search : ''}`]),
    ),
  )
}

/** A login as a connection URL, for applications and Prisma. */
const urlOfLogin = ({ user, password, database, port }: Login): string =>
  `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${addressOf({ port })}/${encodeURIComponent(database)}`

/** @param server a server folder of the instance, with its packages */
export async function prismaIn(
  { run, paths }: Pick<RebuildServices, 'run' | 'paths'>,
  name: string,
  server: string,
  login: Login,
  signal: AbortSignal,
): Promise<Prisma> {
  const user = await runAs(paths, name)
  return { run, server, url: urlOfLogin(login), secrets: formsOf([login.password]), user, signal }
}
