/**
 * Connections to PostgreSQL and PgBouncer on this machine. All have timeouts. A server must prove itself before
 * anything but names is sent to it (proof.ts).
 */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Client, DatabaseError } from 'pg'
import { problem, ProblemError } from '../../shared/problem'
import { diskFull } from '../../shared/system-errors'
import { listeningUsers } from '../system/sockets'
import { adminRole } from './services/postgres-config'
import { ProofConnection, unproven } from './proof'

/** Where one of our servers is reached. */
export interface Server {
  readonly port: number
  /** The folder of its Unix socket, which only we may enter. Absent: over TCP, unless another user has the port. */
  readonly sockets?: string
  /** An adopted server may let us in without asking for a password, and then has nothing to prove. */
  readonly adopted?: boolean
}

export interface Login extends Server {
  readonly user: string
  readonly password: string
  readonly database: string
}

export interface Timeouts {
  /** Milliseconds. Never connect without: PgBouncer makes clients wait if the database is missing. */
  readonly connect: number
  readonly query: number
  /**
   * What the server allows one statement, from the first on, whatever a tenant has set for its role: a `SET` as the
   * first statement could already run out of time. Not through PgBouncer, which refuses it. Absent: as set there.
   */
  readonly statement?: number
}

/**
 * For our superuser, instead of what a tenant has set on its database: what it defines there, such as an operator,
 * must never run with our role's rights, and no session of ours runs out of time or is read-only. Only settings that
 * every version of PostgreSQL knows: it refuses a login with another.
 */
const ourSettings = Object.entries({
  search_path: 'pg_catalog,pg_temp',
  statement_timeout: 0,
  lock_timeout: 0,
  idle_in_transaction_session_timeout: 0,
  default_transaction_read_only: 'off',
})
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ')

/** What our connections call themselves. */
export const ourName = 'instance-manager'

const defaultTimeouts: Timeouts = { connect: 10_000, query: 60_000 }

export interface OpenConnection {
  readonly client: Client
  close(): Promise<void>
}

/**
 * Opens a connection.
 * @throws Problem `port-of-another-user`, `server-unproven`, or what `pg` throws; `unreachable` turns that into a
 * Problem
 */
export async function connect(login: Login, timeouts: Timeouts): Promise<OpenConnection> {
  const { port, sockets, adopted = false, user, password, database } = login
  const folder = sockets === undefined ? undefined : await openSockets(sockets)
  try {
    if (!folder) await requireOwnPort(port)
    const connection = new ProofConnection(port)
    const client = new Client({
      // A socket's path can have at most 107 bytes; a workspace's may be longer.
      host: folder ? `/proc/self/fd/${folder.fd}` : '127.0.0.1',
      port,
      user,
      password,
      database,
      connection,
      ssl: false,
      application_name: ourName,
      ...(user === adminRole && { options: ourSettings }),
      connectionTimeoutMillis: timeouts.connect,
      query_timeout: timeouts.query,
      statement_timeout: timeouts.statement,
    })
    // if the server goes away, the query fails too; without a listener, this event would end the process
    client.on('error', () => undefined)
    const close = (): Promise<void> => client.end().catch(() => undefined)
    try {
      await client.connect()
      if (!connection.proven && !adopted) throw unproven(port, 'It let us in without asking for a password.')
      return { client, close }
    } catch (error) {
      await close()
      throw error
    }
  } finally {
    await folder?.close()
  }
}

/** Runs work on its own connection. @throws as `connect`, and what the work throws */
export async function withConnection<T>(
  login: Login,
  work: (client: Client) => Promise<T>,
  timeouts: Timeouts = defaultTimeouts,
): Promise<T> {
  const { client, close } = await connect(login, timeouts)
  try {
    return await work(client)
  } finally {
    await close()
  }
}

