/** Limits on connections, so that no instance uses up the others'. Designed for 100 instances on one machine. */
import { availableParallelism } from 'node:os'
import { defaultPoolSize, type Limits, type OwnLimits } from '../../shared/limits'
import type { Settings } from '../../shared/settings'

/**
 * PgBouncer's connections to one database: the instance's, and as many again to look up passwords (`auth_query`) before
 * it knows who is connecting.
 */
export const databaseConnections = (pool: number): number => 2 * pool

/** PgBouncer's look-up connections in all databases. Idle ones are closed to make room: a look-up takes milliseconds. */
export const lookupConnections = 100

/**
 * Connections of an instance's role to PostgreSQL, pooled and direct: those of an instance without PgBouncer (Prisma's
 * default, 2 × cores + 1), its pool, and 12 for migrations and a console.
 */
export const roleConnections = (pool = defaultPoolSize, cores = availableParallelism()): number =>
  Math.max(50, 2 * cores + 1 + pool + 12)

/** What an instance's role always keeps beside its pool: a migration, and a console. */
export const directConnections = 5

/** The limits of an instance that has none of its own. @param own a larger pool needs more connections */
export const standardLimits = (own: OwnLimits, { pgbouncer }: Settings): Limits => ({
  pool: pgbouncer.poolSize,
  connections: roleConnections(own.pool),
})

export const limitsWith = (own: OwnLimits, settings: Settings): Limits => ({
  ...standardLimits(own, settings),
  ...own,
})

/** PostgreSQL's connections that are reserved for superusers: the engine. */
export const engineConnections = 10

/**
 * One instance's share of PgBouncer's clients, from PgBouncer 1.24 on. Unfinished logins count too, so strangers could
 * easily use up a low limit.
 */
export const instanceClients = 1000

/** Files that PgBouncer may have open: a socket per client and server connection, and a few of its own. */
export const poolerFiles = ({ postgres, pgbouncer }: Settings): number =>
  pgbouncer.maxClients + postgres.maxConnections + 200
