/**
 * Sets up PostgreSQL, the same for every driver: PgBouncer's role and look-up, and the template of instances'
 * databases.
 */
import { createHash } from 'node:crypto'
import { type Client, escapeIdentifier, escapeLiteral } from 'pg'
import { hasCode, type Login, withConnection } from './connection'
import { bornRole, poolerRole } from './services/postgres-config'
import { scramSecret } from './scram'

/**
 * Nobody can connect to it, so nobody can keep PostgreSQL from copying it. With template1 anyone could: for each
 * client, PgBouncer connects to the database it names with its own role, before it has checked the password.
 */
export const templateDatabase = 'instance_manager_template'

const lookupBody = `SELECT rolname::text, rolpassword::text FROM pg_catalog.pg_authid
  WHERE rolname = name AND rolcanlogin AND NOT rolsuper AND (rolvaliduntil IS NULL OR rolvaliduntil > pg_catalog.now())`

/**
 * Creates PgBouncer's role, its look-up and our template, from which every instance's database is created. Safe to
 * repeat.
 * @param adopted only add; leave everything else as it is
 */
export async function securePostgres(
  admin: Login,
  poolerPassword: string,
  { adopted }: { adopted: boolean },
): Promise<void> {
  const pooler = escapeIdentifier(poolerRole)
  const secret = escapeLiteral(await scramSecret(poolerPassword))
  const databases = await withConnection(admin, async client => {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [poolerRole])
    await client.query(
      `${rowCount ? 'ALTER' : 'CREATE'} ROLE ${pooler} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${secret}`,
    )
    if (!adopted) {
      await client.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC')
      // needed only to create the cluster
      await client.query(`ALTER ROLE ${escapeIdentifier(bornRole)} PASSWORD NULL`)
    }
    await client.query(`REVOKE CONNECT ON DATABASE template1 FROM ${pooler}`) // earlier versions granted it
    // Databases created from our template have the look-up. Others, e.g. the older tool's, get it from template1.
    const found = await client.query<{ name: string; template: boolean }>(
      "SELECT datname AS name, datistemplate AS template FROM pg_database WHERE datallowconn AND datname <> $2 AND ($1 OR datname IN ('postgres', 'template1'))",
      [adopted, templateDatabase],
    )
    for (const { name } of found.rows.filter(it => !it.template))
      await client.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(name)} TO ${pooler}`)
    return found.rows.map(it => it.name)
  })
  for (const database of databases) await withConnection({ ...admin, database }, installLookup)
  await provideTemplate(admin)
}

/** Creates the template, or updates its look-up. Safe to repeat, even concurrently. @throws what `pg` throws */
export async function provideTemplate(admin: Login): Promise<void> {
  const template = escapeIdentifier(templateDatabase)
  await withConnection(admin, async client => {
    if (await isTemplateDone(client)) return
    // released with the connection
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', ['instance-manager template'])
    if (await isTemplateDone(client)) return
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [templateDatabase])
    if (!rowCount) await copyTemplate1(client)
    await client.query(
      `REVOKE CONNECT, TEMPORARY ON DATABASE ${template} FROM PUBLIC; ALTER DATABASE ${template} ALLOW_CONNECTIONS true`,
    )
    await withConnection({ ...admin, database: templateDatabase }, installLookup)
    await client.query(
      `ALTER DATABASE ${template} IS_TEMPLATE true ALLOW_CONNECTIONS false; COMMENT ON DATABASE ${template} IS ${escapeLiteral(templateMark)}`,
    )
  })
}

/**
 * Copies template1, including anything an operator has put there for all databases. Idle sessions there would prevent
 * the copy, so they are ended.
 */
async function copyTemplate1(client: Client): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'template1' AND state = 'idle'",
    )
    try {
      await client.query(`CREATE DATABASE ${escapeIdentifier(templateDatabase)} TEMPLATE template1`)
      return
    } catch (error) {
      if (attempt === 5 || !hasCode(error, '55006')) throw error // object_in_use
    }
  }
}

async function isTemplateDone(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `
    SELECT FROM pg_database WHERE datname = $1 AND datistemplate AND NOT datallowconn AND shobj_description(oid, 'pg_database') = $2`,
    [templateDatabase, templateMark],
  )
  return rowCount === 1
}

/** Installs `pgbouncer.get_auth` in the database that the client is connected to. Safe to repeat. */
export async function installLookup(client: Client): Promise<void> {
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

/** Identifies the template's content: a template with another mark is updated. */
const templateMark = `instance-manager-template ${createHash('sha256').update(lookupBody).digest('hex').slice(0, 16)}`

/**
 * Whether `securePostgres` has been done with this password: PgBouncer's role can look up a role, and the template
 * exists.
 */
export async function isSecured(admin: Login, poolerPassword: string): Promise<boolean> {
  try {
    await withConnection({ ...admin, user: poolerRole, password: poolerPassword }, client =>
      client.query('SELECT username, password FROM pgbouncer.get_auth($1)', ['nobody']),
    )
    return await withConnection(admin, isTemplateDone)
  } catch (error) {
    if (['28P01', '28000', '42501', '42883', '3F000'].some(it => hasCode(error, it))) return false
    throw error
  }
}
