/** A look into an instance's database, which can change nothing there and has no more rights than the instance. */
import type { Client, QueryResult } from 'pg'
import { problem, type ProblemError } from '../../shared/problem'
import { hasCode, isRefused, isTimeout, unreachable, withConnection, type Login } from '../infrastructure/connection'

/** Milliseconds for one statement. */
const statementTimeout = 5000

/** Values are read as text, the same whatever the tenant has set for its role. Names are PostgreSQL's own, or qualified. */
const begin = `BEGIN READ ONLY;
  SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL lock_timeout = 2000; SET LOCAL row_security = on;
  SET LOCAL "DateStyle" = 'ISO'; SET LOCAL "IntervalStyle" = 'postgres'; SET LOCAL bytea_output = 'hex'`

type Text = string | null

export interface Look {
  /** @returns rows of texts */
  (sql: string, values?: readonly unknown[]): Promise<readonly Text[][]>
}

/** @param login as the instance's own role @throws Problem `tables-unreadable`, `postgres-…` */
export async function looking<T>(login: Login, work: (look: Look) => Promise<T>): Promise<T> {
  try {
    return await withConnection(
      login,
      async client => {
        await client.query(begin)
        return await work(lookWith(client))
      },
      { connect: 5000, query: statementTimeout + 2000, statement: statementTimeout },
    )
  } catch (error) {
    throw explained(error, login)
  }
}

const lookWith =
  (client: Client): Look =>
  async (text, values = []) =>
    ((await client.query({ text, values: [...values], rowMode: 'array' })) as unknown as QueryResult<Text[]>).rows

const slow = '57014'
const locked = '55P03'
const notAllowed = '42501'
const noDatabase = '3D000'

function explained(error: unknown, { database, port }: Login): ProblemError {
  const unreadable = (cause: string, hint: string): ProblemError =>
    problem({ code: 'tables-unreadable', message: `${database} can’t be read.`, cause, hint }, error)
  const said = error instanceof Error ? `PostgreSQL says: ${error.message}.` : ''
  if (hasCode(error, slow) || isTimeout(error))
    return unreadable(`It took longer than ${statementTimeout / 1000} s.`, 'Try again, or use psql for large tables.')
  if (hasCode(error, locked)) return unreadable('The table is being changed.', 'Try again in a moment.')
  if (hasCode(error, notAllowed)) return unreadable(said, 'The instance’s own role may not read this table.')
  if (isRefused(error) || hasCode(error, noDatabase))
    return unreadable(said, 'Check the instance under Health, or with “instance-manager doctor”.')
  return unreachable(error, port)
}
