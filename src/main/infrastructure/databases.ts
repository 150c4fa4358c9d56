/** Instances' databases and roles, each marked with its owner (database-marks.ts). */
import { type Client, escapeIdentifier, escapeLiteral } from 'pg'
import { problem } from '../../shared/problem'
import { isRefused, type Login, ourName, unreachable, withConnection } from './connection'
import { formatMark, ownerOf, parseMark, type DatabaseNames, type DatabaseOwner } from './database-marks'
import { renameDatabase, requireRenamable } from './database-rename'
import type { OwnLimits } from '../../shared/limits'
import { roleConnections } from './limits'
import { OwnMarks } from './own-marks'
import { poolerRole } from './services/postgres-config'
import { limitSql, type RoleLimits } from './role-limits'
import { scramSecret } from './scram'
import { provideTemplate, templateDatabase } from './secure'

/** `token` names the operation that creates them; letters, digits and hyphens. */
export interface OwnedDatabase extends DatabaseNames {
  readonly token: string
}
/** `password` is printable ASCII. Only its SCRAM secret is sent. */
export interface NewDatabase extends OwnedDatabase {
  readonly password: string
}

/** All methods also throw Problem `postgres-unreachable`, `postgres-refused-us` or `postgres-failed`. */
export class Databases {
  readonly #admin: () => Promise<Login>
  readonly #own: OwnMarks

  /**
   * @param admin our role's login to the database `postgres`, not through PgBouncer
   * @param workspace the id that marks what belongs to this workspace
   */
  constructor(admin: () => Promise<Login>, workspace: string) {
    this.#admin = admin
    this.#own = new OwnMarks(workspace)
  }

