/** Databases and roles of instances, each marked with whose it is (database-marks.ts). */
import { type Client, escapeIdentifier, escapeLiteral } from 'pg'
import { problem } from '../../shared/problem'
import { isRefused, type Login, unreachable, withConnection } from './connection'
import { formatMark, ownerOf, parseMark, type DatabaseNames, type DatabaseOwner } from './database-marks'
import { roleConnections } from './limits'
import { poolerRole } from './services/postgres-config'
import { scramSecret } from './scram'
import { provideTemplate, templateDatabase } from './secure'

/** `token` names the operation that makes them; letters, digits and hyphens. */
export interface OwnedDatabase extends DatabaseNames {
  readonly token: string
}
/** `password` is printable ASCII. Only its SCRAM secret is sent. */
export interface NewDatabase extends OwnedDatabase {
  readonly password: string
}

/**
 * All methods throw Problem `postgres-unreachable`, `postgres-refused-us` or `postgres-failed` besides what they say.
 */
export class Databases {
  readonly #admin: () => Promise<Login>
  readonly #workspace: string

  /**
   * @param admin our role's login to the database `postgres`, not through PgBouncer
   * @param workspace the id that marks what belongs to this workspace
   */
  constructor(admin: () => Promise<Login>, workspace: string) {
    this.#admin = admin
    this.#workspace = workspace
  }

