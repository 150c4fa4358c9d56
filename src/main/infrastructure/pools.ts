/**
 * PgBouncer's pools. A pool that was refused once (its database didn't exist yet, or PostgreSQL was down) refuses the
 * next clients at once, without asking PostgreSQL, until one of its own logins succeeds. So before an instance starts,
 * its pool is tried and, if necessary, recreated.
 */
import { DatabaseError, escapeIdentifier } from 'pg'
import { waitFor } from '../system/wait'
import { isTimeout, withConnection, type Login } from './connection'
import { isUnproven } from './proof'

export interface PoolUser {
  readonly database: string
  readonly user: string
  readonly password: string
}

/** Milliseconds. A pool whose database is missing makes clients wait; our query takes a few. */
const probe = { connect: 4000, query: 4000 }
/**
 * Milliseconds to wait for PgBouncer to log in again by itself, if the pool can't be recreated. Ours retries after 1 s,
 * others after up to 15.
 */
const healsWithin = 5000

export class Pools {
  readonly #login: (database: string) => Promise<Login>

  /** @param login logs in to a database through PgBouncer, as its own role; `pgbouncer` is the console */
  constructor(login: (database: string) => Promise<Login>) {
    this.#login = login
  }

  /** Logs in through the pool and runs a query. @returns why that failed; undefined if it didn't */
  async refusal({ database, user, password }: PoolUser): Promise<Error | undefined> {
    let adopted: boolean | undefined
    try {
      const login = await this.#login(database)
      adopted = login.adopted
      await withConnection({ ...login, user, password }, client => client.query('SELECT 1'), probe)
      return undefined
    } catch (error) {
      // it wants MD5, which we don't support, so we can't know whether it would accept the application
      if (adopted && isUnproven(error)) return undefined
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  /**
   * Makes this user's next login succeed if it is PgBouncer that refuses it. Nobody's connection is cut: a pool with
   * clients is only tried again.
   * @returns why it still refuses; undefined if it doesn't. Throws nothing but the signal's reason
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
      { timeout: healsWithin, signal },
    )
    return well ? undefined : `${last.message} (${kept})`
  }

  /** @returns why the pool was left as it is; undefined if it was recreated */
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
          // KILL also pauses the database. If we crash between the two, the next start does both again.
          await client.query(`KILL ${escapeIdentifier(database)}`)
          await client.query(`RESUME ${escapeIdentifier(database)}`)
          return undefined
        },
        probe,
      )
    } catch (error) {
      return `PgBouncer doesn’t let Instance Manager reset the pool: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

/** Whether PgBouncer itself refused or didn't answer; not if it isn't running, or isn't PgBouncer. */
const isPoolers = (error: Error): boolean => error instanceof DatabaseError || isTimeout(error)