  /** Which of the two names are taken, by anyone. */
  find({ database, role }: DatabaseNames): Promise<{ database: boolean; role: boolean }> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ database: boolean; role: boolean }>(
        `
        SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS database, EXISTS (SELECT FROM pg_roles WHERE rolname = $2) AS role`,
        [database, role],
      )
      return rows[0] ?? { database: false, role: false }
    })
  }

  /**
   * Creates the role and the database that it owns. Only this role and PgBouncer's may connect. Safe to repeat.
   * @throws Problem `database-exists` if one of the names is already taken; nothing is changed then
   */
  create({ database, role, password, token }: NewDatabase): Promise<void> {
    return this.#locked(database, async client => {
      const owner = await ownerOf(client, { database, role })
      if ((owner.role && owner.roleMark?.token !== token) || (owner.database && !owner.ownedByRole))
        throw taken({ database, role }, owner)
      const name = escapeIdentifier(role)
      const secret = escapeLiteral(await scramSecret(password))
      const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS'
      const limit = `CONNECTION LIMIT ${roleConnections()}`
      // Role and mark in one transaction, so a crash never leaves a role that can't safely be dropped.
      await client.query(`
        BEGIN;
        ${owner.role ? 'ALTER' : 'CREATE'} ROLE ${name} ${rights} ${limit} PASSWORD ${secret};
        COMMENT ON ROLE ${name} IS ${escapeLiteral(formatMark({ token, owner: this.#own.mark({ database, role }) }))};
        COMMIT;`)
      if (!owner.database) {
        await provideTemplate(await this.#admin()) // a server set up by an earlier version has none yet
        await client.query(`CREATE DATABASE ${escapeIdentifier(database)} OWNER ${name} TEMPLATE ${templateDatabase}`)
      }
      await client.query(`
        BEGIN;
        REVOKE CONNECT, TEMPORARY ON DATABASE ${escapeIdentifier(database)} FROM PUBLIC;
        GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(poolerRole)};
        COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${escapeLiteral(formatMark({ owner: this.#own.mark({ database, role }) }))};
        COMMIT;`)
    })
  }

  /**
   * Whether `create` is complete: marks, rights, PgBouncer's look-up, and a login with the password. Changes nothing.
   */
  async verify({ database, role, password, token }: NewDatabase): Promise<boolean> {
    const complete = await this.#connected(async client => {
      const owner = await ownerOf(client, { database, role })
      const ours = this.#own.mark({ database, role })
      if (
        owner.roleMark?.token !== token ||
        !owner.ownedByRole ||
        owner.roleMark.owner !== ours ||
        owner.databaseMark?.owner !== ours
      )
        return false
      const { rows } = await client.query<{ safe: boolean }>(
        `
        SELECT NOT has_database_privilege('public', $1, 'CONNECT') AND has_database_privilege($2, $1, 'CONNECT') AS safe`,
        [database, poolerRole],
      )
      return rows[0]?.safe === true
    })
    if (!complete) return false
    const admin = await this.#admin()
    try {
      return await withConnection({ ...admin, user: role, password, database }, async client => {
        const { rows } = await client.query<{ found: boolean }>(`
          SELECT EXISTS (SELECT FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
            WHERE nspname = 'pgbouncer' AND proname = 'get_auth') AS found`)
        return rows[0]?.found === true
      })
    } catch (error) {
      if (isRefused(error)) return false
      throw unreachable(error, admin.port)
    }
  }

  /**
   * Drops the database and the role if they have the token; others are left untouched. Safe to repeat.
   * @throws Problem `database-foreign` if they have the token but belong to another workspace or instance; nothing is
   * dropped then
   */
  drop({ database, role, token }: OwnedDatabase): Promise<void> {
    return this.#locked(database, async client => {
      const owner = await ownerOf(client, { database, role })
      if (!token || owner.roleMark?.token !== token) return
      this.#own.require({ database, role }, owner)
      // FORCE: PgBouncer keeps server connections for a while after the application has stopped.
      if (owner.ownedByRole) await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`)
      await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`)
    })
  }

  /**
   * Drops an instance's database and role, whatever created them, and cuts their connections. Safe to repeat.
   * @throws Problem `database-foreign`, as `requireOwn`; nothing is dropped then
   */
  remove({ database, role }: DatabaseNames, how?: { readonly halfMade: boolean }): Promise<void> {
    return this.#locked(database, async client => {
      this.#own.require({ database, role }, await ownerOf(client, { database, role }), how)
      await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`)
      await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`)
    })
  }

  /**
   * Changes nothing. Databases without a mark pass (the older tool wrote none). With `halfMade`, so does one that still
   * belongs to a superuser: the older tool changed the owner last.
   * @throws Problem `database-foreign` if either is marked as another workspace's or instance's, or the database
   * belongs to another role
   */
  requireOwn(names: DatabaseNames, how?: { readonly halfMade: boolean }): Promise<void> {
    return this.#connected(async client => this.#own.require(names, await ownerOf(client, names), how))
  }

  /** Whether either is marked as another workspace's or instance's. */
  isForeign(names: DatabaseNames): Promise<boolean> {
    return this.#connected(async client => this.#own.otherMark(names, await ownerOf(client, names)) !== undefined)
  }

  /**
   * Limits a role. Its existing connections keep the limits they began with. Does nothing if the role is gone: whatever
   * creates it again limits it.
   * @throws Problem `database-foreign`, as `requireOwn`; nothing is changed then
   */
  limit(names: DatabaseNames, limits: RoleLimits): Promise<void> {
    return this.#locked(names.database, async client => {
      const owner = await ownerOf(client, names)
      this.#own.require(names, owner)
      if (owner.role) await client.query(limitSql(names.role, limits))
    })
  }

  /** See `requireRenamable`. */
  requireRenamable(names: DatabaseNames): Promise<void> {
    return this.#connected(client => requireRenamable(client, this.#own, names))
  }

  /** See `renameDatabase`. Safe to repeat. */
  rename(before: DatabaseNames, after: DatabaseNames): Promise<void> {
    return this.#locked([before.database, after.database], client => renameDatabase(client, this.#own, before, after))
  }

  /**
   * Reverses `rename`. If anything still has the old names, that was never done, and whatever has the new ones is
   * somebody else's.
   * @throws as `rename`; Problem `database-foreign` if the old names are somebody else's now
   */
  unrename(before: DatabaseNames, after: DatabaseNames): Promise<void> {
    return this.#locked([before.database, after.database], async client => {
      const owner = await ownerOf(client, before)
      this.#own.require(before, owner)
      if (!owner.database && !owner.role) await renameDatabase(client, this.#own, after, before)
    })
  }

  /** How many connections PostgreSQL accepts, those reserved for us included. */
  maxConnections(): Promise<number> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ value: number }>("SELECT current_setting('max_connections')::int AS value")
      return rows[0]?.value ?? 0
    })
  }

  /**
   * Marks those without a mark as this workspace's, and gives their roles their own limits: the tenant can remove some,
   * and a role may have been created again. One without any is limited to the default number of connections. Comments
   * that aren't ours stay, and so does whatever belongs to another role.
   */
  claim(all: readonly (DatabaseNames & { readonly limits?: OwnLimits | undefined })[]): Promise<void> {
    return this.#connected(async client => {
      for (const names of all) {
        const found = await ownerOf(client, names)
        const { roleMark, databaseMark } = found
        const owner = this.#own.mark(names)
        if (!found.ownedByRole || this.#own.otherMark(names, found)) continue
        if (roleMark && !roleMark.owner)
          await client.query(
            `COMMENT ON ROLE ${escapeIdentifier(names.role)} IS ${escapeLiteral(formatMark({ ...roleMark, owner }))}`,
          )
        // the tenant may have written another owner, or none
        if (databaseMark && databaseMark.owner !== owner) {
          await client.query(
            `COMMENT ON DATABASE ${escapeIdentifier(names.database)} IS ${escapeLiteral(formatMark({ ...databaseMark, owner }))}`,
          )
        }
        const { limits = {} } = names
        const connections = found.unlimited || limits.pool !== undefined ? roleConnections(limits.pool) : undefined
        const sql = limitSql(names.role, { connections, ...limits })
        if (sql) await client.query(sql)
      }
    })
  }

  /** The names of all databases marked as another workspace's. */
  foreign(): Promise<ReadonlySet<string>> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ name: string; comment: string | null; ofOwner: string | null }>(
        `SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment,
           shobj_description(datdba, 'pg_authid') AS "ofOwner" FROM pg_database WHERE NOT datistemplate`,
      )
      return new Set(
        rows.filter(it => this.#own.isElsewhere(parseMark(it.comment), parseMark(it.ofOwner))).map(it => it.name),
      )
    })
  }

  /** Records in the database itself which release's schema it has. @param fingerprint the release's */
  markSchema({ database, role }: DatabaseNames, fingerprint: string): Promise<void> {
    return this.#connected(async client => {
      await client.query(
        `COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${escapeLiteral(formatMark({ schema: fingerprint, owner: this.#own.mark({ database, role }) }))}`,
      )
    })
  }

  /** Whether `markSchema` last recorded this release. */
  hasSchema(database: string, fingerprint: string): Promise<boolean> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ comment: string | null }>(
        `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
        [database],
      )
      return parseMark(rows[0]?.comment ?? null)?.schema === fingerprint
    })
  }

  /** The size of every database in bytes, by name. */
  sizes(): Promise<ReadonlyMap<string, number>> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ name: string; bytes: string }>(
        'SELECT datname AS name, pg_database_size(oid) AS bytes FROM pg_database WHERE datallowconn AND NOT datistemplate',
      )
      return new Map(rows.map(it => [it.name, Number(it.bytes)]))
    })
  }

  /**
   * A database's size in bytes and its open connections; undefined if it doesn't exist. Idle ones that we left in the
   * pool don't count.
   */
  usage(database: string): Promise<{ bytes: number; connections: number } | undefined> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ bytes: string; connections: string }>(
        `
        SELECT pg_database_size(oid) AS bytes,
          (SELECT count(*) FROM pg_stat_activity
            WHERE pg_stat_activity.datname = $1 AND NOT (application_name = $2 AND state = 'idle')) AS connections
        FROM pg_database WHERE datname = $1`,
        [database, ourName],
      )
      return rows[0] && { bytes: Number(rows[0].bytes), connections: Number(rows[0].connections) }
    })
  }

  /**
   * Never lets two operations work on the same names at once; a repeated one waits for statements that it left running
   * in the server.
   */
  #locked<T>(databases: string | readonly string[], work: (client: Client) => Promise<T>): Promise<T> {
    return this.#connected(async client => {
      for (const it of [databases].flat().toSorted())
        // in the same order everywhere, so that none waits for another
        await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`instance-manager ${it}`])
      return await work(client) // the lock ends with the connection
    })
  }

  async #connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const admin = await this.#admin()
    try {
      return await withConnection(admin, work)
    } catch (error) {
      throw unreachable(error, admin.port)
    }
  }
}

const taken = ({ database, role }: DatabaseNames, owner: DatabaseOwner) =>
  problem({
    code: 'database-exists',
    field: 'name',
    message: owner.database ? `The database ${database} already exists.` : `The database role ${role} already exists.`,
    cause: 'Instance Manager didn’t create it for this instance, so it was left untouched.',
    hint: 'Choose another name. If nothing uses it any more, remove it first.',
  })
