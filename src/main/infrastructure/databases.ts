/** Databases and roles of instances. Each is marked with its operation's token, so that undo drops only what that operation made. */
import { type Client, escapeIdentifier, escapeLiteral } from 'pg'
import { problem } from '../../shared/problem'
import { hasCode, isRefused, type Login, unreachable, withConnection } from './connection'
import { poolerRole } from './postgres'
import { scramSecret } from './scram'

export interface DatabaseNames { readonly database: string; readonly role: string }
/** `token` names the operation that makes them; letters, digits and hyphens. */
export interface OwnedDatabase extends DatabaseNames { readonly token: string }
/** `password` is printable ASCII. Only its SCRAM secret is sent. */
export interface NewDatabase extends OwnedDatabase { readonly password: string }

/** All methods throw Problem `postgres-unreachable`, `postgres-refused-us` or `postgres-failed` besides what they say. */
export class Databases {
  /** @param admin our role's login to the database `postgres` on the direct port */
  constructor(private readonly admin: () => Promise<Login>) {}

  /** Which of the two names are taken, by whomever. */
  find({ database, role }: DatabaseNames): Promise<{ database: boolean; role: boolean }> {
    return this.connected(async client => {
      const { rows } = await client.query<{ database: boolean; role: boolean }>(`
        SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS database, EXISTS (SELECT FROM pg_roles WHERE rolname = $2) AS role`,
      [database, role])
      return rows[0] ?? { database: false, role: false }
    })
  }

  /**
   * Makes the role and the database that it owns, where nobody else's role but PgBouncer's may connect. Safe to repeat.
   * @throws Problem `database-exists` if one of the names is taken by someone else; then nothing was changed
   */
  create({ database, role, password, token }: NewDatabase): Promise<void> {
    return this.locked(database, async client => {
      const owner = await this.owner(client, { database, role })
      if ((owner.role && owner.token !== token) || (owner.database && !owner.ownedByRole)) throw taken({ database, role }, owner)
      const name = escapeIdentifier(role)
      const secret = escapeLiteral(await scramSecret(password))
      const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS'
      // Role and mark in one transaction: a crash never leaves a role that nobody dares to drop.
      await client.query(`
        BEGIN;
        ${owner.role ? 'ALTER' : 'CREATE'} ROLE ${name} ${rights} PASSWORD ${secret};
        COMMENT ON ROLE ${name} IS ${escapeLiteral(mark(token))};
        COMMIT;`)
      if (!owner.database) await client.query(`CREATE DATABASE ${escapeIdentifier(database)} OWNER ${name} TEMPLATE template1`)
      await client.query(`
        BEGIN;
        REVOKE CONNECT, TEMPORARY ON DATABASE ${escapeIdentifier(database)} FROM PUBLIC;
        GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(poolerRole)};
        COMMIT;`)
    })
  }

  /** Whether `create` has done all of it: marks, rights, PgBouncer's look-up, and a login with the password. Changes nothing. */
  async verify({ database, role, password, token }: NewDatabase): Promise<boolean> {
    const complete = await this.connected(async client => {
      const owner = await this.owner(client, { database, role })
      if (owner.token !== token || !owner.ownedByRole) return false
      const { rows } = await client.query<{ safe: boolean }>(`
        SELECT NOT has_database_privilege('public', $1, 'CONNECT') AND has_database_privilege($2, $1, 'CONNECT') AS safe`,
      [database, poolerRole])
      return rows[0]?.safe === true
    })
    if (!complete) return false
    const { port } = await this.admin()
    try {
      return await withConnection({ port, user: role, password, database }, async client => {
        const { rows } = await client.query<{ found: boolean }>(`
          SELECT EXISTS (SELECT FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
            WHERE nspname = 'pgbouncer' AND proname = 'get_auth') AS found`)
        return rows[0]?.found === true
      })
    } catch (error) {
      if (isRefused(error)) return false
      throw unreachable(error, port)
    }
  }

