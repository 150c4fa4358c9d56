/** Finds out about one instance. Changes nothing; each fact has its own limit of time. */
import { join } from 'node:path'
import { parse } from 'dotenv'
import { DatabaseError } from 'pg'
import { z } from 'zod'
import type { InstanceConfig } from '../../shared/instance'
import { jobOf } from '../../shared/jobs'
import { isOpen } from '../../shared/operation'
import type { Manifest } from '../../shared/workspace'
import { unreachable, withConnection } from '../infrastructure/connection'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Pools, PoolUser } from '../infrastructure/pools'
import { isUnproven } from '../infrastructure/proof'
import { readRights } from '../infrastructure/rights'
import { look } from '../instances/health'
import { targetOf } from '../instances/lifecycle/derived'
import { ownedBy, ownProcess } from '../instances/lifecycle/own-process'
import { loginInUrl } from '../instances/pooled'
import type { Operations } from '../operations/engine'
import type { Processes, ProcessInfo } from '../processes/client'
import type { Releases } from '../releases/releases'
import { pathsBelow } from '../releases/tree'
import { exists, readIfExists } from '../system/files'
import type { ListeningProcess } from '../system/sockets'
import type { Run } from '../system/run'
import { sharedMode } from '../workspace/env-file'
import { instancePaths, type InstancePaths, type WorkspacePaths } from '../workspace/paths'
import { learn, type Fact, type InstanceFacts, type Login, type ProcessFacts } from './facts'
import { modeOf } from './shared-facts'

export interface InstanceServices {
  readonly paths: WorkspacePaths
  readonly run: Run
  readonly processes: Pick<Processes, 'list'>
  readonly infrastructure: Pick<Infrastructure, 'admin' | 'server'>
  readonly pools: Pick<Pools, 'refusal'>
  readonly operations: Pick<Operations, 'list'>
}

/** What was found out once for all instances. */
export interface Round {
  /** By name, why an instance counts as a copy of another. */
  readonly copies: ReadonlyMap<string, string>
  readonly manifest: Manifest
  readonly configs: readonly InstanceConfig[]
  readonly wanted: readonly string[]
  readonly listed: Fact<readonly ProcessInfo[]>
  readonly lost: Fact<readonly { readonly name: string; readonly cwd: string; readonly pid: number }[]>
  readonly holders: Fact<ReadonlyMap<number, readonly ListeningProcess[]>>
  /** What a release puts into a server folder; undefined if it isn't kept. */
  readonly pathsOf: (fingerprint: string) => Promise<readonly string[] | undefined>
  /** The base application's fingerprint; undefined if it can't be read. */
  readonly base: string | undefined
}

export async function gatherInstance(
  services: InstanceServices,
  round: Round,
  config: InstanceConfig,
  signal: AbortSignal,
): Promise<InstanceFacts> {
  const { name, database } = config
  const { manifest } = round
  const paths = instancePaths(services.paths, manifest, name)
  const target = targetOf(services.paths, manifest, name, config.port)
  const bootSeconds = config.bootSeconds ?? manifest.server.bootSeconds
  const process = await processOf(round, target)
  const own = 'value' in process ? process.value.own : undefined
  const user: PoolUser = { database: database.name, user: database.user, password: database.password }
  const names = { database: database.name, role: database.user }
  const isOnline = own?.status === 'online'
  const withoutPool = { processes: services.processes, pools: { refusal: () => Promise.resolve(undefined) } }
  const [health, direct, pooled, rights, env, databaseConfig, modes, missing, client] = await Promise.all([
    isOnline
      ? learn(
          async its =>
            (await look(withoutPool, { ...target, bootSeconds, health: manifest.server.health }, its)).problem,
          signal,
        )
      : undefined,
    learn(() => logIn(services, user), signal),
    database.port === database.directPort ? undefined : learn(() => logInPooled(services, user), signal),
    learn(async () => readRights(await services.infrastructure.admin(), names), signal),
    learn(() => readIfExists(paths.env), signal),
    learn(() => readIfExists(paths.databaseConfig), signal),
    learn(() => modesOf(paths, config), signal),
    learn(() => missingIn(services, round, paths, config, signal), signal),
    learn(() => exists(join(paths.client, manifest.client.output, 'index.html')), signal),
  ])
  return {
    config,
    operation: services.operations
      .list()
      .find(it => it.subject === name.toLowerCase() && isOpen(it) && !jobOf(it.kind)?.background),
    wanted: round.wanted.includes(name),
    bootSeconds,
    now: Date.now(),
    process,
    holders: holdersOf(round, config, process),
    ...(health && { health }),
    direct,
    ...(pooled && { pooled }),
    envLogin: await envLogsIn(services, user, { direct, env }, signal),
    rights,
    env,
    databaseConfig,
    modes,
    missing,
    client,
    current: config.release !== undefined && config.release === round.base,
  }
}

async function processOf(
  { listed, lost }: Round,
  { name, cwd }: { readonly name: string; readonly cwd: string },
): Promise<Fact<ProcessFacts>> {
  if ('unknown' in listed) return listed
  const [own, left] = await Promise.all([
    ownProcess(listed.value, { name, cwd }),
    ownedBy('value' in lost ? lost.value : [], { name, cwd }),
  ])
  const others = listed.value.filter(it => it.name === name && it.cwd !== own?.cwd)
  return { value: { own, namesake: others[0]?.cwd, lost: left[0]?.pid } }
}

