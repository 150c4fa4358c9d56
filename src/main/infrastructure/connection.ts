/** Short-lived connections to PostgreSQL and PgBouncer on 127.0.0.1. Every one has timeouts and is closed after use. */
import { Client, DatabaseError } from 'pg'
import { problem, ProblemError } from '../../shared/problem'

export interface Login {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

export interface Timeouts {
  /** Milliseconds. PgBouncer lets a client wait when the database is missing: never connect without. */
  readonly connect: number
  readonly query: number
}
const patient: Timeouts = { connect: 10_000, query: 60_000 }

/** Runs work on a connection of its own. @throws what `pg` throws; `unreachable` makes a Problem of it */
export async function withConnection<T>(login: Login, work: (client: Client) => Promise<T>, timeouts: Timeouts = patient): Promise<T> {
  const client = new Client({
    ...login, host: '127.0.0.1', ssl: false, application_name: 'instance-manager',
    connectionTimeoutMillis: timeouts.connect, query_timeout: timeouts.query,
  })
  client.on('error', () => undefined) // a server that goes away fails the query too; without this it would end the process
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Whether the server answered and refused this login (wrong password, no such role, pg_hba). */
export const isRefused = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.code === '28P01' || error.code === '28000')

/** Whether the server has that code (SQLSTATE). */
export const hasCode = (error: unknown, code: string): boolean => error instanceof DatabaseError && error.code === code

/** What a failed administrator's connection means, for people. Problems pass unchanged. */
export function unreachable(error: unknown, port: number): ProblemError {
  if (error instanceof ProblemError) return error
  if (isRefused(error)) {
    return problem({
      code: 'postgres-refused-us', message: `PostgreSQL on port ${port} refused Instance Manager's own role.`,
      cause: 'The password in .instance-manager/secrets.json is not the one that the server knows, or another server has the port.',
      hint: 'Stop and start the infrastructure: that sets the role up again.', action: 'start-infrastructure',
    }, error)
  }
  if (error instanceof DatabaseError && error.code !== '57P03') {
    return problem({
      code: 'postgres-failed', message: 'PostgreSQL refused a command.', cause: error.message,
      details: `SQLSTATE ${error.code ?? 'unknown'}`,
    }, error)
  }
  return problem({
    code: 'postgres-unreachable', message: `PostgreSQL does not answer on port ${port}.`,
    cause: error instanceof Error ? error.message : undefined,
    hint: 'Start the infrastructure and try again.', action: 'start-infrastructure',
  }, error)
}
