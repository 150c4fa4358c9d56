/** Limits on connections, so that no instance uses up the others'. Designed for 100 instances on one machine. */
import { availableParallelism } from 'node:os'
import type { Limits, OwnLimits } from '../../shared/limits'

/** PgBouncer's connections to PostgreSQL for one instance. */
export const poolSize = 5

/**
 * PgBouncer's connections to one database: the instance's, and as many again to look up passwords (`auth_query`) before
 * it knows who is connecting.
 */
export const databaseConnections = (pool = poolSize): number => 2 * pool

/** PgBouncer's look-up connections in all databases. Idle ones are closed to make room: a look-up takes milliseconds. */
export const lookupConnections = 100

/**
 * Connections of an instance's role to PostgreSQL, pooled and direct: those of an instance without PgBouncer (Prisma's
 * default, 2 × cores + 1), its pool, and 12 for migrations and a console.
 */
export const roleConnections = (pool = poolSize, cores = availableParallelism()): number =>
  Math.max(50, 2 * cores + 1 + pool + 12)

/** What an instance's role always keeps beside its pool: a migration, and a console. */
export const directConnections = 5

/** The limits of an instance that has none of its own. @param own a larger pool needs more connections */
export const standardLimits = (own: OwnLimits): Limits => ({ pool: poolSize, connections: roleConnections(own.pool) })

export const limitsWith = (own: OwnLimits): Limits => ({ ...standardLimits(own), ...own })

/** PostgreSQL's connections that are reserved for superusers: the engine. */
export const engineConnections = 10

/**
 * PostgreSQL's connections: 100 pools of 5, the look-ups, the engine's, and 190 for migrations and direct use. An idle
 * one costs about 2 MB, and PgBouncer closes it after a minute.
 */
export const maxConnections = 800

/** PgBouncer's clients: 100 instances with 2 × 19 cores + 1 each. */
export const poolerClients = 4000

/**
 * One instance's share of these, from PgBouncer 1.24 on. Unfinished logins count too, so strangers could easily use up
 * a low limit.
 */
export const instanceClients = 1000

/** Files that PgBouncer may have open: a socket per client and server connection, and a few of its own. */
export const poolerFiles = poolerClients + maxConnections + 200
