/** Makes all of a creation's choices before anything is touched. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { hash } from 'bcrypt'
import { parse } from 'dotenv'
import { serviceTitle } from '../../../shared/infrastructure'
import { urlOf } from '../../../shared/address'
import { databaseNames, type CreateInput } from '../../../shared/instance'
import type { PortHolder } from '../../../shared/ports'
import { problem } from '../../../shared/problem'
import type { CreatePlan } from '../../../shared/jobs/create'
import type { Manifest } from '../../../shared/workspace'
import { generatePassword } from '../../../shared/password'
import { bytesNeeded } from '../../releases/estimate'
import { hasLockFile } from '../../releases/recipes'
import { readIfExists } from '../../system/files'
import { readManifest, requireWorkspace } from '../../workspace/base'
import { fingerprint } from '../../workspace/fingerprint'
import { describeHolder, requireNotOurs } from '../ports'
import { findSystemUser } from '../system-user/identity'
import { requireReach } from '../system-user/reach'
import type { CreateServices } from './services'

/** A new database takes 8 MB, and PostgreSQL's write-ahead log for it up to two segments of 16 MB. */
const databaseBytes = 40 * 2 ** 20

/** The guide's cost factor. */
export const bcryptRounds = 10

/**
 * @throws Problems that name the field: `name-taken`, `name-reserved`, `port-taken`, `database-exists`,
 * `process-name-taken`, `jwt-secret-missing`; `disk-space`; and those of the workspace and the infrastructure
 */
export async function planCreate(services: CreateServices, input: CreateInput): Promise<CreatePlan> {
  const manifest = await readManifest(services.paths.root)
  await requireWorkspace(services.paths.root)
  await requireFreeName(services, input.name, manifest)
  const { pooled } = await requireInfrastructure(services, 'Start the infrastructure, then create the instance again.')
  if (input.systemUser) await requireUserFor(services, input.name)
  const names = databaseNames(input.name)
  await requireNoDatabase(services, names)
  if (input.jwtSecret === 'base') await requireBaseSecret(services, manifest)
  const { port, holders } = await choosePort(services, input)
  const settings = await services.settings.read()
  const running = holders.filter(it => it.type !== 'instance' || it.running)
  const token = randomUUID()
  const plan: CreatePlan = {
    token,
    name: input.name,
    port,
    url: urlOf({ port }),
    ...names,
    pooled,
    manifest,
    directPort: settings.ports.postgres,
    pooledPort: settings.ports.pgbouncer,
    heldBy: running.length ? running.map(describeHolder).join(', ') : undefined,
    fingerprint: await fingerprint(services.paths.root, manifest, services.node.major),
    install: input.install,
    unlocked: await unlockedIn(services.paths.root, manifest),
    director: { name: input.director.name, email: input.director.email },
    jwtSecret: input.jwtSecret,
    host: input.host,
    systemUser: input.systemUser || undefined,
    tested: running.length === 0 || undefined,
  }
  await services.space.require(
    'a new instance',
    databaseBytes + (await bytesNeeded(services.releases.kept, { root: services.paths.root, ...plan })),
    true,
  )
  return plan
}

/** Keywords of PM2's commands. */
const reserved = new Set(['all', 'max'])

/** @throws unless a name is free; the wizard calls it while the operator types */
export async function requireFreeName(
  services: Pick<CreateServices, 'configs'> & { readonly processes: Pick<CreateServices['processes'], 'list'> },
  name: string,
  manifest: Manifest,
): Promise<void> {
  if (reserved.has(name.toLowerCase()) || /^\d+$/.test(name)) {
    throw problem({
      code: 'name-reserved',
      field: 'name',
      message: `“${name}” can’t be a name: PM2’s commands read it as ${/\d/.test(name) ? 'a process id' : 'a keyword'}.`,
      hint: 'Choose another name.',
    })
  }
  const { taken } = await services.configs(manifest)
  const same = taken.find(it => it.toLowerCase() === name.toLowerCase())
  if (same !== undefined) {
    throw problem({
      code: 'name-taken',
      field: 'name',
      message: `There is already an instance “${same}”.`,
      cause: same === name ? undefined : 'Names that differ only by case would share a database.',
      hint: 'Choose another name.',
    })
  }
  const process = (await services.processes.list()).find(it => it.name === name)
  if (process) {
    throw problem({
      code: 'process-name-taken',
      field: 'name',
      message: `PM2 already has another process named “${name}”.`,
      hint: `Choose another name, or remove it with: pm2 delete ${name}`,
    })
  }
}

