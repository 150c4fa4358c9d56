/** What is set up inside PostgreSQL, the same for every driver: our roles, who may log in, PgBouncer's look-up. */
import { type Client, escapeIdentifier, escapeLiteral } from 'pg'
import type { Problem } from '../../shared/problem'
import { hasCode, type Login, type Timeouts, withConnection } from './connection'
import { scramSecret } from './scram'

/** Our superuser. */
export const adminRole = 'instance_manager'
/** PgBouncer's role: it may connect to every instance's database and call `pgbouncer.get_auth`, nothing else. */
export const poolerRole = 'pgbouncer_auth'
/** The superuser that a cluster is born with. It cannot come in over TCP. */
export const bornRole = 'postgres'

/**
 * 100 instances with PgBouncer's pool of 5 each are 500; the rest is for migrations on the direct port and for us.
 * An idle connection costs about 2 MB, and PgBouncer closes it after a minute.
 */
export const maxConnections = 600

/** SQL for the superuser that makes our administrator, or gives it its password again. One statement a line: single-user mode wants that. */
export async function adminSql(password: string): Promise<string> {
  const role = escapeIdentifier(adminRole)
  const exists = `SELECT FROM pg_catalog.pg_roles WHERE rolname = ${escapeLiteral(adminRole)}`
  return [
    `DO $make$ BEGIN IF NOT EXISTS (${exists}) THEN CREATE ROLE ${role}; END IF; END $make$;`,
    `ALTER ROLE ${role} SUPERUSER LOGIN PASSWORD ${escapeLiteral(await scramSecret(password))};`,
  ].join('\n') + '\n'
}

/**
 * pg_hba.conf. `container`: the superuser that the cluster was born with comes in by the socket inside the container, as `podman exec` does.
 * `machine`: we and PgBouncer come in by a socket that only we reach, so over TCP, where anyone may try, neither of our roles does.
 */
export const hostRules = (place: 'container' | 'machine'): string => [
  '# Written by Instance Manager. Nobody without a password; no superuser over TCP but ours, in a container.',
  `local all ${bornRole} ${place === 'container' ? 'peer map=container' : 'reject'}`,
  'local all all scram-sha-256',
  `host all ${place === 'container' ? bornRole : [bornRole, adminRole, poolerRole].join(',')} all reject`,
  'host replication all all reject',
  // A container sees the engine's gateway as the source; its port is published on 127.0.0.1 only.
  `host all all ${place === 'container' ? 'all' : '127.0.0.1/32'} scram-sha-256`,
  '',
].join('\n')

/** pg_ident.conf: inside a container root and postgres are the superuser, so that the guide's `podman exec postgres psql` works. */
export const identMap = `container root ${bornRole}\ncontainer postgres ${bornRole}\n`

/** postgresql.conf. @param more further lines */
export const serverSettings = (more: Readonly<Record<string, string | number>>): string => [
  '# Written by Instance Manager at every start.',
  ...Object.entries({
    max_connections: maxConnections,
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_line_prefix: '%m [%p] %q%u@%d ',
    ...more,
  }).map(([key, value]) => `${key} = ${typeof value === 'number' ? value : escapeSetting(value)}`),
  '',
].join('\n')

const escapeSetting = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

const lookupBody = `SELECT rolname::text, rolpassword::text FROM pg_catalog.pg_authid
  WHERE rolname = name AND rolcanlogin AND NOT rolsuper AND (rolvaliduntil IS NULL OR rolvaliduntil > pg_catalog.now())`

/**
 * Makes PgBouncer's role and its look-up in template1, from which every instance's database is made.
 * Safe to repeat. @param adopted leave what is there as it is: only add
 */
export async function securePostgres(admin: Login, poolerPassword: string, { adopted }: { adopted: boolean }): Promise<void> {
  const pooler = escapeIdentifier(poolerRole)
  const secret = escapeLiteral(await scramSecret(poolerPassword))
  const databases = await withConnection(admin, async client => {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [poolerRole])
    await client.query(`${rowCount ? 'ALTER' : 'CREATE'} ROLE ${pooler} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${secret}`)
    if (!adopted) {
      await client.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC')
      await client.query(`ALTER ROLE ${escapeIdentifier(bornRole)} PASSWORD NULL`) // it was needed to make the cluster, and never again
    }
    // Databases that the CLI made have no look-up yet; those made from our template1 have it.
    const found = await client.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE datallowconn AND ($1 OR datname IN ('postgres', 'template1'))", [adopted])
    for (const { datname } of found.rows) await client.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(datname)} TO ${pooler}`)
    return found.rows.map(it => it.datname)
  })
  for (const database of databases) await withConnection({ ...admin, database }, installLookup)
}

/** Installs `pgbouncer.get_auth` in the database that the client is connected to. Safe to repeat. */
async function installLookup(client: Client): Promise<void> {
  const pooler = escapeIdentifier(poolerRole)
  await client.query(`
    BEGIN;
    CREATE SCHEMA IF NOT EXISTS pgbouncer;
    REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC;
    GRANT USAGE ON SCHEMA pgbouncer TO ${pooler};
    CREATE OR REPLACE FUNCTION pgbouncer.get_auth(name text, OUT username text, OUT password text) RETURNS SETOF record
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ${escapeLiteral(lookupBody)};
    REVOKE ALL ON FUNCTION pgbouncer.get_auth(text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION pgbouncer.get_auth(text) TO ${pooler};
    COMMIT;`)
}

/** Whether `securePostgres` has been done with this password: PgBouncer's role can look a role up where new databases come from. */
export async function isSecured(admin: Login, poolerPassword: string): Promise<boolean> {
  try {
    await withConnection({ ...admin, user: poolerRole, password: poolerPassword, database: 'template1' },
      client => client.query('SELECT username, password FROM pgbouncer.get_auth($1)', ['nobody']))
    return true
  } catch (error) {
    if (['28P01', '28000', '42501', '42883', '3F000'].some(it => hasCode(error, it))) return false
    throw error
  }
}

/** The server's version (e.g. `17.2`) by a real query. @throws what `pg` throws */
export const postgresVersion = (admin: Login, timeouts?: Timeouts): Promise<string> => withConnection(admin, async client => {
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
  return rows[0]?.server_version.split(' ')[0] ?? ''
}, timeouts)

/** What the running server lacks of the secure set-up: rules in pg_hba.conf that ask for no password, or for a weak proof of it. */
export const weakRules = (admin: Login, timeouts?: Timeouts): Promise<Problem[]> => withConnection(admin, async client => {
  const { rows } = await client.query<{ line_number: number; type: string; address: string | null; auth_method: string }>(
    "SELECT line_number, type, address, auth_method FROM pg_hba_file_rules WHERE auth_method IN ('trust', 'password', 'md5', 'ident')")
  if (rows.length === 0) return []
  return [{
    code: 'postgres-weak-rules',
    message: 'This PostgreSQL lets some connections in without a safe proof of the password.',
    cause: `In its pg_hba.conf: ${rows.map(it => `line ${it.line_number}: ${it.type} ${it.address ?? ''} ${it.auth_method}`.replace(/ +/g, ' ')).join('; ')}.`,
    hint: 'It was made elsewhere and is used as it is. Change these lines to scram-sha-256 when no one depends on them.',
  }]
}, timeouts)
