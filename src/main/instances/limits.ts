/**
 * Changes what an instance may take from PostgreSQL: recorded in config.json, set on its role, and passed on to
 * PgBouncer. No client is disconnected: connections to PostgreSQL that are in use keep the old limits until they are
 * free (docs/decisions/0037).
 */
import type { z } from 'zod'
import { databaseNames, type InstanceConfig } from '../../shared/instance'
import { limitsJob, type LimitsPlan } from '../../shared/jobs/limits'
import { limitNames, type InstanceLimits, type LimitName, type Limits, type OwnLimits } from '../../shared/limits'
import { problem } from '../../shared/problem'
import type { Settings } from '../../shared/settings'
import type { Databases } from '../infrastructure/databases'
import type { Infrastructure } from '../infrastructure/infrastructure'
import { directConnections, engineConnections, limitsWith, standardLimits } from '../infrastructure/limits'
import type { RoleLimits } from '../infrastructure/role-limits'
import { driverContext } from '../infrastructure/start'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { readManifest } from '../workspace/base'
import { changeInstanceConfig } from '../workspace/instance-config'
import { instancePaths } from '../workspace/paths'
import { shareOf, usedTogether } from './connection-use'
import { difference, targetContradiction } from './lifecycle/derived'
import { findInstance, findOwn, type LifecycleServices } from './lifecycle/target'

export interface LimitServices extends LifecycleServices {
  readonly infrastructure: Infrastructure
  readonly databases: Databases
  readonly settings: { read(): Promise<Settings> }
}

type LimitStep = StepActions<LimitsPlan>

export const limitChange = (services: LimitServices): AnyOperation =>
  implement(limitsJob, {
    plan: input => planLimits(services, input),
    contradiction: async ({ target, database, role }, subject) =>
      difference({ database, role }, databaseNames(target.name)) ??
      (await targetContradiction(services, subject, target)),
    steps: {
      'write-limits': writeLimits(services),
      'limit-role': limitRole(services),
      'limit-pool': {
        do: context => resizePools(services, context),
        verify: () => Promise.resolve(false), // telling it again costs nothing
      },
    },
  })

/** @throws Problem `limits-same`, `limits-connections`, `limits-together`, `limits-pool`, `database-foreign` */
async function planLimits(
  services: LimitServices,
  { name, ...changes }: z.output<typeof limitsJob.input>,
): Promise<LimitsPlan> {
  const { target, config } = await findOwn(services, name)
  const names = databaseNames(name)
  await services.databases.requireOwn(names)
  const before = config.limits ?? {}
  const after: OwnLimits = Object.fromEntries(
    limitNames.flatMap(it => {
      const value = changes[it] === undefined ? before[it] : changes[it]
      return value === undefined || value === null ? [] : [[it, value]]
    }),
  )
  const changed = changedIn(before, after)
  if (changed.length === 0)
    throw problem({ code: 'limits-same', message: `“${name}” already has these limits.`, hint: 'Change one first.' })
  if (changed.includes('pool')) await requireOwnPooler(services)
  const settings = await services.settings.read()
  requireConnections(limitsWith(after, settings))
  await requireRoom(services, config, after, settings)
  return { target, ...names, before, after }
}

const changedIn = (before: OwnLimits, after: OwnLimits): LimitName[] =>
  limitNames.filter(it => before[it] !== after[it])

async function requireOwnPooler(services: LimitServices): Promise<void> {
  if (!(await hasForeignPooler(services))) return
  throw problem({
    code: 'limits-pool',
    field: 'pool',
    message: 'The pool’s size can’t be changed here.',
    cause: 'PgBouncer was created elsewhere, so its configuration is left as it is.',
    hint: 'Set pool_size in its own configuration.',
  })
}

/** An unavailable or stopped one isn't foreign. */
const hasForeignPooler = ({ infrastructure }: LimitServices): Promise<boolean> =>
  infrastructure.server('pgbouncer').then(
    it => it.adopted === true,
    () => false,
  )

function requireConnections({ connections, pool }: Limits): void {
  if (connections >= pool + directConnections) return
  throw problem({
    code: 'limits-connections',
    field: 'connections',
    message: `A pool of ${pool} needs at least ${pool + directConnections} connections.`,
    cause: `The pool’s connections count too, and migrations and consoles need ${directConnections} more.`,
    hint: 'Allow more connections, or make the pool smaller.',
  })
}