/**
 * @param needsPool undefined: PgBouncer is needed if it is available @throws Problem `infrastructure-stopped` or
 * `not-adopted` with this hint
 */
export async function requireInfrastructure(
  services: { readonly infrastructure: Pick<CreateServices['infrastructure'], 'status'> },
  hint: string,
  needsPool?: boolean,
): Promise<{ pooled: boolean }> {
  const { postgres, pgbouncer, pooled } = await services.infrastructure.status()
  const down = [postgres, ...((needsPool ?? pooled) ? [pgbouncer] : [])].filter(it => it.state !== 'running')
  if (down.length === 0) return { pooled }
  const unadopted = down.find(it => it.state === 'not-adopted')?.problem
  if (unadopted) throw problem({ ...unadopted, hint })
  throw problem({
    code: 'infrastructure-stopped',
    message: `${down.map(it => serviceTitle[it.name]).join(' and ')} ${down.length > 1 ? 'aren’t' : 'isn’t'} running.`,
    hint,
    action: 'start-infrastructure',
  })
}

/** @throws Problem `system-user-foreign`, and those of `requireReach` */
async function requireUserFor({ paths }: CreateServices, name: string): Promise<void> {
  await requireReach(paths, join(paths.instances, name))
  await findSystemUser(paths, name)
}

export async function requireNoDatabase(
  services: Pick<CreateServices, 'databases'>,
  names: { database: string; role: string },
): Promise<void> {
  const found = await services.databases.find(names)
  if (!found.database && !found.role) return
  const what = [found.database && `database ${names.database}`, found.role && `role ${names.role}`]
    .filter(Boolean)
    .join(' and ')
  throw problem({
    code: 'database-exists',
    field: 'name',
    message: `The ${what} already exists, but no instance owns it.`,
    hint: 'Choose another name. If nothing needs it, drop it first.',
  })
}

async function requireBaseSecret(services: CreateServices, manifest: Manifest): Promise<void> {
  if ((await readBaseEnv(services.paths.root, manifest))['JWT_SECRET']) return
  throw problem({
    code: 'jwt-secret-missing',
    field: 'jwtSecret',
    message: `The base application has no JWT_SECRET in ${manifest.server.folder}/.env.`,
    hint: 'Give the instance its own secret, or add one there.',
  })
}

/** The base application's server/.env; empty if there is none. */
export async function readBaseEnv(root: string, { server }: Manifest): Promise<Record<string, string>> {
  return parse((await readIfExists(join(root, server.folder, '.env'))) ?? '')
}

async function unlockedIn(root: string, { server, client }: Manifest): Promise<string[]> {
  const folders = [server, client].filter(it => it.install === undefined).map(it => it.folder)
  const locked = await Promise.all(folders.map(it => hasLockFile(join(root, it))))
  return folders.filter((_, index) => !locked[index])
}

async function choosePort(
  services: CreateServices,
  { port, allowSharedPort }: CreateInput,
): Promise<{ port: number; holders: readonly PortHolder[] }> {
  if (port === 'auto') return { port: await services.ports.suggest(), holders: [] }
  const found = await services.ports.check(port)
  await requireNotOurs(found, services.ports.suggest)
  const { holders } = found
  if (holders.length === 0 || allowSharedPort) return { port, holders }
  throw problem({
    code: 'port-taken',
    field: 'port',
    message: `Port ${port} is taken.`,
    cause: `${holders.map(describeHolder).join(', ')}.`,
    hint: 'Choose another port, or share this one: only one of them can run at a time.',
  })
}

/** The secrets that the steps need. The director's password is kept only to be shown; the steps use its hash. */
export async function creationSecrets(password: string): Promise<Record<string, string>> {
  return {
    database: generatePassword(),
    jwt: generatePassword() + generatePassword(),
    'director-hash': await hash(password, bcryptRounds),
    [directorPassword]: password,
  }
}

/** The secret that a successful creation leaves for the operator. */
export const directorPassword = 'director-password'
