/** PgBouncer's configuration, the same for every driver. */
import type { Settings } from '../../../shared/settings'
import { databaseConnections, instanceClients, lookupConnections } from '../limits'
import { poolerRole } from './postgres-config'

export interface PoolerSettings {
  /** `host`: an address, or the folder of its Unix socket. */
  readonly postgres: { readonly host: string; readonly port: number }
  /** `sockets`: the folder for a Unix socket, if it gets one. */
  readonly listen: { readonly address: string; readonly port: number; readonly sockets?: string }
  /** The folder of userlist.txt, as it sees it. */
  readonly folder: string
  readonly settings: Pick<Settings, 'pgbouncer'>
  /** For a daemon: where it writes these files, as it sees them. A container logs to its standard error. */
  readonly daemon?: { readonly log: string; readonly pidFile: string }
  /**
   * PgBouncer's version, e.g. `1.24.1`: it refuses to start with a setting that it doesn't know. Undefined means 1.18,
   * the oldest that is supported.
   */
  readonly version: string | undefined
}

/** Whether it is version 1.`minor` or later. */
const isSince = (version: string | undefined, minor: number): boolean => {
  const [major = 0, its = 0] = (version ?? '').split('.').map(Number)
  return major > 1 || (major === 1 && its >= minor)
}

/** @param output of `pgbouncer --version` */
export const parsePoolerVersion = (output: string): string | undefined => /PgBouncer (\d+\.\d+\.\d+)/.exec(output)?.[1]

/** Instances' own pool sizes by database; undefined: the default. */
export type PoolSizes = ReadonlyMap<string, number | undefined>

/** pgbouncer.ini. Its numbers are explained in limits.ts. */
export const poolerIni = ({
  postgres,
  listen,
  folder,
  settings: { pgbouncer },
  daemon,
  version,
}: PoolerSettings): string =>
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
      max_client_conn: pgbouncer.maxClients,
      ...(isSince(version, 24)
        ? { max_db_client_connections: instanceClients, max_user_client_connections: instanceClients }
        : {}),
      // seconds; a login takes milliseconds, and until then anyone can hold a connection without a password
      client_login_timeout: 10,
      default_pool_size: pgbouncer.poolSize,
      max_db_connections: databaseConnections(pgbouncer.poolSize),
      // one pool for all look-ups, if supported, instead of one per database
      ...(isSince(version, 19) ? { auth_dbname: 'postgres' } : {}),
      server_idle_timeout: 60, // seconds: an idle instance gives its connections back
      server_login_retry: 1, // seconds: reconnect soon after PostgreSQL restarts, not after 15
      query_wait_timeout: 20, // seconds: a client learns of a missing database instead of hanging for 120
      // sent by JDBC-like clients and Prisma, but not supported by PgBouncer
      ignore_startup_parameters: 'extra_float_digits,options',
      log_connections: 0, // thousands of lines a day otherwise
      log_disconnections: 0,
      ...(daemon ? { logfile: daemon.log, pidfile: daemon.pidFile } : {}),
    }).map(([key, value]) => `${key} = ${value}`),
    `%include ${folder}/${poolsFile}`,
    '',
  ].join('\n')

export const poolsFile = 'pools.ini'

/**
 * pools.ini: every instance's database, those with the default size too. PgBouncer disconnects the clients of a
 * database that is no longer listed; a new one that isn't listed yet is served by pgbouncer.ini's `*`.
 */
export const poolerPools = (
  { postgres: { host, port }, settings: { pgbouncer } }: Pick<PoolerSettings, 'postgres' | 'settings'>,
  pools: PoolSizes,
): string =>
  [
    ';; Written by Instance Manager at every start, and when an instance’s limits change.',
    // In the section that includes this file: beginning it again would reset all its settings.
    // A role has one database; further connections are failed attempts at others'.
    `max_user_connections = ${databaseConnections(Math.max(pgbouncer.poolSize, ...[...pools.values()].map(it => it ?? 0)))}`,
    '[databases]',
    ...[...pools].map(
      ([database, size = pgbouncer.poolSize]) =>
        `${database} = host=${host} port=${port} pool_size=${size} max_db_connections=${databaseConnections(size)}`,
    ),
    '',
  ].join('\n')

/** userlist.txt: PgBouncer's own role, with the plain password that it needs to log in to PostgreSQL. */
export const poolerUsers = (password: string): string => `"${poolerRole}" "${password.replaceAll('"', '""')}"\n`