/** @throws Problem `sockets-open` if anyone else may enter the folder */
async function openSockets(path: string): Promise<FileHandle> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  const { uid, mode } = await folder.stat()
  if (uid === process.getuid?.() && (mode & 0o077) === 0) return folder
  await folder.close()
  throw problem({
    code: 'sockets-open',
    message: 'Other users can enter the folder with the database’s sockets.',
    cause: `It is ${path}.`,
    hint: `Start the infrastructure, which makes it private. Or run “chmod 700” on it.`,
    action: 'start-infrastructure',
  })
}

/** Milliseconds that the smallest query takes. The first one: through PgBouncer, it includes getting a server connection. */
export async function timeOf(client: Client): Promise<number> {
  const before = performance.now()
  await client.query('SELECT 1')
  return Math.round((performance.now() - before) * 10) / 10
}

/** Only root and our own user may answer on our ports. @throws Problem `port-of-another-user` */
async function requireOwnPort(port: number): Promise<void> {
  const foreign = listeningUsers(port).filter(it => it !== 0 && it !== process.getuid?.())
  if (foreign.length === 0) return
  throw problem({
    code: 'port-of-another-user',
    message: `Another user’s program is listening on port ${port}.`,
    cause: `The user id is ${foreign.join(', ')}. Nothing was sent to the program.`,
    hint: 'Find it as root (“ss -ltnp”), stop it, then start the infrastructure. Or use another port (settings: ports).',
    action: 'start-infrastructure',
  })
}

/** Whether the server answered and refused this login (wrong password, no such role, pg_hba). */
export const isRefused = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.code === '28P01' || error.code === '28000')

/** Whether the server accepted the connection, but didn't answer the login or the query in time. */
export const isTimeout = (error: unknown): boolean => error instanceof Error && /timeout/i.test(error.message)

/** Whether it is an error from the server with this SQLSTATE. */
export const hasCode = (error: unknown, code: string): boolean => error instanceof DatabaseError && error.code === code

/** Whether there is no socket, or nothing listening on it. */
const isNoSocket = (error: unknown): boolean =>
  error instanceof Error &&
  'address' in error &&
  'code' in error &&
  ['ENOENT', 'ECONNREFUSED'].includes(String(error.code)) &&
  String(error.address).startsWith('/')

/** Why a connection failed, in a sentence. */
export const whyUnreachable = (error: unknown): string | undefined =>
  isNoSocket(error) ? 'It isn’t running.' : error instanceof Error ? error.message : undefined

/** Explains why an administrator's connection failed. Problems pass unchanged. */
export function unreachable(error: unknown, port: number): ProblemError {
  if (error instanceof ProblemError) return error
  if (isRefused(error)) {
    return problem(
      {
        code: 'postgres-refused-us',
        message: `PostgreSQL on port ${port} refused Instance Manager’s own role.`,
        cause: 'The password in .instance-manager/secrets.json isn’t the server’s, or another server has the port.',
        hint: 'Stop and start the infrastructure, which sets up the role again.',
        action: 'start-infrastructure',
      },
      error,
    )
  }
  if (hasCode(error, '53100')) {
    return problem(
      {
        ...diskFull('PostgreSQL’s data', 'PostgreSQL reports it (SQLSTATE 53100).'),
        details: error instanceof Error ? error.message : undefined,
      },
      error,
    )
  }
  if (hasCode(error, '53300')) {
    return problem(
      {
        code: 'too-many-connections',
        message: `PostgreSQL on port ${port} has no connections left.`,
        cause: 'Instances and other programs are using all that it allows (SQLSTATE 53300).',
        hint: 'Try again in a moment. If it persists, see pg_stat_activity for what uses them, and restart or stop that instance.',
      },
      error,
    )
  }
  if (error instanceof DatabaseError && error.code !== '57P03') {
    return problem(
      {
        code: 'postgres-failed',
        message: 'PostgreSQL refused a statement.',
        cause: error.message,
        details: `SQLSTATE ${error.code ?? 'unknown'}`,
      },
      error,
    )
  }
  return problem(
    {
      code: 'postgres-unreachable',
      message: `PostgreSQL isn’t answering on port ${port}.`,
      cause: whyUnreachable(error),
      hint: 'Start the infrastructure, then try again.',
      action: 'start-infrastructure',
    },
    error,
  )
}
