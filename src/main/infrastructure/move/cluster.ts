/**
 * What belongs to the whole cluster rather than to one database: roles with their passwords and memberships, databases
 * with their owners and rights, and the settings of both. Superusers aren't included: each cluster has its own.
 */
import { type Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { type Login, withConnection } from '../connection'
import { copyPattern } from '../database-marks'
import { poolerRole } from '../services/postgres-config'
import { templateDatabase } from '../secure'

export interface RoleFacts {
  readonly name: string
  /** As SQL, e.g. `INHERIT NOCREATEROLE … CONNECTION LIMIT 50`. */
  readonly attributes: string
  /** As PostgreSQL stores it. */
  readonly password: string | null
  readonly comment: string | null
}

export interface DatabaseFacts {
  readonly name: string
  readonly owner: string
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  readonly comment: string | null
  /** `grantee` is null for PUBLIC. */
  readonly rights: readonly { readonly grantee: string | null; readonly right: string; readonly grantable: boolean }[]
}

/** Whether the member may grant it to others, has its rights by itself, and may `SET ROLE` to it. */
export interface Membership {
  readonly role: string
  readonly member: string
  readonly admin: boolean
  readonly inherit: boolean
  readonly set: boolean
}

export interface Cluster {
  readonly roles: readonly RoleFacts[]
  readonly memberships: readonly Membership[]
  readonly databases: readonly DatabaseFacts[]
  /** `ALTER ROLE … SET` and `ALTER DATABASE … SET`; null: all roles, or all databases. */
  readonly settings: readonly {
    readonly role: string | null
    readonly database: string | null
    readonly values: readonly string[]
  }[]
}

/** The roles that are moved, as a condition on `pg_authid`. OIDs below 16384 are PostgreSQL's own. */
const moved = `oid >= 16384 AND NOT rolsuper AND rolname <> ${literal(poolerRole)}`
/** The databases that are moved, as a condition on `pg_database`. Copies for rehearsals come and go. */
export const movedDatabases = `datname NOT IN ('postgres', 'template0', 'template1', ${literal(templateDatabase)}) AND datname !~ ${literal(copyPattern)}`

/** Milliseconds: dropping a large database takes minutes on a slow disk. */
const timeouts = { connect: 10_000, query: 1_800_000 }

/** Reads it all in a fixed order, so that two can be compared. @param client our role's, in the database `postgres` */
export async function readCluster(client: Client): Promise<Cluster> {
  await client.query("SET timezone = 'UTC'")
  const ask = async <Row extends object>(sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows
  /** Before PostgreSQL 16, there are no such options. */
  const option = (name: string, before: string): string =>
    `coalesce((to_jsonb(pg_auth_members) ->> '${name}')::boolean, ${before})`
  const yes = (column: string, word: string): string => `CASE WHEN ${column} THEN '' ELSE 'NO' END || '${word}'`
  return {
    roles: await ask(`
      SELECT rolname::text AS name, rolpassword AS password, shobj_description(oid, 'pg_authid') AS comment,
        concat_ws(' ', ${yes('rolinherit', 'INHERIT')}, ${yes('rolcreaterole', 'CREATEROLE')}, ${yes('rolcreatedb', 'CREATEDB')},
          ${yes('rolcanlogin', 'LOGIN')}, ${yes('rolreplication', 'REPLICATION')}, ${yes('rolbypassrls', 'BYPASSRLS')},
          'CONNECTION LIMIT ' || rolconnlimit, 'VALID UNTIL ' || quote_literal(rolvaliduntil::text)) AS attributes
      FROM pg_authid WHERE ${moved} ORDER BY rolname`),
    memberships: await ask(`
      SELECT pg_get_userbyid(roleid)::text AS role, pg_get_userbyid(member)::text AS member, bool_or(admin_option) AS admin,
        bool_or(${option('inherit_option', '(SELECT rolinherit FROM pg_authid WHERE oid = member)')}) AS inherit,
        bool_or(${option('set_option', 'true')}) AS set
      FROM pg_auth_members WHERE member IN (SELECT oid FROM pg_authid WHERE ${moved}) GROUP BY roleid, member ORDER BY 1, 2`),
    databases: await ask(`
      SELECT datname::text AS name, pg_get_userbyid(datdba)::text AS owner, pg_encoding_to_char(encoding)::text AS encoding,
        datcollate AS collate, datctype AS ctype, shobj_description(oid, 'pg_database') AS comment,
        (SELECT coalesce(json_agg(json_build_object('grantee', rolname, 'right', privilege_type, 'grantable', is_grantable) ORDER BY rolname, privilege_type), '[]')
           FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) LEFT JOIN pg_authid ON pg_authid.oid = grantee) AS rights
      FROM pg_database WHERE ${movedDatabases} ORDER BY datname`),
    settings: await ask(`
      SELECT rolname::text AS role, datname::text AS database, setconfig AS values
      FROM pg_db_role_setting LEFT JOIN pg_authid ON pg_authid.oid = setrole LEFT JOIN pg_database ON pg_database.oid = setdatabase
      WHERE (setrole = 0 OR (${moved.replace('oid', 'pg_authid.oid')})) AND (setdatabase = 0 OR (${movedDatabases}))
      ORDER BY rolname, datname`),
  }
}

/**
 * Empties the new cluster, which can only contain what an earlier attempt copied.
 * @param admin our role's login to the database `postgres`
 */
export const clearCluster = (admin: Login): Promise<void> =>
  withConnection(
    admin,
    async client => {
      const names = async (sql: string) => (await client.query<{ name: string }>(sql)).rows.map(it => it.name)
      for (const it of await names(`SELECT datname::text AS name FROM pg_database WHERE ${movedDatabases}`))
        await client.query(`DROP DATABASE ${id(it)} WITH (FORCE)`)
      for (const it of await names(`SELECT rolname::text AS name FROM pg_authid WHERE ${moved}`))
        await client.query(`DROP ROLE ${id(it)}`)
      await client.query('ALTER ROLE ALL RESET ALL') // other settings went with their database or role
    },
    timeouts,
  )

/** Each is sent separately: PostgreSQL logs statements that fail, and the one with the password is unlikely to. */
export const roleSql = ({ name, attributes, password, comment }: RoleFacts): string[] => [
  `ALTER ROLE ${id(name)} ${attributes}`,
  `ALTER ROLE ${id(name)} PASSWORD ${password === null ? 'NULL' : literal(password)}`,
  `COMMENT ON ROLE ${id(name)} IS ${comment === null ? 'NULL' : literal(comment)}`,
]

/** @param version of the server that will run it, e.g. 150018 */
export const membershipSql = ({ role, member, admin, inherit, set }: Membership, version: number): string =>
  `GRANT ${id(role)} TO ${id(member)}${
    version >= 160_000 ? ` WITH ADMIN ${admin}, INHERIT ${inherit}, SET ${set}` : admin ? ' WITH ADMIN OPTION' : ''
  }`

export const databaseSql = ({ name, comment, rights }: DatabaseFacts): string[] => [
  `REVOKE ALL ON DATABASE ${id(name)} FROM PUBLIC`,
  ...rights.map(
    ({ grantee, right, grantable }) =>
      `GRANT ${right} ON DATABASE ${id(name)} TO ${grantee === null ? 'PUBLIC' : id(grantee)}${grantable ? ' WITH GRANT OPTION' : ''}`,
  ),
  `COMMENT ON DATABASE ${id(name)} IS ${comment === null ? 'NULL' : literal(comment)}`,
]

/** PostgreSQL stores their values as lists of quoted names (`GUC_LIST_QUOTE`). pg_dump has the same list. */
const lists: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

export function settingSql({ role, database, values }: Cluster['settings'][number]): string[] {
  const whose =
    role === null && database !== null
      ? `DATABASE ${id(database)}`
      : `ROLE ${role === null ? 'ALL' : id(role)}${database === null ? '' : ` IN DATABASE ${id(database)}`}`
  return values.map(it => {
    const [name, value] = [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)]
    const written = lists.has(name.toLowerCase()) ? namesIn(value).map(literal).join(', ') : literal(value)
    return `ALTER ${whose} SET ${name.split('.').map(id).join('.')} TO ${written || "''"}`
  })
}

/** Splits e.g. `"$user", public`. */
const namesIn = (list: string): string[] =>
  [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(it => it[1]?.replaceAll('""', '"') ?? it[2] ?? '')
