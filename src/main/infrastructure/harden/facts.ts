/** What is looked up before adopted containers are hardened. Nothing is changed. */
import type { Problem } from '../../../shared/problem'
import type { Login } from '../connection'
import { withConnection } from '../connection'
import type { AdoptedService } from '../drivers/driver'
import { storedAs, isPlain } from '../scram'
import { weakRules } from '../services/postgres'
import { poolerRole } from '../services/postgres-config'
import type { TenantLogins } from '../tenants'

export interface RoleFacts {
  readonly name: string
  readonly superuser: boolean
  readonly canLogin: boolean
  readonly stored: 'scram' | 'md5' | 'none'
}

export interface DatabaseFacts {
  readonly name: string
  /** Whether every role may connect to it, and create temporary tables there. */
  readonly connect: boolean
  readonly temporary: boolean
  /** The roles that may connect to it even if not every role may. */
  readonly granted: readonly string[]
}

export interface LoginFacts {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** Identifies the password without revealing it: equal for equal logins. */
  readonly password: number
  /** `plain`: printable ASCII. */
  readonly characters: 'plain' | 'none' | 'others'
  /** How PostgreSQL has stored this password; undefined if it has stored another, or none. */
  readonly stored: 'scram' | 'md5' | undefined
}

export interface InstanceFacts {
  readonly name: string
  readonly urls: readonly LoginFacts[]
}

export interface HardenFacts {
  readonly weakRules: readonly string[]
  readonly roles: readonly RoleFacts[]
  readonly databases: readonly DatabaseFacts[]
  /** Servers that copy this one through a replication connection. */
  readonly standbys: number
  readonly instances: readonly InstanceFacts[]
  /** Why an instance's role or database isn't its own, by the instance's name. */
  readonly foreign: ReadonlyMap<string, Problem>
  /** The databases that are marked as another workspace's. */
  readonly elsewhere: readonly string[]
  /** Names of those that are running. */
  readonly running: readonly string[]
  readonly ports: { readonly postgres: number; readonly pgbouncer: number }
  /** Undefined if it isn't adopted. */
  readonly postgres: { readonly open: boolean } | undefined
  readonly pgbouncer: Pick<AdoptedService, 'id' | 'passing'> | undefined
}

export interface ServerFacts extends Pick<HardenFacts, 'weakRules' | 'databases' | 'standbys'> {
  readonly roles: readonly (RoleFacts & { readonly password: string | null })[]
  readonly files: { readonly rules: string; readonly map: string }
}

/** @param admin our role's login to the database `postgres` @throws what `pg` throws */
export async function serverFacts(admin: Login): Promise<ServerFacts> {
  const rules = await weakRules(admin)
  return await withConnection(admin, async client => {
    const roles = await client.query<{ name: string; superuser: boolean; login: boolean; password: string | null }>(
      `SELECT rolname AS name, rolsuper AS superuser, rolcanlogin AS login, rolpassword AS password FROM pg_authid
       WHERE rolname NOT LIKE 'pg\\_%' AND rolname NOT IN ($1, $2) ORDER BY rolname`,
      [admin.user, poolerRole],
    )
    const databases = await client.query<DatabaseFacts>(
      `SELECT datname AS name, has_database_privilege('public', oid, 'CONNECT') AS connect,
         has_database_privilege('public', oid, 'TEMPORARY') AS temporary,
         ARRAY(SELECT rolname::text FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl
           JOIN pg_roles ON pg_roles.oid = acl.grantee WHERE privilege_type = 'CONNECT') AS granted
       FROM pg_database WHERE datallowconn ORDER BY datname`,
    )
    const { rows } = await client.query<{ standbys: number; rules: string; map: string }>(
      `SELECT (SELECT count(*)::int FROM pg_stat_replication) AS standbys,
         current_setting('hba_file') AS rules, current_setting('ident_file') AS map`,
    )
    const [more] = rows
    if (!more) throw new Error('PostgreSQL returned no row')
    return {
      weakRules: rules,
      roles: roles.rows.map(({ name, superuser, login, password }) => ({
        name,
        superuser,
        canLogin: login,
        password,
        stored: password === null ? 'none' : password.startsWith('SCRAM-SHA-256$') ? 'scram' : 'md5',
      })),
      databases: databases.rows,
      standbys: more.standbys,
      files: { rules: more.rules, map: more.map },
    }
  })
}

/**
 * Compares the passwords in `.env` with the stored ones, without a login: where nothing is checked, any login would
 * succeed.
 */
export async function instanceFacts(
  all: readonly TenantLogins[],
  roles: ServerFacts['roles'],
): Promise<readonly InstanceFacts[]> {
  const passwords = [...new Set(all.flatMap(it => it.urls.map(({ password }) => password)))]
  return await Promise.all(
    all.map(async ({ name, urls }) => ({
      name,
      urls: await Promise.all(
        urls.map(async ({ host, port, user, database, password }): Promise<LoginFacts> => {
          const plain = isPlain(password)
          const stored = roles.find(it => it.name === user)?.password ?? null
          return {
            host,
            port,
            user,
            database,
            characters: plain ? 'plain' : password === '' ? 'none' : 'others',
            password: passwords.indexOf(password),
            stored: plain ? await storedAs(stored, { user, password }) : undefined,
          }
        }),
      ),
    })),
  )
}
