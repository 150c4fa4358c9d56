/** What PostgreSQL is asked about its activity. The rows say nothing yet about whose they are. */
import type { Client } from 'pg'

/** PostgreSQL's counters only grow, until it crashes or someone resets them. Numbers of 64 bits arrive as text. */
export interface DatabaseRow {
  readonly name: string
  /** The role that owns it, and the most connections that this may open; -1: unlimited. */
  readonly owner: string
  readonly limit: number
  /** Connections of clients, all and the owner's. */
  readonly connections: string
  readonly own: string
  readonly active: string
  readonly idle: string
  readonly transactions: string
  /** Blocks found in memory, and those that weren't. */
  readonly hits: string
  readonly reads: string
  readonly deadlocks: string
}

export interface SessionRow {
  readonly pid: number
  readonly opened: string
  readonly query: string
  readonly transaction: string
  readonly database: string
  readonly role: string
  readonly state: string
  /** Seconds. */
  readonly seconds: string
  /** It has lasted longer than was asked for. */
  readonly long: boolean
  readonly text: string
  /** The processes it waits for; null if it doesn't wait for a lock. 0 is a prepared transaction. */
  readonly blockers: readonly number[] | null
}

export interface SizeRow {
  readonly name: string
  readonly bytes: string
}

export interface ServerRow {
  /** Connections without those reserved for superusers. */
  readonly limit: number
}

const databases = `
  WITH clients AS (
    SELECT datid, count(*) AS connections, count(*) FILTER (WHERE usesysid = datdba) AS own,
      count(*) FILTER (WHERE state = 'active') AS active,
      count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle
    FROM pg_stat_activity JOIN pg_database ON pg_database.oid = datid
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    GROUP BY datid)
  SELECT datname AS name, pg_get_userbyid(datdba) AS owner, coalesce(rolconnlimit, -1) AS limit,
    coalesce(connections, 0) AS connections, coalesce(own, 0) AS own, coalesce(active, 0) AS active,
    coalesce(idle, 0) AS idle, pg_stat_get_db_xact_commit(databases.oid) + pg_stat_get_db_xact_rollback(databases.oid) AS transactions,
    pg_stat_get_db_blocks_hit(databases.oid) AS hits,
    pg_stat_get_db_blocks_fetched(databases.oid) - pg_stat_get_db_blocks_hit(databases.oid) AS reads,
    pg_stat_get_db_deadlocks(databases.oid) AS deadlocks
  FROM pg_database AS databases LEFT JOIN clients ON datid = databases.oid LEFT JOIN pg_roles ON pg_roles.oid = datdba
  WHERE NOT datistemplate`

const exact = (time: string): string => `(extract(epoch FROM coalesce(${time}, backend_start)) * 1000000)::bigint`
/** The times of `SessionKey` as expressions on pg_stat_activity. */
export const micros = {
  opened: exact('backend_start'),
  query: exact('query_start'),
  transaction: exact('xact_start'),
} as const

/** `pg_blocking_pids` locks the table of locks for a moment, so it is called only for those that wait. */
const sessions = `
  WITH clients AS (
    SELECT *, CASE WHEN state LIKE 'idle in transaction%' THEN xact_start ELSE query_start END AS since
    FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
  blocked AS (
    SELECT pid, pg_blocking_pids(pid) AS blockers FROM clients
    WHERE wait_event_type = 'Lock' ORDER BY since LIMIT 50),
  found AS (
    SELECT *, state <> 'idle' AND since < now() - make_interval(secs => $1) AS long
    FROM clients LEFT JOIN blocked USING (pid))
  SELECT pid, ${micros.opened} AS opened, ${micros.query} AS query, ${micros.transaction} AS transaction,
    coalesce(datname, '') AS database, coalesce(usename, '') AS role, coalesce(state, '') AS state,
    greatest(0, floor(extract(epoch FROM clock_timestamp() - since))) AS seconds,
    coalesce(long, false) AS long, left(query, 2000) AS text, blockers
  FROM found
  WHERE long OR blockers IS NOT NULL OR pid IN (SELECT unnest(blockers) FROM blocked)
  ORDER BY since LIMIT 200`

export interface PostgresLook {
  readonly databases: readonly DatabaseRow[]
  readonly sessions: readonly SessionRow[]
}

/** Takes a few milliseconds with 800 connections. @param longAfter seconds after which a session is looked at closely */
export async function lookAtPostgres(client: Client, longAfter: number): Promise<PostgresLook> {
  return {
    databases: (await client.query<DatabaseRow>(databases)).rows,
    sessions: (await client.query<SessionRow>(sessions, [longAfter])).rows,
  }
}

export interface SlowLook {
  /** Bytes by database. */
  readonly sizes: ReadonlyMap<string, number>
  readonly limit: number
}

/** Looks at every file of every database. */
export async function lookAtSizes(client: Client): Promise<SlowLook> {
  const { rows } = await client.query<SizeRow>(
    'SELECT datname AS name, pg_database_size(oid) AS bytes FROM pg_database WHERE NOT datistemplate',
  )
  const { rows: server } = await client.query<ServerRow>(`
    SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS limit`)
  return { sizes: new Map(rows.map(it => [it.name, Number(it.bytes)])), limit: server[0]?.limit ?? 0 }
}
