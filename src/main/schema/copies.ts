/**
 * Copies of instances' databases, for rehearsing changes and trying new code. A copy's name alone shows which workspace
 * it belongs to, so even one left by a crash before it was marked can be dropped safely.
 */
import { createHash } from 'node:crypto'
import { type Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { type Login, unreachable, withConnection } from '../infrastructure/connection'
import { copyPrefix, formatMark } from '../infrastructure/database-marks'
import { provideTemplate, templateDatabase } from '../infrastructure/secure'
import { SerialQueue } from '../system/serial-queue'
import { clone } from './clone'
import { withSession } from './session'

interface Extension {
  readonly name: string
  readonly schema: string
  readonly version: string
}

export class Copies {
  readonly #admin: () => Promise<Login>
  readonly #workspace: string
  /** Names of the copies that this process has made and not dropped yet. */
  readonly #live = new Set<string>()
  readonly #queue = new SerialQueue()

  /** @param admin our role's login to the database `postgres` @param workspace its id */
  constructor(admin: () => Promise<Login>, workspace: string) {
    this.#admin = admin
    this.#workspace = workspace
  }

  /**
   * Copies a database for as long as the work on the copy takes. One at a time: each takes as much space as its
   * original, and each looks whether there is enough.
   * @param room called when it is this copy's turn @throws as `make`; what `room` and `work` throw; the signal's reason
   */
  async use<T>(
    source: Login,
    token: string,
    { signal, room }: { readonly signal: AbortSignal; readonly room: () => Promise<void> },
    work: (copy: Login) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    let waits = true
    const cancelled = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => waits && reject(signal.reason as Error), { once: true }),
    )
    const worked = this.#queue.run(async () => {
      waits = false
      signal.throwIfAborted()
      await room()
      const copy = await this.make(source, token, signal)
      // a statement in PostgreSQL knows nothing of the signal, and ends with its database
      const stop = (): void => void this.drop(token).catch(() => undefined)
      signal.addEventListener('abort', stop, { once: true })
      try {
        return await work(copy)
      } catch (error) {
        signal.throwIfAborted()
        throw error
      } finally {
        signal.removeEventListener('abort', stop)
        await this.drop(token)
      }
    })
    return await Promise.race([worked, cancelled])
  }

  /**
   * Copies a database with its rows while it is in use. A copy left by an earlier attempt is dropped first.
   * @param source the login of the role that owns it @param token identifies the operation
   * @returns the same role's login to the copy
   * @throws Problem `schema-copy`, `schema-locked`; those of `withSession`
   */
  async make(source: Login, token: string, signal: AbortSignal): Promise<Login> {
    const database = this.#name(token)
    await this.drop(token)
    const extensions = await withSession(source, async client => {
      const { rows } = await client.query<Extension>(
        "SELECT extname::text AS name, nspname::text AS schema, extversion AS version FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname <> 'plpgsql'",
      )
      return rows
    })
    const login = { ...source, database }
    this.#live.add(database)
    try {
      await this.#create(source, token, extensions)
      await withSession(source, from => withSession(login, to => clone(from, to, signal)))
    } catch (error) {
      await this.drop(token)
      throw error
    }
    return login
  }

  /** Creates an empty one. */
  #create(source: Login, token: string, extensions: readonly Extension[]): Promise<void> {
    const database = this.#name(token)
    const mark = formatMark({ token, owner: `${this.#workspace}/${source.database}` })
    return this.#connected(async (client, admin) => {
      await provideTemplate(admin)
      await client.query(`CREATE DATABASE ${id(database)} TEMPLATE ${templateDatabase}`)
      await client.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${id(database)} FROM PUBLIC`)
      await client.query(`COMMENT ON DATABASE ${id(database)} IS ${literal(mark)}`)
      // Some extensions need a superuser. The role has put nothing in there yet that could trick one.
      if (extensions.length > 0)
        await withConnection({ ...admin, database }, async copy => {
          for (const { name, schema, version } of extensions)
            await copy.query(
              `CREATE SCHEMA IF NOT EXISTS ${id(schema)}; CREATE EXTENSION IF NOT EXISTS ${id(name)} SCHEMA ${id(schema)} VERSION ${literal(version)}`,
            )
        })
      await client.query(`ALTER DATABASE ${id(database)} OWNER TO ${id(source.user)}`)
    })
  }

  /** Safe to repeat. */
  async drop(token: string): Promise<void> {
    const database = this.#name(token)
    await this.#connected(client => client.query(`DROP DATABASE IF EXISTS ${id(database)} WITH (FORCE)`))
    this.#live.delete(database)
  }

  /** Drops copies left by a crash. @param needed tokens of operations that are still open */
  async dropLeft(needed: readonly string[]): Promise<void> {
    await this.#connected(async client => {
      const { rows } = await client.query<{ name: string }>(
        'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
        [this.#prefix],
      )
      const kept = new Set([...this.#live, ...needed.map(it => this.#name(it))])
      for (const { name } of rows.filter(it => !kept.has(it.name)))
        await client.query(`DROP DATABASE IF EXISTS ${id(name)} WITH (FORCE)`)
    })
  }

  /** At most 63 characters, of letters, digits and underscores. */
  #name(token: string): string {
    return `${this.#prefix}${createHash('sha256').update(token).digest('hex').slice(0, 32)}`
  }

  get #prefix(): string {
    return `${copyPrefix}${createHash('sha256').update(this.#workspace).digest('hex').slice(0, 16)}_`
  }

  async #connected<T>(work: (client: Client, admin: Login) => Promise<T>): Promise<T> {
    const admin = await this.#admin()
    try {
      return await withConnection(admin, client => work(client, admin))
    } catch (error) {
      throw unreachable(error, admin.port)
    }
  }
}