/** Processes of other instances on the same port are left out: the guide allows them to share it. */
function holdersOf(
  { holders, listed, configs, lost }: Round,
  { name, port }: InstanceConfig,
  process: Fact<ProcessFacts>,
): Fact<readonly string[]> {
  if ('unknown' in holders) return holders
  const sharing = new Set(configs.filter(it => it.port === port && it.name !== name).map(it => it.name))
  const known = new Set([
    ...('value' in listed ? listed.value : []).filter(it => sharing.has(it.name)).map(it => it.pid),
    ...('value' in lost ? lost.value : []).filter(it => sharing.has(it.name)).map(it => it.pid),
    ...('value' in process ? [process.value.own?.pid, process.value.lost] : []),
  ])
  const others = (holders.value.get(port) ?? []).filter(it => it.pid === undefined || !known.has(it.pid))
  return {
    value: others.map(({ pid, program }) =>
      pid === undefined ? 'another user’s process' : `${program ?? 'a process'} (pid ${pid})`,
    ),
  }
}

const timeouts = { connect: 4000, query: 4000 } // ms

/** Directly, with its own credentials. @throws if the server can't be asked */
async function logIn({ infrastructure }: Pick<InstanceServices, 'infrastructure'>, user: PoolUser): Promise<Login> {
  const server = await infrastructure.server('postgres')
  try {
    await withConnection({ ...server, ...user }, client => client.query('SELECT 1'), timeouts)
    return 'in'
  } catch (error) {
    if (error instanceof DatabaseError && error.code !== '57P03')
      return { refused: `${error.message}.`, code: error.code }
    throw unreachable(error, server.port) // an adopted one may want MD5, which we don't speak: then it isn't known
  }
}

/** Through PgBouncer. @throws if it isn't running */
async function logInPooled({ pools }: Pick<InstanceServices, 'pools'>, user: PoolUser): Promise<Login> {
  const error = await pools.refusal(user)
  if (!error) return 'in'
  if ('code' in error && ['ECONNREFUSED', 'ENOENT'].includes(String(error.code)))
    throw new Error('PgBouncer isn’t running.')
  if (isUnproven(error)) throw error
  return { refused: `${error.message}.` }
}

/** Whether the login in its `.env` works, if config.json's doesn't. */
async function envLogsIn(
  services: Pick<InstanceServices, 'infrastructure'>,
  user: PoolUser,
  { direct, env }: { readonly direct: Fact<Login>; readonly env: Fact<string | undefined> },
  signal: AbortSignal,
): Promise<boolean | undefined> {
  if ('unknown' in direct || direct.value === 'in' || 'unknown' in env) return undefined
  const its = loginInUrl(parse(env.value ?? '')['DATABASE_URL'])
  if (!its || its.user !== user.user || its.database !== user.database || its.password === user.password)
    return undefined
  const found = await learn(() => logIn(services, { ...user, password: its.password }), signal)
  return 'value' in found ? found.value === 'in' : undefined
}

async function modesOf({ config, databaseConfig, previousEnv, env }: InstancePaths, { systemUser }: InstanceConfig) {
  const ownOnly = 0o600
  const found = await Promise.all([
    modeOf(config, ownOnly),
    modeOf(databaseConfig, ownOnly),
    modeOf(previousEnv, ownOnly),
    modeOf(env, systemUser ? sharedMode : ownOnly), // its own user reads it through its group
  ])
  return found.filter(it => it !== undefined)
}

const packageSchema = z.looseObject({ dependencies: z.record(z.string(), z.string()).default({}) })

/** What releases put into a server folder, each looked up once: dozens of instances have the same one. */
export function releasePaths({ kept }: Pick<Releases, 'kept'>): Round['pathsOf'] {
  const known = new Map<string, Promise<readonly string[] | undefined>>()
  const find = async (fingerprint: string): Promise<readonly string[] | undefined> => {
    const release = await kept.whole(fingerprint)
    if (!release) return undefined
    const [paths = [], info] = await Promise.all([
      kept.serverPaths(fingerprint),
      kept.parts.info(release.parts.generated),
    ])
    const removed = new Set(info?.removed)
    return paths.filter(it => !removed.has(it))
  }
  return fingerprint => {
    const found = known.get(fingerprint) ?? find(fingerprint)
    known.set(fingerprint, found)
    return found
  }
}

/** Compared with its release, if that is kept; otherwise only what package.json asks for. */
async function missingIn(
  { run }: Pick<InstanceServices, 'run'>,
  { pathsOf, manifest }: Round,
  { server }: InstancePaths,
  { release }: InstanceConfig,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const due = release === undefined ? undefined : await pathsOf(release)
  if (due) {
    const data = manifest.server.dataFolders
    const there = new Set(await pathsBelow(run, server, { closed: data, signal }))
    return due.filter(it => !there.has(it) && !data.some(own => it === own || it.startsWith(`${own}/`)))
  }
  const text = await readIfExists(join(server, 'package.json'))
  const schema = (await readIfExists(join(server, 'prisma/schema.prisma'))) ?? ''
  const generatesThere = !/^\s*output\s*=/m.test(schema) // its usual place
  const { dependencies } = packageSchema.catch({ dependencies: {} }).parse(text === undefined ? {} : parsed(text))
  const wanted = [
    manifest.server.entry,
    ...Object.keys(dependencies).map(it => `node_modules/${it}/package.json`),
    ...('@prisma/client' in dependencies && generatesThere ? ['node_modules/.prisma/client/index.js'] : []),
  ]
  const there = await Promise.all(wanted.map(it => exists(join(server, it))))
  return wanted.filter((_, index) => !there[index])
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
