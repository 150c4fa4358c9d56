/** What PgBouncer's console says about its pools. */
import type { Client } from 'pg'
import type { Pool } from '../../../shared/database-activity'
import { poolerRole } from '../services/postgres-config'

/** A row of SHOW POOLS. Some versions send numbers as text. */
export interface PoolRow {
  readonly database: string
  readonly user: string
  readonly cl_active: number | string
  readonly cl_waiting: number | string
  readonly sv_active: number | string
  readonly sv_idle: number | string
  readonly sv_used: number | string
  readonly sv_tested: number | string
  readonly sv_login: number | string
  /** Seconds, and the microseconds that are left. */
  readonly maxwait: number | string
  readonly maxwait_us: number | string
}

/** A row of SHOW DATABASES. */
export interface PooledDatabaseRow {
  readonly name: string
  readonly pool_size: number | string
  readonly paused: number | string
}

/** Pools by database. */
export async function lookAtPools(console: Client): Promise<ReadonlyMap<string, Pool>> {
  const pools = (await console.query<PoolRow>('SHOW POOLS')).rows
  return poolsOf(pools, (await console.query<PooledDatabaseRow>('SHOW DATABASES')).rows)
}

/** Adds up the pools of each database, apart from those in which PgBouncer looks up passwords. */
export function poolsOf(rows: readonly PoolRow[], databases: readonly PooledDatabaseRow[]): ReadonlyMap<string, Pool> {
  const its = new Map(databases.map(it => [it.name, it]))
  const found = new Map<string, Pool>()
  for (const row of rows) {
    if (row.user === poolerRole || row.database === 'pgbouncer') continue
    const sum = found.get(row.database)
    const idle = Number(row.sv_idle) + Number(row.sv_used) + Number(row.sv_tested) + Number(row.sv_login)
    const wait = Number(row.maxwait) * 1000 + Math.floor(Number(row.maxwait_us) / 1000)
    found.set(row.database, {
      clients: (sum?.clients ?? 0) + Number(row.cl_active),
      waiting: (sum?.waiting ?? 0) + Number(row.cl_waiting),
      longestWait: Math.max(sum?.longestWait ?? 0, wait),
      servers: (sum?.servers ?? 0) + Number(row.sv_active) + idle,
      serversInUse: (sum?.serversInUse ?? 0) + Number(row.sv_active),
      size: Number(its.get(row.database)?.pool_size ?? 0),
      paused: Number(its.get(row.database)?.paused ?? 0) === 1,
    })
  }
  return found
}
