/** Joins what PostgreSQL, PgBouncer and the last hour say into what is shown. Pure. */
import {
  isNearLimit,
  type DatabaseActivity,
  type InstanceDatabase,
  type Pool,
  type ServerActivity,
} from '../../../shared/database-activity'
import type { TenantDatabase } from '../tenants'
import { gainOf, type Hour, type Sample, type Totals } from './hour'
import type { DatabaseRow, PostgresLook, SlowLook } from './postgres-looks'
import { sessionsOf } from './sessions'

/** What was found at one moment. */
export interface Found {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly postgres: PostgresLook
  readonly slow: SlowLook
  readonly pools: ReadonlyMap<string, Pool>
}

/** Samples by database, and of all together. */
export function samplesOf({ postgres, slow, pools }: Found): { databases: Map<string, Sample>; totals: Totals } {
  const databases = new Map(postgres.databases.map(it => [it.name, sampleOf(it, slow)]))
  const all = [...databases.values()]
  const sum = (of: (it: Sample) => number): number => all.reduce((total, it) => total + of(it), 0)
  return {
    databases,
    totals: {
      connections: sum(it => it.connections),
      transactions: sum(it => it.transactions),
      hits: sum(it => it.hits),
      reads: sum(it => it.reads),
      deadlocks: sum(it => it.deadlocks),
      size: sum(it => it.size ?? 0),
      waiting: [...pools.values()].reduce((total, it) => total + it.waiting, 0),
      longestWait: Math.max(0, ...[...pools.values()].map(it => it.longestWait)),
    },
  }
}

const sampleOf = (row: DatabaseRow, slow: SlowLook): Sample => ({
  connections: Number(row.connections),
  transactions: Number(row.transactions),
  hits: Number(row.hits),
  reads: Number(row.reads),
  deadlocks: Number(row.deadlocks),
  size: slow.sizes.get(row.name),
})

/** @param before the look before, if it can be compared; `found` has been added to the hour */
export function describe(
  found: Found,
  before: Found | undefined,
  hour: Hour,
  tenants: readonly TenantDatabase[],
): Pick<DatabaseActivity, 'server' | 'databases' | 'long' | 'locks'> {
  const [now, then] = [samplesOf(found), before && samplesOf(before)]
  const seconds = before ? (found.at - before.at) / 1000 : 0
  const perSecond = (one: Sample | undefined, other: Sample): number | undefined => {
    const gain = one && seconds > 0 ? gainOf(one, other) : undefined
    return gain && Math.round((gain.transactions / seconds) * 10) / 10
  }
  const rows = new Map(found.postgres.databases.map(it => [it.name, it]))
  const databases = tenants.flatMap(({ instance, database }): InstanceDatabase[] => {
    const row = rows.get(database)
    const sample = now.databases.get(database)
    if (!row || !sample) return [] // an instance that is being created
    return [
      {
        instance,
        connections: Number(row.own),
        limit: row.limit < 0 ? undefined : row.limit,
        active: Number(row.active),
        idleInTransaction: Number(row.idle),
        pool: found.pools.get(database),
        size: sample.size,
        transactionsPerSecond: perSecond(then?.databases.get(database), sample),
        ...hour.changeOf(database),
        history: hour.connectionsOf(database),
      },
    ]
  })
  const ours = new Set(tenants.map(it => it.database))
  const others = found.postgres.databases.filter(it => !ours.has(it.name))
  const server: ServerActivity = {
    connections: now.totals.connections,
    limit: found.slow.limit,
    size: now.totals.size,
    transactionsPerSecond: perSecond(then?.totals, now.totals),
    ...hour.changeOf(),
    others: {
      databases: others.length,
      connections: others.reduce((sum, it) => sum + Number(it.connections), 0),
    },
  }
  return {
    server,
    databases: databases.toSorted(
      (one, other) => urgency(other) - urgency(one) || one.instance.localeCompare(other.instance),
    ),
    ...sessionsOf(found.postgres.sessions, new Map(tenants.map(it => [it.database, it]))),
  }
}

/** Orders databases: paused pools and waiting clients, then those near their limit, then the busiest. */
function urgency(it: InstanceDatabase): number {
  const { pool, connections, active } = it
  const waiting = (pool?.paused ? 1e9 : 0) + (pool?.waiting ?? 0) * 1e6
  const full = isNearLimit(it) ? 1e5 : 0
  return waiting + full + active * 100 + connections
}
