/** Logins that must work, and logins that must be refused, once everything is hardened. */
import { DatabaseError } from 'pg'
import { generatePassword } from '../../../shared/password'
import { problem, type ProblemError } from '../../../shared/problem'
import { mapLimited } from '../../system/map-limited'
import { waitFor } from '../../system/wait'
import { hasCode, withConnection, type Login } from '../connection'
import type { PoolUser } from '../pools'
import { isUnproven } from '../proof'
import { bornRole } from '../services/postgres-config'

/** Logins at a time. */
const atOnce = 4
/** Milliseconds. PgBouncer makes a login wait if its server can't be reached. */
const timeouts = { connect: 5000, query: 5000 }
/** Milliseconds to wait for a free connection if the server has none left. */
const roomWithin = 3000

interface Trials {
  /** Our own login to PostgreSQL. */
  readonly admin: Login
  /** PgBouncer's port; undefined if there is none. */
  readonly pooled: number | undefined
  readonly instances: readonly (PoolUser & { readonly instance: string })[]
  readonly signal: AbortSignal
}

/** @throws Problem `harden-unverified` with the first login that went wrong */
export async function tryLogins({ admin, pooled, instances, signal }: Trials): Promise<void> {
  const ports = [admin.port, ...(pooled === undefined ? [] : [pooled])]
  await works('Instance Manager', admin, signal)
  for (const port of ports)
    await isRefused(
      `${bornRole} over TCP, port ${port}`,
      { port, user: bornRole, password: generatePassword(), database: 'postgres' },
      signal,
    )
  await mapLimited(instances, atOnce, async ({ instance, ...login }) => {
    for (const port of ports) {
      await works(`“${instance}”, port ${port}`, { ...login, port }, signal)
      const wrong = { ...login, port, password: generatePassword() }
      await isRefused(`“${instance}” with a wrong password, port ${port}`, wrong, signal)
    }
    const other = instances.find(it => it.user !== login.user && it.database !== login.database)
    if (other)
      await isRefused(
        `“${instance}” to the database of “${other.instance}”`,
        { ...login, port: admin.port, database: other.database },
        signal,
      )
  })
}

/** @returns why it isn't let in; undefined if it is. `adopted: false`: the server must prove that it knows the password. */
async function attempt(login: Login, signal: AbortSignal): Promise<unknown> {
  let last: unknown
  await waitFor(
    async () => {
      last = await withConnection({ ...login, adopted: false }, client => client.query('SELECT 1'), timeouts).then(
        () => undefined,
        (error: unknown) => error,
      )
      return !hasNoRoom(last)
    },
    { timeout: roomWithin, signal },
  )
  return last
}

/** Says nothing about the login: PostgreSQL or the role has reached its connection limit. */
const hasNoRoom = (error: unknown): boolean => hasCode(error, '53300')

async function works(who: string, login: Login, signal: AbortSignal): Promise<void> {
  const error = await attempt(login, signal)
  if (error !== undefined) throw unverified(`A login that must work fails: ${who}.`, error)
}

async function isRefused(who: string, login: Login, signal: AbortSignal): Promise<void> {
  const error = await attempt(login, signal)
  if (error === undefined || isUnproven(error)) throw unverified(`A login that must be refused isn’t: ${who}.`, error)
  if (!(error instanceof DatabaseError) || hasNoRoom(error))
    throw unverified(`A login that must be refused couldn’t be tried: ${who}.`, error)
}

const unverified = (message: string, error: unknown): ProblemError =>
  problem(
    {
      code: 'harden-unverified',
      message,
      cause: error instanceof Error ? error.message : undefined,
      hint: 'Everything is put back as it was. See Details, then the logs of PostgreSQL and PgBouncer.',
    },
    error,
  )
