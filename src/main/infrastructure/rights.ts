/** Checks and restores an instance's rights: its role has what it needs in its database, and nobody else does. */
import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import { unreachable, withConnection, type Login } from './connection'
import type { DatabaseNames } from './database-marks'
import { scramSecret } from './scram'
import { poolerRole } from './services/postgres-config'

export interface DatabaseRights {
  readonly role: boolean
  readonly database: boolean
  /** The role owns the database. */
  readonly owner: boolean
  /** The role can log in. */
  readonly login: boolean
  /** The role can do more than it should: it is a superuser, creates roles or databases, or bypasses row security. */
  readonly powerful: boolean
  /** Every role can connect to the database. */
  readonly open: boolean
  /** PgBouncer's role can connect to it, to look up passwords. */
  readonly pooler: boolean
  /** Tables, views and sequences in the schema `public` that belong to another role. */
  readonly strangers: readonly string[]
}

const ordinary = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS'

/** @param admin our role's login to the database `postgres` @throws as `Databases` */
export async function readRights(admin: Login, { database, role }: DatabaseNames): Promise<DatabaseRights> {
  const found = await connected(admin, async client => {
    const { rows } = await client.query<Omit<DatabaseRights, 'strangers'>>(
      `
      SELECT roles.oid IS NOT NULL AS role, databases.oid IS NOT NULL AS database,
        coalesce(databases.datdba = roles.oid, false) AS owner, coalesce(roles.rolcanlogin, false) AS login,
        coalesce(roles.rolsuper OR roles.rolcreaterole OR roles.rolcreatedb OR roles.rolbypassrls OR roles.rolreplication, false) AS powerful,
        coalesce(has_database_privilege('public', databases.oid, 'CONNECT'), false) AS open,
        coalesce((SELECT has_database_privilege(oid, databases.oid, 'CONNECT') FROM pg_roles WHERE rolname = $3), false) AS pooler
      FROM (SELECT 1) AS one
      LEFT JOIN pg_roles AS roles ON roles.rolname = $1
      LEFT JOIN pg_database AS databases ON databases.datname = $2`,
      [role, database, poolerRole],
    )
    return rows[0]
  })
  if (!found) throw new Error('PostgreSQL returned no row')
  const strangers =
    found.role && found.database ? await connected({ ...admin, database }, client => strangersIn(client, role)) : []
  return { ...found, strangers }
}

/** Their names, quoted for SQL. Those of extensions don't count. */
async function strangersIn(client: Client, role: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `
    SELECT c.oid::regclass::text AS name FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
      AND c.relowner <> (SELECT oid FROM pg_roles WHERE rolname = $1)
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'a', 'i'))
    ORDER BY 1`,
    [role],
  )
  return rows.map(it => it.name)
}

/**
 * Makes the role the owner of its database and of everything in its schema `public`, revokes whatever goes beyond that,
 * and keeps everyone else out. Safe to repeat. The caller has checked that both are the instance's.
 * @throws as `Databases`
 */
export async function restoreRights(admin: Login, { database, role }: DatabaseNames): Promise<void> {
  const [db, user, pooler] = [database, role, poolerRole].map(escapeIdentifier)
  await connected(admin, client =>
    client.query(`
      BEGIN;
      ALTER ROLE ${user} ${ordinary};
      ALTER DATABASE ${db} OWNER TO ${user};
      REVOKE CONNECT, TEMPORARY ON DATABASE ${db} FROM PUBLIC;
      GRANT ALL ON DATABASE ${db} TO ${user};
      GRANT CONNECT ON DATABASE ${db} TO ${pooler};
      COMMIT;`),
  )
  await connected({ ...admin, database }, async client => {
    // a lock that an application holds must not make it wait, nor hold up the application behind us
    await client.query("SET lock_timeout = '5s'")
    for (const it of await strangersIn(client, role)) await client.query(`ALTER TABLE ${it} OWNER TO ${user}`)
  })
}

/** The role's password as PostgreSQL stores it; undefined if it has none. @throws as `Databases` */
export const storedPassword = (admin: Login, role: string): Promise<string | undefined> =>
  connected(admin, async client => {
    const { rows } = await client.query<{ password: string | null }>(
      'SELECT rolpassword AS password FROM pg_authid WHERE rolname = $1',
      [role],
    )
    return rows[0]?.password ?? undefined
  })

/** @param password printable ASCII. Only its SCRAM secret is sent. @throws as `Databases` */
export const setPassword = async (admin: Login, role: string, password: string): Promise<void> =>
  restorePassword(admin, role, await scramSecret(password))

/** Does nothing if the role is gone. @param stored as `storedPassword` returned it @throws as `Databases` */
export const restorePassword = (admin: Login, role: string, stored: string | undefined): Promise<void> =>
  connected(admin, async client => {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
    const secret = stored === undefined ? 'NULL' : escapeLiteral(stored)
    if (rowCount) await client.query(`ALTER ROLE ${escapeIdentifier(role)} PASSWORD ${secret}`)
  })

async function connected<T>(login: Login, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await withConnection(login, work)
  } catch (error) {
    throw unreachable(error, login.port)
  }
}