  /** Which of the two names are taken, by whomever. */
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
   * Makes the role and the database that it owns, where nobody else's role but PgBouncer's may connect. Safe to repeat.
   * @throws Problem `database-exists` if one of the names is taken by someone else; then nothing was changed
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
      // Role and mark in one transaction: a crash never leaves a role that nobody dares to drop.
      await client.query(`
        BEGIN;
        ${owner.role ? 'ALTER' : 'CREATE'} ROLE ${name} ${rights} ${limit} PASSWORD ${secret};
        COMMENT ON ROLE ${name} IS ${escapeLiteral(formatMark({ token, owner: this.#ownerMark({ database, role }) }))};
        COMMIT;`)
      if (!owner.database) {
        await provideTemplate(await this.#admin()) // a server that an earlier version set up has none yet
        await client.query(`CREATE DATABASE ${escapeIdentifier(database)} OWNER ${name} TEMPLATE ${templateDatabase}`)
      }
      await client.query(`
        BEGIN;
        REVOKE CONNECT, TEMPORARY ON DATABASE ${escapeIdentifier(database)} FROM PUBLIC;
        GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(poolerRole)};
        COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${escapeLiteral(formatMark({ owner: this.#ownerMark({ database, role }) }))};
        COMMIT;`)
    })
  }

  /**
   * Whether `create` has done all of it: marks, rights, PgBouncer's look-up, and a login with the password. Changes
   * nothing.
   */
  async verify({ database, role, password, token }: NewDatabase): Promise<boolean> {
    const complete = await this.#connected(async client => {
      const owner = await ownerOf(client, { database, role })
      const ours = this.#ownerMark({ database, role })
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
   * Drops the database and the role if they carry the token; what is another's is left alone. Safe to repeat.
   * @throws Problem `database-foreign` if they carry the token and belong to another workspace or instance; then
   * nothing is dropped
   */
  drop({ database, role, token }: OwnedDatabase): Promise<void> {
    return this.#locked(database, async client => {
      const owner = await ownerOf(client, { database, role })
      if (!token || owner.roleMark?.token !== token) return
      this.#refuseForeign({ database, role }, owner)
      // FORCE: PgBouncer keeps server connections for a while after the application has stopped.
      if (owner.ownedByRole) await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`)
      await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`)
    })
  }

  /**
   * Drops an instance's database and role, whatever created them, connections included. Safe to repeat.
   * @throws Problem `database-foreign`, as `requireOwn`; then nothing is dropped
   */
  remove({ database, role }: DatabaseNames, how?: { readonly halfMade: boolean }): Promise<void> {
    return this.#locked(database, async client => {
      this.#refuseForeign({ database, role }, await ownerOf(client, { database, role }), how)
      await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`)
      await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`)
    })
  }

  /**
   * Changes nothing. With `halfMade` a database that still belongs to a superuser passes, too: the older tool gave it
   * to its role last. Those that carry no mark (the older tool left none) pass.
   * @throws Problem `database-foreign` if one of them is marked as another workspace's or instance's, or the database
   * belongs to another role
   */
  requireOwn(names: DatabaseNames, how?: { readonly halfMade: boolean }): Promise<void> {
    return this.#connected(async client => this.#refuseForeign(names, await ownerOf(client, names), how))
  }

  /** Whether one of them is marked as another workspace's or instance's. */
  isForeign(names: DatabaseNames): Promise<boolean> {
    return this.#connected(async client => this.#otherMark(names, await ownerOf(client, names)) !== undefined)
  }

  /**
   * Marks those as this workspace's that carry no mark yet, and limits the connections of roles that have no limit yet.
   * A comment that is not ours stays, and so does what belongs to another role.
   */
  claim(all: readonly DatabaseNames[]): Promise<void> {
    return this.#connected(async client => {
      for (const names of all) {
        const found = await ownerOf(client, names)
        const { roleMark, databaseMark } = found
        const owner = this.#ownerMark(names)
        if (!found.ownedByRole || this.#otherMark(names, found)) continue
        if (roleMark && !roleMark.owner)
          await client.query(
            `COMMENT ON ROLE ${escapeIdentifier(names.role)} IS ${escapeLiteral(formatMark({ ...roleMark, owner }))}`,
          )
        if (databaseMark && !databaseMark.owner) {
          await client.query(
            `COMMENT ON DATABASE ${escapeIdentifier(names.database)} IS ${escapeLiteral(formatMark({ ...databaseMark, owner }))}`,
          )
        }
        if (found.unlimited)
          await client.query(`ALTER ROLE ${escapeIdentifier(names.role)} CONNECTION LIMIT ${roleConnections()}`)
      }
    })
  }

  /** The names of all databases that are marked as another workspace's. */
  foreign(): Promise<ReadonlySet<string>> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ name: string; comment: string | null }>(
        "SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE NOT datistemplate",
      )
      return new Set(
        rows
          .filter(it => !(parseMark(it.comment)?.owner ?? this.#workspace).startsWith(this.#workspace))
          .map(it => it.name),
      )
    })
  }

  /** Notes in the database itself which release's schema it has. @param fingerprint the release's */
  markSchema({ database, role }: DatabaseNames, fingerprint: string): Promise<void> {
    return this.#connected(async client => {
      await client.query(
        `COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${escapeLiteral(formatMark({ schema: fingerprint, owner: this.#ownerMark({ database, role }) }))}`,
      )
    })
  }

  /** Whether `markSchema` was the last to say so. */
  hasSchema(database: string, fingerprint: string): Promise<boolean> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ comment: string | null }>(
        `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
        [database],
      )
      return parseMark(rows[0]?.comment ?? null)?.schema === fingerprint
    })
  }

  /** Size in bytes of every database, by name. */
  sizes(): Promise<ReadonlyMap<string, number>> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ name: string; bytes: string }>(
        'SELECT datname AS name, pg_database_size(oid) AS bytes FROM pg_database WHERE datallowconn AND NOT datistemplate',
      )
      return new Map(rows.map(it => [it.name, Number(it.bytes)]))
    })
  }

  /** Size in bytes and open connections of one database; undefined if there is none. */
  usage(database: string): Promise<{ bytes: number; connections: number } | undefined> {
    return this.#connected(async client => {
      const { rows } = await client.query<{ bytes: string; connections: string }>(
        `
        SELECT pg_database_size(oid) AS bytes, (SELECT count(*) FROM pg_stat_activity WHERE pg_stat_activity.datname = $1) AS connections
        FROM pg_database WHERE datname = $1`,
        [database],
      )
      return rows[0] && { bytes: Number(rows[0].bytes), connections: Number(rows[0].connections) }
    })
  }

  /** @throws Problem `database-foreign` */
  #refuseForeign(
    names: DatabaseNames,
    owner: DatabaseOwner,
    { halfMade }: { readonly halfMade: boolean } = { halfMade: false },
  ): void {
    if (owner.database && !owner.ownedByRole && !(halfMade && owner.ownedBySuperuser))
      throw problem({
        code: 'database-foreign',
        message: `The database ${names.database} doesn’t belong to the role ${names.role}.`,
        hint: 'It was left untouched. Check who owns it, then retry.',
      })
    const other = this.#otherMark(names, owner)
    if (other !== undefined)
      throw problem({
        code: 'database-foreign',
        message: `The database ${names.database} belongs to another workspace.`,
        cause: `It is marked as ${other}, not ${this.#ownerMark(names)}.`,
        hint: 'It was left untouched. If this instance is a copy, adopt it to give it its own database.',
      })
  }

  #otherMark(names: DatabaseNames, { roleMark, databaseMark }: DatabaseOwner): string | undefined {
    return [roleMark, databaseMark].map(it => it?.owner).find(it => it !== undefined && it !== this.#ownerMark(names))
  }

  /**
   * What marks a database and a role as one instance's of this workspace. The instance's name in lower case is what the
   * database's begins with.
   */
  #ownerMark({ database }: DatabaseNames): string {
    return `${this.#workspace}/${database.replace(/_db$/, '')}`
  }

  /**
   * Two operations never work on the same names at once, and a repeated one waits for what it left running in the
   * server.
   */
  #locked<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
    return this.#connected(async client => {
      await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`instance-manager ${database}`])
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
