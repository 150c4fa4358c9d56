/**
 * PostgreSQL's configuration, the same for every driver: our roles, who may log in, and how many. secure.ts sets up
 * what is inside.
 */
import { escapeIdentifier, escapeLiteral } from 'pg'
import type { Settings } from '../../../shared/settings'
import { engineConnections } from '../limits'
import { scramSecret } from '../scram'

/** Our superuser. */
export const adminRole = 'instance_manager'
/** PgBouncer's role: it may only connect to every instance's database and call `pgbouncer.get_auth`. */
export const poolerRole = 'pgbouncer_auth'
/** The superuser that a cluster is created with. It can't log in over TCP. */
export const bornRole = 'postgres'

/**
 * SQL, run by the superuser, that creates our administrator or resets its password. One statement per line, as
 * single-user mode requires.
 */
export async function adminSql(password: string): Promise<string> {
  const role = escapeIdentifier(adminRole)
  const exists = `SELECT FROM pg_catalog.pg_roles WHERE rolname = ${escapeLiteral(adminRole)}`
  return (
    [
      `DO $make$ BEGIN IF NOT EXISTS (${exists}) THEN CREATE ROLE ${role}; END IF; END $make$;`,
      `ALTER ROLE ${role} SUPERUSER LOGIN PASSWORD ${escapeLiteral(await scramSecret(password))};`,
    ].join('\n') + '\n'
  )
}

/**
 * pg_hba.conf. `container`: superusers log in through the socket inside the container, as `podman exec` does.
 * `machine`: we and PgBouncer log in through a socket that only we can reach, so neither of our roles may log in over
 * TCP, where anyone can try.
 * @param superusers a container's, besides the first: an adopted one may have given that another name
 */
export const hostRules = (place: 'container' | 'machine', superusers: readonly string[] = []): string =>
  [
    '# Written by Instance Manager. Every login needs a password. Over TCP, no superuser but ours in a container.',
    place === 'container'
      ? `local all ${[bornRole, ...superusers.map(quoted)].join(',')} peer map=container`
      : `local all ${bornRole} reject`,
    'local all all scram-sha-256',
    `host all ${[bornRole, ...(place === 'container' ? superusers.map(quoted) : [adminRole, poolerRole])].join(',')} all reject`,
    'host replication all all reject',
    // A container sees the engine's gateway as the source; its port is published on 127.0.0.1 only.
    `host all all ${place === 'container' ? 'all' : '127.0.0.1/32'} scram-sha-256`,
    '',
  ].join('\n')

const quoted = (role: string): string => `"${role.replaceAll('"', '""')}"`

/**
 * pg_ident.conf: inside a container, root and postgres are any superuser, so that the guide's `podman exec postgres
 * psql` works.
 * @param superusers as in `hostRules`
 */
export const identMap = (superusers: readonly string[] = []): string =>
  [bornRole, ...superusers.map(quoted)].map(it => `container root ${it}\ncontainer postgres ${it}\n`).join('')

/** postgresql.conf. @param more further settings */
export const serverSettings = (
  { postgres }: Pick<Settings, 'postgres'>,
  more: Readonly<Record<string, string | number>>,
): string =>
  [
    '# Written by Instance Manager at every start.',
    ...Object.entries({
      max_connections: postgres.maxConnections,
      shared_buffers: `${postgres.sharedBuffersMB}MB`,
      work_mem: `${postgres.workMemMB}MB`,
      superuser_reserved_connections: engineConnections,
      // seconds; a login takes milliseconds, and until then anyone can hold a connection without a password
      authentication_timeout: 10,
      // needed to move an instance to another host; changing them later would cost a restart
      wal_level: 'logical',
      max_wal_senders: 10,
      max_replication_slots: 10,
      password_encryption: 'scram-sha-256',
      timezone: 'UTC',
      log_line_prefix: '%m [%p] %q%u@%d ',
      ...more,
    }).map(([key, value]) => `${key} = ${typeof value === 'number' ? value : escapeSetting(value)}`),
    '',
  ].join('\n')

const escapeSetting = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
