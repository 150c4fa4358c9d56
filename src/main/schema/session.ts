/** Connections to an instance's database as the role that owns its tables. */
import type { Client } from 'pg'
import { hasCode, type Login, unreachable, withConnection } from '../infrastructure/connection'
import { problem } from '../../shared/problem'
import { Refused, refusedProblem } from './refusal'

/** Milliseconds that a statement may take: rewriting a table of many gigabytes. */
const statementTimeout = 1_800_000
/** Milliseconds that we wait for a table in use by the running application, while others wait behind us. */
const lockTimeout = 5000

/**
 * Values must become text in one way only, whatever the role's settings: their hashes are compared, and they are kept
 * and written back as text. Names refer to `public`, the only schema that Prisma knows.
 */
const settings = `SET search_path = public; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
  SET extra_float_digits = 1; SET bytea_output = 'hex'; SET lock_timeout = ${lockTimeout};
  SET idle_in_transaction_session_timeout = ${statementTimeout};
  SET check_function_bodies = off; SET client_min_messages = warning`

/**
 * A session for work on the schema. @throws Problem `schema-locked` if the application doesn't release a table,
 * `schema-refused`; other errors as `unreachable` maps them
 */
export async function withSession<T>(login: Login, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await withConnection(
      login,
      async client => {
        await client.query(settings)
        return await work(client)
      },
      { connect: 10_000, query: statementTimeout + 10_000, statement: statementTimeout },
    )
  } catch (error) {
    if (isLocked(error)) throw locked(login.database, error)
    throw error instanceof Refused ? refusedProblem(error.refusal, error) : unreachable(error, login.port)
  }
}

/** A lock wasn't released in time, or two sessions waited for each other. */
export const isLocked = (error: unknown): boolean => hasCode(error, '55P03') || hasCode(error, '40P01')

export const locked = (database: string, error: unknown): Error =>
  problem(
    {
      code: 'schema-locked',
      message: `The tables of ${database} are in use.`,
      cause: `Another session held one of them for more than ${lockTimeout / 1000} s. Nothing was changed.`,
      hint: 'Try again. If this keeps happening, stop the instance first, or check pg_stat_activity to see who holds them.',
    },
    error,
  )

/** All or nothing. */
export async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined) // the error says what is wrong
    throw error
  }
}

/** Tries something, then rolls it back. */
export async function tried<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    return await work()
  } finally {
    await client.query('ROLLBACK').catch(() => undefined)
  }
}