/** PostgreSQL must have enough connections for the running instances, and for this one even if it isn't running. */
async function requireRoom(
  services: LimitServices,
  config: InstanceConfig,
  after: OwnLimits,
  settings: Settings,
): Promise<void> {
  const more = shareOf(config, settings, after) - shareOf(config, settings)
  if (more <= 0) return
  const { used, available } = await together(services, settings, config.name)
  if (used + more <= available) return
  throw problem({
    code: 'limits-together',
    field: config.database.port === config.database.directPort ? 'connections' : 'pool',
    message: `Together, running instances could use ${used + more} connections, but PostgreSQL has only ${available} for them.`,
    cause: `This one would take ${more} more than now.`,
    hint: 'Choose a lower value, lower another instance’s, stop an instance, or raise PostgreSQL’s max_connections.',
  })
}

/** @param besides an instance that counts even if it isn't running @throws as `Databases.maxConnections` */
async function together(
  services: Parameters<typeof usedTogether>[0] & Pick<LimitServices, 'databases'>,
  settings: Settings,
  besides: string,
): Promise<NonNullable<InstanceLimits['together']>> {
  const [used, maxConnections] = await Promise.all([
    usedTogether(services, settings, besides),
    services.databases.maxConnections(),
  ])
  return { used, available: maxConnections - engineConnections }
}

/** @returns a sentence or two if running instances could take more connections than PostgreSQL has, this one included */
export async function overbooked(
  services: Parameters<typeof together>[0] & Pick<LimitServices, 'settings'>,
  name: string,
): Promise<string | undefined> {
  const { used, available } = await together(services, await services.settings.read(), name)
  if (used <= available) return undefined
  return `Together, running instances could use ${used} connections, but PostgreSQL has only ${available} for them. Under load, some would be refused. Raise PostgreSQL’s max_connections, make pools smaller, or stop an instance.`
}

/** Undone last, so that PgBouncer gets the sizes that are recorded by then. */
const writeLimits = (services: LimitServices): LimitStep => ({
  do: ({ plan: { target, after } }) => record(services, target.name, after),
  verify: () => Promise.resolve(false), // writing it again costs nothing
  async undo(context) {
    await record(services, context.plan.target.name, context.plan.before)
    await resizePools(services, context)
  },
})

async function record({ paths }: LimitServices, name: string, own: OwnLimits): Promise<void> {
  const { config } = instancePaths(paths, await readManifest(paths.root), name)
  await changeInstanceConfig(config, it => ({ ...it, limits: Object.keys(own).length > 0 ? own : undefined }))
}

const limitRole = ({ databases, settings }: LimitServices): LimitStep => ({
  do: async ({ plan }) => databases.limit(plan, roleChanges(plan.before, plan.after, await settings.read())),
  verify: () => Promise.resolve(false), // setting them again costs nothing
  undo: async ({ plan }) => databases.limit(plan, roleChanges(plan.after, plan.before, await settings.read())),
})

/** Only what changes: an administrator may have set others by hand. */
function roleChanges(before: OwnLimits, after: OwnLimits, settings: Settings): RoleLimits {
  const changed = changedIn(before, after)
  return {
    ...Object.fromEntries(changed.map(it => [it, after[it] ?? null])),
    connections: changed.some(it => it === 'connections' || it === 'pool')
      ? limitsWith(after, settings).connections
      : undefined,
  }
}

const resizePools = ({ infrastructure }: LimitServices, context: Context<LimitsPlan>): Promise<void> =>
  infrastructure.resizePools(driverContext(context), context.plan.database)

/** Gives a new database, and its role, the limits that its instance brought with it. */
export async function applyLimits(
  services: Pick<LimitServices, 'databases' | 'settings'> & {
    readonly infrastructure: Pick<Infrastructure, 'resizePools'>
  },
  { name, limits }: InstanceConfig,
  context: Context<unknown>,
): Promise<void> {
  if (!limits) return
  const names = databaseNames(name)
  await services.databases.limit(names, roleChanges({}, limits, await services.settings.read()))
  if (limits.pool !== undefined) await services.infrastructure.resizePools(driverContext(context), names.database)
}

/** @throws Problem `instance-unknown`, or the one that its folder has */
export async function instanceLimits(services: LimitServices, name: string): Promise<InstanceLimits> {
  const { config } = await findInstance(services, name)
  const own = config.limits ?? {}
  const settings = await services.settings.read()
  const sum = await together(services, settings, name).catch(() => undefined) // PostgreSQL or PM2 isn't running
  return {
    limits: limitsWith(own, settings),
    own,
    standard: standardLimits(own, settings),
    foreignPool: await hasForeignPooler(services),
    ...(sum && { together: sum }),
  }
}
