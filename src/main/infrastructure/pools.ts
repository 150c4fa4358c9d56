/**
 * PgBouncer's pools. One that was refused once (its database was not there yet, or PostgreSQL was down) refuses the
 * next client too, at once and unasked, until a login of its own succeeds. Before an instance meets that, its pool is
 * tried and, if need be, made anew.
 */
import { DatabaseError, escapeIdentifier } from 'pg'
import { waitFor } from '../system/wait'
import { withConnection, type Login } from './connection'
import { isUnproven } from './proof'

export interface PoolUser {
  readonly database: string
  readonly user: string
  readonly password: string
}

/** Milliseconds. A pool whose database is missing lets a client wait; a query of ours takes a few. */
const probe = { connect: 4000, query: 4000 }
/**
 * Milliseconds for PgBouncer to log in again by itself, where the pool cannot be made anew. Ours tries after 1 s,
 * others after up to 15.
 */
const patience = 5000

export class Pools {
  readonly #login: (database: string) => Promise<Login>

  /** @param login to a database through PgBouncer, as its own role; `pgbouncer` is the console */
  constructor(login: (database: string) => Promise<Login>) {
    this.#login = login
  }

  /** Logs in through the pool and runs a query. @returns why that failed; undefined if it did not */
  async refusal({ database, user, password }: PoolUser): Promise<Error | undefined> {
    let adopted: boolean | undefined
    try {
      const login = await this.#login(database)
      adopted = login.adopted
      await withConnection({ ...login, user, password }, client => client.query('SELECT 1'), probe)
      return undefined
    } catch (error) {
      // it wants MD5, which we do not speak: whether it lets the application in, cannot be known
      if (adopted && isUnproven(error)) return undefined
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  /**
   * Makes the next login of this user succeed, if it is PgBouncer that refuses it. Nobody's connection is cut: a pool
   * that has clients is only tried again.
   * @returns what it was not healed for; undefined if it is well. Never throws, but for the signal's reason
   */
  async heal(user: PoolUser, signal?: AbortSignal): Promise<string | undefined> {
    const first = await this.refusal(user)
    if (!first) return undefined
    if (!isPoolers(first)) return first.message
    const kept = await this.#reset(user.database)
    if (kept === undefined) return (await this.refusal(user))?.message
    let last = first
    const well = await waitFor(
      async () => {
        const found = await this.refusal(user)
        if (found) last = found
        return found ? undefined : true
      },
      { timeout: patience, signal },
    )
    return well ? undefined : `${last.message} (${kept})`
  }

  /** @returns why it was left as it is; undefined if it was made anew */
  async #reset(database: string): Promise<string | undefined> {
    try {
      return await withConnection(
        await this.#login('pgbouncer'),
        async client => {
          const { rows } = await client.query<{
            database: string
            cl_active: number | string
            sv_active: number | string
          }>('SHOW POOLS')
          const used = rows.some(it => it.database === database && Number(it.cl_active) + Number(it.sv_active) > 0)
          if (used) return 'its pool has clients'
          // KILL pauses the database too. Should we end between the two, the next start does both again.
          await client.query(`KILL ${escapeIdentifier(database)}`)
          await client.query(`RESUME ${escapeIdentifier(database)}`)
          return undefined
        },
        probe,
      )
    } catch (error) {
      return `PgBouncer does not let Instance Manager reset the pool: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

/** Its refusals, and its silence; not that it does not run, or is not PgBouncer. */
const isPoolers = (error: Error): boolean => error instanceof DatabaseError || /timeout/i.test(error.message)
