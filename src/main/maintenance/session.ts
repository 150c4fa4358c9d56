/**
 * Sessions for maintenance, logged in as the instance's own role: whatever it has planted in its database runs with no
 * more rights than it has anyway (docs/decisions/0041-maintenance.md).
 */
import type { Client, QueryResult, QueryResultRow } from 'pg'
import { problem, type ProblemError } from '../../shared/problem'
import { hasCode, isRefused, unreachable, withConnection, type Login } from '../infrastructure/connection'
import { waitFor } from '../system/wait'

/** Milliseconds that one table or index may take. */
export const statementTimeout = 1_800_000
/**
 * Milliseconds that a statement waits for a lock. No reader or writer waits behind it: the locks of VACUUM and REINDEX
 * CONCURRENTLY conflict only with each other and with schema changes. REINDEX also waits for the transactions that were open when it began.
 */
const lockTimeout = 30_000
const tidyLockTimeout = 3000

/**
 * The delay is autovacuum's default, so VACUUM pauses as often. From PostgreSQL 14 on, a server that notices that its
 * client is gone stops, so nothing keeps running for half an hour after we crash.
 */
const settings = `SET search_path = pg_catalog, pg_temp; SET lock_timeout = ${lockTimeout};
  SET vacuum_cost_delay = 2; SET max_parallel_maintenance_workers = 0; SET default_transaction_read_only = off;
  SET client_min_messages = error;
  SELECT set_config(name, '1000', false) FROM pg_settings WHERE name = 'client_connection_check_interval'`

export interface TenantSession {
  /** @throws what PostgreSQL answers; the signal's reason, once the statement has ended in the server */
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<QueryResult<Row>>
  /** As `query`, but for tidying up: not cancelled, and it waits only a moment for a lock. */
  tidy<Row extends QueryResultRow>(sql: string): Promise<QueryResult<Row>>
}

/**
 * @param login as the instance's role, to its own database @param admin cancels what runs when the signal is aborted
 * @throws Problem `maintenance-login`, `postgres-…`
 */
export async function withTenant<T>(
  login: Login,
  admin: () => Promise<Login>,
  signal: AbortSignal,
  work: (session: TenantSession) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  try {
    return await withConnection(
      login,
      async client => {
        await client.query(settings)
        const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
        const cancel = (): Promise<void> => cancelBackend(admin, rows[0]?.pid ?? 0, login)
        return await work({
          query: (sql, values = []) => cancellable(client, [sql, values], cancel, signal),
          async tidy(sql) {
            await client.query(`SET lock_timeout = ${tidyLockTimeout}`)
            try {
              return await client.query(sql)
            } finally {
              await client.query(`SET lock_timeout = ${lockTimeout}`)
            }
          },
        })
      },
      { connect: 10_000, query: statementTimeout + 10_000, statement: statementTimeout },
    )
  } catch (error) {
    signal.throwIfAborted()
    throw explained(error, login)
  }
}

async function cancellable<Row extends QueryResultRow>(
  client: Client,
  [sql, values]: readonly [string, readonly unknown[]],
  cancel: () => Promise<void>,
  signal: AbortSignal,
): Promise<QueryResult<Row>> {
  signal.throwIfAborted()
  let ended = false
  const done = client.query<Row>(sql, [...values]).finally(() => (ended = true))
  // A cancel that reaches the server before the statement does has no effect, so it is repeated.
  const stop = (): void => void waitFor(() => cancel().then(() => ended), { every: 200 }).catch(() => client.end()) // the server can't be asked to
  signal.addEventListener('abort', stop)
  try {
    const result = await done
    signal.throwIfAborted()
    return result
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

const cancelBackend = async (admin: () => Promise<Login>, pid: number, { user, database }: Login): Promise<void> =>
  withConnection(
    await admin(),
    async client => {
      await client.query(
        `SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
         WHERE pid = $1 AND usename = $2 AND datname = $3`,
        [pid, user, database],
      )
    },
    { connect: 4000, query: 4000 },
  )

function explained(error: unknown, { user, database, port }: Login): ProblemError {
  const missing = hasCode(error, '3D000')
  if (missing || isRefused(error))
    return problem(
      {
        code: 'maintenance-login',
        message: missing ? `The database ${database} doesn’t exist.` : `Logging in to ${database} as ${user} failed.`,
        cause: missing || !(error instanceof Error) ? undefined : `PostgreSQL says: ${error.message}.`,
        hint: 'Check the instance under Health, or with “instance-manager doctor”.',
      },
      error,
    )
  return unreachable(error, port)
}

/** Whether another session's lock got in the way. */
export const isLocked = (error: unknown): boolean => hasCode(error, '55P03') || hasCode(error, '40P01')
