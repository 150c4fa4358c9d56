/** PgBouncer's configuration, the same for every driver. */
import { databaseConnections, instanceClients, lookupConnections, poolerClients, poolSize } from '../limits'
import { poolerRole } from './postgres-config'

export interface PoolerSettings {
  /** `host`: an address, or the folder of its Unix socket. */
  readonly postgres: { readonly host: string; readonly port: number }
  /** `sockets`: the folder for a Unix socket, if it shall have one. */
  readonly listen: { readonly address: string; readonly port: number; readonly sockets?: string }
  /** Where it finds userlist.txt, by its own paths. */
  readonly folder: string
  /** For a daemon of ours: where it writes these, by its own paths. A container logs to its standard error. */
  readonly daemon?: { readonly log: string; readonly pidFile: string }
  /**
   * PgBouncer's own, e.g. `1.24.1`: it refuses to start with a setting that it does not know. Undefined: the oldest
   * that is supported, 1.18.
   */
  readonly version: string | undefined
}

/** Whether it has that release's settings. */
const isSince = (version: string | undefined, minor: number): boolean => {
  const [major = 0, its = 0] = (version ?? '').split('.').map(Number)
  return major > 1 || (major === 1 && its >= minor)
}

/** @param output of `pgbouncer --version` */
export const parsePoolerVersion = (output: string): string | undefined => /PgBouncer (\d+\.\d+\.\d+)/.exec(output)?.[1]

/** pgbouncer.ini. Its numbers are explained in limits.ts. */
export const poolerIni = ({ postgres, listen, folder, daemon, version }: PoolerSettings): string =>
  [
    ';; Written by Instance Manager at every start.',
    '[databases]',
    `* = host=${postgres.host} port=${postgres.port}`,
    '[users]',
    `${poolerRole} = max_user_connections=${lookupConnections}`,
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
      admin_users: poolerRole, // KILL and RESUME of a pool that keeps refusing (pools.ts)
      pool_mode: 'transaction',
      max_client_conn: poolerClients,
      ...(isSince(version, 24)
        ? { max_db_client_connections: instanceClients, max_user_client_connections: instanceClients }
        : {}),
      // seconds for a login, which takes milliseconds: until then anyone holds a connection without a password
      client_login_timeout: 10,
      default_pool_size: poolSize,
      max_db_connections: databaseConnections,
      // a role has one database; more are failing attempts at those of others
      max_user_connections: databaseConnections,
      // One pool for all look-ups, where it can be had, not one in each database.
      ...(isSince(version, 19) ? { auth_dbname: 'postgres' } : {}),
      server_idle_timeout: 60, // seconds: an instance at rest gives its connections back
      server_login_retry: 1, // after a restart of PostgreSQL try again at once, not after 15 s
      query_wait_timeout: 20, // a client hears of a missing database instead of hanging for 120 s
      // what JDBC-like clients and Prisma send and PgBouncer cannot keep
      ignore_startup_parameters: 'extra_float_digits,options',
      log_connections: 0, // thousands of lines a day otherwise
      log_disconnections: 0,
      ...(daemon ? { logfile: daemon.log, pidfile: daemon.pidFile } : {}),
    }).map(([key, value]) => `${key} = ${value}`),
    '',
  ].join('\n')

/** userlist.txt: PgBouncer's own role, whose password it needs as it is to log in to PostgreSQL. */
export const poolerUsers = (password: string): string => `"${poolerRole}" "${password.replaceAll('"', '""')}"\n`
