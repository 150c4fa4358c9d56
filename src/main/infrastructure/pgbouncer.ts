/** What PgBouncer is told, the same for every driver. */
import { isRefused, type Login, type Server, type Timeouts, withConnection } from './connection'
import { poolerRole } from './postgres'
import { isUnproven } from './proof'

export interface PoolerSettings {
  /** `host`: an address, or the folder of its Unix socket. */
  readonly postgres: { readonly host: string; readonly port: number }
  /** `sockets`: the folder for a Unix socket, if it shall have one. */
  readonly listen: { readonly address: string; readonly port: number; readonly sockets?: string }
  /** Where it finds userlist.txt, by its own paths. */
  readonly folder: string
  /** For a daemon of ours: where it writes these, by its own paths. A container logs to its standard error. */
  readonly daemon?: { readonly log: string; readonly pidFile: string }
}

/**
 * pgbouncer.ini. The numbers are for 100 instances: Prisma opens up to 2 × cores + 1 client connections each (its documented
 * default), so 2000 clients; 5 server connections each stay within PostgreSQL's `maxConnections`.
 */
export const poolerIni = ({ postgres, listen, folder, daemon }: PoolerSettings): string => [
  ';; Written by Instance Manager at every start.',
  '[databases]',
  `* = host=${postgres.host} port=${postgres.port}`,
  '[pgbouncer]',
  ...Object.entries({
    listen_addr: listen.address,
    listen_port: listen.port,
    unix_socket_dir: listen.sockets ?? '',
    unix_socket_mode: '0700',
    auth_type: 'scram-sha-256',
    auth_file: `${folder}/userlist.txt`,
    auth_user: poolerRole,
    auth_query: 'SELECT username, password FROM pgbouncer.get_auth($1)',
    stats_users: poolerRole,
    pool_mode: 'transaction',
    max_client_conn: 2000,
    default_pool_size: 5,
    server_idle_timeout: 60, // seconds: an instance at rest gives its connections back
    server_login_retry: 1, // after a restart of PostgreSQL try again at once, not after 15 s
    query_wait_timeout: 20, // a client hears of a missing database instead of hanging for 120 s
    ignore_startup_parameters: 'extra_float_digits,options', // what JDBC-like clients and Prisma send and PgBouncer cannot keep
    log_connections: 0, // thousands of lines a day otherwise
    log_disconnections: 0,
    ...(daemon ? { logfile: daemon.log, pidfile: daemon.pidFile } : {}),
  }).map(([key, value]) => `${key} = ${value}`),
  '',
].join('\n')

/** userlist.txt: PgBouncer's own role, whose password it needs as it is to log in to PostgreSQL. */
export const poolerUsers = (password: string): string => `"${poolerRole}" "${password.replaceAll('"', '""')}"\n`

/** Whether a query goes through the pooler to PostgreSQL and back. @throws what `pg` throws */
export const poolerAnswers = (server: Server, password: string, timeouts: Timeouts): Promise<unknown> =>
  withConnection({ ...server, user: poolerRole, password, database: 'postgres' }, client => client.query('SELECT 1'), timeouts)

/**
 * PgBouncer's version from its console, which needs no PostgreSQL behind it.
 * @returns undefined if it answers but does not let our role in (one that was made elsewhere)
 * @throws what `pg` throws
 */
export async function poolerVersion(server: Server, password: string, timeouts: Timeouts): Promise<string | undefined> {
  const login: Login = { ...server, user: poolerRole, password, database: 'pgbouncer' }
  try {
    return await withConnection(login, async client => {
      const { rows } = await client.query<{ version: string }>('SHOW VERSION')
      return /[\d.]+/.exec(rows[0]?.version ?? '')?.[0]
    }, timeouts)
  } catch (error) {
    if (isRefused(error) || isPoolerError(error) || (server.adopted && isUnproven(error))) return undefined
    throw error
  }
}

/** PgBouncer's own refusals carry SQLSTATE 08P01. */
const isPoolerError = (error: unknown): boolean => error instanceof Error && (error as { code?: string }).code === '08P01'
