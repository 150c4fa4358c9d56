/**
 * How many connections may be open, so that no instance takes those of the others. For 100 instances on one machine.
 */
import { availableParallelism } from 'node:os'

/** PgBouncer's connections to PostgreSQL for one instance. */
export const poolSize = 5

/**
 * PgBouncer's connections to one database: the instance's, and as many in which it looks up passwords (`auth_query`)
 * before it knows who asks.
 */
export const databaseConnections = 2 * poolSize

/** PgBouncer's look-ups in all databases. Those at rest are closed to make room: a look-up takes milliseconds. */
export const lookupConnections = 100

/**
 * An instance's role at PostgreSQL, pooled and direct: what an instance without PgBouncer opens (Prisma's default, 2 ×
 * cores + 1), its pool, and 12 for migrations and a console.
 */
export const roleConnections = (cores = availableParallelism()): number => Math.max(50, 2 * cores + 1 + poolSize + 12)

/** Of PostgreSQL's connections those that only a superuser gets: the engine. */
export const engineConnections = 10

/**
 * PostgreSQL's: 100 pools of 5, the look-ups, the engine's, and 190 for migrations and direct use. One at rest costs
 * about 2 MB, and PgBouncer closes it after a minute.
 */
export const maxConnections = 800

/** Clients of PgBouncer: 100 instances with 2 × 19 cores + 1 each. */
export const poolerClients = 4000

/**
 * Of these, one instance's, from PgBouncer 1.24 on. It counts logins that are only begun too, so a low limit would be
 * as easily used up by strangers.
 */
export const instanceClients = 1000

/** Files that PgBouncer may have open: a socket for each client and each server connection, and a few of its own. */
export const poolerFiles = poolerClients + maxConnections + 200