  /** Drops the database and the role if they carry the token; what is another's is left alone. Safe to repeat. */
  drop({ database, role, token }: OwnedDatabase): Promise<void> {
    return this.locked(database, async client => {
      const owner = await this.owner(client, { database, role })
      if (!token || owner.token !== token) return
      // FORCE: PgBouncer keeps server connections for a while after the application has stopped.
      if (owner.ownedByRole) await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`)
      await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`)
    })
  }

  /**
   * Drops an instance's database and role, whoever made them, connections included. Safe to repeat.
   * @throws Problem `database-foreign` if the database belongs to another role; then nothing is dropped
   */
  remove({ database, role }: DatabaseNames): Promise<void> {
    return this.locked(database, async client => {
      const owner = await this.owner(client, { database, role })
      if (owner.database && !owner.ownedByRole) throw problem({
        code: 'database-foreign', message: `The database ${database} does not belong to the role ${role}.`,
        hint: 'It is left alone. Look at who owns it, then retry.',
      })
      await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`)
      await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`)
    })
  }

  /** Notes in the database itself which release's schema it has. @param fingerprint the release's */
  markSchema(database: string, fingerprint: string): Promise<void> {
    return this.connected(async client => {
      await client.query(`COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${escapeLiteral(schemaMark(fingerprint))}`)
    })
  }

  /** Whether `markSchema` was the last to say so. */
  hasSchema(database: string, fingerprint: string): Promise<boolean> {
    return this.connected(async client => {
      const { rows } = await client.query<{ comment: string | null }>(
        `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`, [database])
      return rows[0]?.comment === schemaMark(fingerprint)
    })
  }

  /** Size in bytes of every database, by name. */
  sizes(): Promise<ReadonlyMap<string, number>> {
    return this.connected(async client => {
      const { rows } = await client.query<{ name: string; bytes: string }>(
        'SELECT datname AS name, pg_database_size(oid) AS bytes FROM pg_database WHERE datallowconn AND NOT datistemplate')
      return new Map(rows.map(it => [it.name, Number(it.bytes)]))
    })
  }

  /** Size in bytes and open connections of one database; undefined if there is none. */
  usage(database: string): Promise<{ bytes: number; connections: number } | undefined> {
    return this.connected(async client => {
      const { rows } = await client.query<{ bytes: string; connections: string }>(`
        SELECT pg_database_size(oid) AS bytes, (SELECT count(*) FROM pg_stat_activity WHERE pg_stat_activity.datname = $1) AS connections
        FROM pg_database WHERE datname = $1`, [database])
      return rows[0] && { bytes: Number(rows[0].bytes), connections: Number(rows[0].connections) }
    })
  }

  private async owner(client: Client, { database, role }: DatabaseNames): Promise<Owner> {
    const { rows } = await client.query<{ role: boolean; comment: string | null; database: boolean; owned: boolean }>(`
      SELECT roles.oid IS NOT NULL AS role, shobj_description(roles.oid, 'pg_authid') AS comment,
        databases.oid IS NOT NULL AS database, coalesce(databases.datdba = roles.oid, false) AS owned
      FROM (SELECT 1) AS one
      LEFT JOIN pg_roles AS roles ON roles.rolname = $1
      LEFT JOIN pg_database AS databases ON databases.datname = $2`, [role, database])
    const row = rows[0]
    const comment = row?.comment ?? undefined
    return {
      role: row?.role === true, database: row?.database === true, ownedByRole: row?.owned === true,
      token: comment?.startsWith(mark('')) ? comment.slice(mark('').length) : undefined,
    }
  }

  /** Two operations never work on the same names at once, and a repeated one waits for what it left running in the server. */
  private locked<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
    return this.connected(async client => {
      await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`instance-manager ${database}`])
      return await work(client) // the lock ends with the connection
    })
  }

  private async connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const admin = await this.admin()
    for (let attempt = 1; ; attempt++) {
      try {
        return await withConnection(admin, work)
      } catch (error) {
        // Someone looks into template1 just now (object_in_use): all that is done here is safe to repeat.
        if (attempt < 5 && hasCode(error, '55006')) continue
        throw unreachable(error, admin.port)
      }
    }
  }
}

interface Owner {
  readonly role: boolean
  readonly database: boolean
  readonly ownedByRole: boolean
  readonly token: string | undefined
}

const mark = (token: string): string => `instance-manager:${token}`

const schemaMark = (fingerprint: string): string => `instance-manager schema ${fingerprint}`

const taken = ({ database, role }: DatabaseNames, owner: Owner) => problem({
  code: 'database-exists', field: 'name',
  message: owner.database ? `There is a database ${database} already.` : `There is a database role ${role} already.`,
  cause: 'Instance Manager did not make it for this instance, so it is left alone.',
  hint: 'Choose another name, or remove it first if nobody needs it.',
})
