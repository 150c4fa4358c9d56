/** Logins that must work, and logins that must be refused, once everything is hardened. */
import { DatabaseError } from 'pg'
import { generatePassword } from '../../../shared/password'
import { problem, type ProblemError } from '../../../shared/problem'
import { mapLimited } from '../../system/map-limited'
import { withConnection, type Login } from '../connection'
import type { PoolUser } from '../pools'
import { bornRole } from '../services/postgres-config'

/** Logins at a time. */
const atOnce = 4
/** Milliseconds. PgBouncer makes a login wait whose server can't be reached. */
const timeouts = { connect: 5000, query: 5000 }

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
  await works('Instance Manager', admin)
  for (const port of ports)
    await isRefused(`${bornRole} over TCP, port ${port}`, {
      port,
      user: bornRole,
      password: generatePassword(),
      database: 'postgres',
    })
  await mapLimited(instances, atOnce, async ({ instance, ...login }) => {
    signal.throwIfAborted()
    for (const port of ports) {
      await works(`“${instance}”, port ${port}`, { ...login, port })
      await isRefused(`“${instance}” with a wrong password, port ${port}`, {
        ...login,
        port,
        password: generatePassword(),
      })
    }
    const other = instances.find(it => it.user !== login.user && it.database !== login.database)
    if (other)
      await isRefused(`“${instance}” to the database of “${other.instance}”`, {
        ...login,
        port: admin.port,
        database: other.database,
      })
  })
}

/** `adopted: false`: the server must prove that it knows the password. */
const attempt = (login: Login): Promise<unknown> =>
  withConnection({ ...login, adopted: false }, client => client.query('SELECT 1'), timeouts)

async function works(who: string, login: Login): Promise<void> {
  await attempt(login).catch((error: unknown) => {
    throw unverified(`A login that must work fails: ${who}.`, error)
  })
}

async function isRefused(who: string, login: Login): Promise<void> {
  const error: unknown = await attempt(login).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof DatabaseError)) throw unverified(`A login that must be refused isn’t: ${who}.`, error)
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
