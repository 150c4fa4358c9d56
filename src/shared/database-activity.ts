/** What the databases are doing right now and have done in the last hour, as every client sees it. */
import type { Problem } from './problem'

/** Seconds after which a query, or a transaction that does nothing, is listed. */
export const longAfter = 30

/** The minutes that are remembered. */
export const rememberedMinutes = 60

/**
 * The session that is to be ended, and what it was doing when it was shown. A server connection of PgBouncer serves one
 * client after another, so the process alone doesn't say whose query it is running. Times are microseconds since 1970,
 * as digits, by PostgreSQL's clock.
 */
export interface SessionKey {
  readonly pid: number
  /** When the connection was opened. */
  readonly opened: string
  /** When its query began or, between two queries, its latest: what `cancel` may end. */
  readonly query: string
  /** When its transaction began: what `terminate` may end. */
  readonly transaction: string
}

/** `cancel` ends the query, `terminate` the connection with its transaction. */
export const sessionEnds = ['cancel', 'terminate'] as const
export type SessionEnd = (typeof sessionEnds)[number]

/** A connection to PostgreSQL that deserves attention. */
export interface Session extends SessionKey {
  /** The instance whose database it uses; absent if it isn't one of ours. */
  readonly instance?: string | undefined
  /** Whether the instance itself opened it: only those can be ended from here. */
  readonly own: boolean
  /** `idle`: its transaction is open, but it is doing nothing. */
  readonly state: 'active' | 'idle' | 'other'
  /** Seconds since its query began or, for an idle one, since its transaction did. */
  readonly seconds: number
  /** Its query, shortened and without values. Empty if it isn't an instance's. */
  readonly text: string
}

/** A session that waits for locks which others hold. */
export interface LockWait {
  readonly waiting: Session
  readonly blockers: readonly Session[]
}

/** PgBouncer's pool of one database. */
export interface Pool {
  /** Clients whose query is running, or that are idle. */
  readonly clients: number
  /** Clients that wait for a server connection. */
  readonly waiting: number
  /** Milliseconds that the first of them has waited. */
  readonly longestWait: number
  /** Connections to PostgreSQL, and those of them in use. */
  readonly servers: number
  readonly serversInUse: number
  /** The most connections to PostgreSQL that it opens. */
  readonly size: number
  /** Its clients wait until someone resumes it. */
  readonly paused: boolean
}

/** One instance's database. */
export interface InstanceDatabase {
  readonly instance: string
  /** Its role's connections to PostgreSQL, through PgBouncer and direct. */
  readonly connections: number
  /** The most that its role may open; absent: unlimited. */
  readonly limit?: number | undefined
  readonly active: number
  /** Connections with an open transaction that are doing nothing. */
  readonly idleInTransaction: number
  /** Absent while PgBouncer isn't running, or has no client of it. */
  readonly pool?: Pool | undefined
  /** Bytes. */
  readonly size?: number | undefined
  /** How much it has grown in the remembered time, in bytes; negative if it has shrunk. */
  readonly growth?: number | undefined
  readonly transactionsPerSecond?: number | undefined
  /** Of the blocks read in the remembered time, the share found in PostgreSQL's memory: 0 to 1. */
  readonly cacheHits?: number | undefined
  /** In the remembered time. */
  readonly deadlocks?: number | undefined
  /** Connections, the maximum of each minute, oldest first. */
  readonly history: readonly number[]
}

/** Whether it has used most of the connections that its role may open. */
export const isNearLimit = ({ connections, limit }: InstanceDatabase): boolean =>
  limit !== undefined && connections >= 0.8 * limit

/** The server as a whole, other programs' databases included. */
export interface ServerActivity {
  readonly connections: number
  /** Without those reserved for administrators. */
  readonly limit: number
  readonly size?: number | undefined
  readonly growth?: number | undefined
  readonly transactionsPerSecond?: number | undefined
  readonly cacheHits?: number | undefined
  /** Databases that aren't an instance's, and the connections to them. */
  readonly others: { readonly databases: number; readonly connections: number }
}

/** Totals by minute, oldest first, at most `rememberedMinutes`; minutes without a sample are left out. */
export interface ActivityHistory {
  /** When each minute began, in milliseconds since 1970. */
  readonly minutes: readonly number[]
  /** The maximum of each minute. */
  readonly connections: readonly number[]
  readonly waiting: readonly number[]
  /** Milliseconds, the maximum of each minute. */
  readonly longestWait: readonly number[]
  /** From the second minute on. */
  readonly transactionsPerSecond: readonly number[]
}

export interface DatabaseActivity {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Why PostgreSQL couldn't be asked; `server` is absent then, and the lists are empty. */
  readonly problem?: Problem | undefined
  /** Why PgBouncer couldn't be asked; the pools are absent then. */
  readonly poolProblem?: Problem | undefined
  readonly server?: ServerActivity | undefined
  /** Those that need attention first. */
  readonly databases: readonly InstanceDatabase[]
  /** Queries that run, and transactions that are open, for longer than `longAfter`; the longest first, at most 50. */
  readonly long: readonly Session[]
  /** The longest first, at most 50. */
  readonly locks: readonly LockWait[]
  readonly history: ActivityHistory
}

/** A table of an instance's database. Counts are PostgreSQL's own estimates. */
export interface TableRows {
  /** With its schema, unless that is `public`. */
  readonly name: string
  readonly live: number
  /** Changed or deleted versions of rows that VACUUM hasn't removed yet. */
  readonly dead: number
  /** Milliseconds since 1970; absent: never. */
  readonly vacuumedAt?: number | undefined
}
