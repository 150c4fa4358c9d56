/** Keeps everyone but superusers out of databases while they are copied, and lets them in again. */
import { type Client, escapeIdentifier as id } from 'pg'
import type { MovePlan } from '../../../shared/jobs/move'
import { problem } from '../../../shared/problem'
import { waitFor } from '../../system/wait'
import { hasCode, type Login, withConnection } from '../connection'
import { movedDatabases } from './cluster'

type Databases = MovePlan['databases']

/** Milliseconds to try for: someone may be in the way. */
const patience = 30_000

/**
 * Afterwards nobody is connected. Superusers can still log in, which pg_dump needs. Safe to repeat.
 * @param admin our role's login to the database `postgres`
 * @throws Problems `move-changed` if the databases differ from the plan's, `move-in-use`
 */
export async function closeDatabases(admin: Login, databases: Databases, signal: AbortSignal): Promise<void> {
  const closed = databases.map(it => ({ ...it, connections: 0 }))
  const names = databases.map(it => it.name)
  await withConnection(admin, async client => {
    await requirePlanned(client, names)
    const done = await waitFor(
      async () => {
        await endSessions(client, names)
        await limit(client, closed)
        await endSessions(client, names) // those that came in between
        // In this order: once nobody is connected, no owner can lift its limit again.
        return !(await anyoneIn(client, names)) && (await unlike(client, closed)).length === 0
      },
      { timeout: patience, signal },
    )
    if (!done)
      throw problem({
        code: 'move-in-use',
        message: 'Someone keeps connecting to the databases.',
        cause: 'It must be a superuser: nobody else can connect any more.',
        hint: 'Everything is put back as it was. Find out who it is in pg_stat_activity, then try again.',
      })
  })
}

/**
 * That nobody has been let in since `closeDatabases`: what they wrote might not have been copied.
 * @param admin as above @throws Problem `move-changed`
 */
export async function requireClosed(admin: Login, databases: Databases, signal: AbortSignal): Promise<void> {
  await withConnection(admin, async client => {
    const names = databases.map(it => it.name)
    const lifted = await unlike(
      client,
      databases.map(it => ({ ...it, connections: 0 })),
    )
    // our own sessions take a moment to end
    const isEmpty = await waitFor(async () => !(await anyoneIn(client, names)), { timeout: patience, signal })
    if (lifted.length === 0 && isEmpty) return
    throw problem({
      code: 'move-changed',
      message: 'Someone opened the databases while they were being copied.',
      cause: lifted.length > 0 ? `These accept connections again: ${lifted.map(it => it.name).join(', ')}.` : undefined,
      hint: 'Everything is put back as it was. Find out who it is in pg_stat_activity, then try again.',
    })
  })
}

/**
 * Safe to repeat. Databases that were dropped meanwhile are passed over.
 * @param admin as above @throws Problem `move-in-use`
 */
export async function openDatabases(admin: Login, databases: Databases, signal: AbortSignal): Promise<void> {
  await withConnection(admin, async client => {
    const done = await waitFor(
      async () => {
        await limit(client, databases)
        return (await unlike(client, databases)).length === 0
      },
      { timeout: patience, signal },
    )
    if (!done)
      throw problem({
        code: 'move-in-use',
        message: 'The databases can’t be opened again.',
        cause: 'Someone keeps changing them at the same time.',
        hint: 'Find out who it is in pg_stat_activity, then try again.',
      })
  })
}

/** Ends everyone's sessions in these databases. @param client our role's, in the database `postgres` */
export const endSessions = (client: Client, names: readonly string[]): Promise<unknown> =>
  client.query(`SELECT pg_terminate_backend(pid) FROM (${sessions}) AS found`, [names])

const sessions = `SELECT pid FROM pg_stat_activity WHERE datname = ANY($1) AND backend_type IN ('client backend', 'walsender')`

async function anyoneIn(client: Client, names: readonly string[]): Promise<boolean> {
  const { rows } = await client.query(sessions, [names])
  return rows.length > 0
}

/** @throws Problem `move-changed` */
async function requirePlanned(client: Client, names: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname::text AS name FROM pg_database WHERE ${movedDatabases}`,
  )
  const found = rows.map(it => it.name)
  if (names.toSorted().join('\n') === found.toSorted().join('\n')) return
  throw problem({
    code: 'move-changed',
    message: 'Databases were created or dropped since the move was planned.',
    hint: 'Everything is put back as it was. Try again.',
  })
}

/** Those that exist and have another limit. */
async function unlike(client: Client, databases: Databases): Promise<Databases> {
  const { rows } = await client.query<{ name: string; connections: number }>(
    'SELECT datname::text AS name, datconnlimit AS connections FROM pg_database',
  )
  const found = new Map(rows.map(it => [it.name, it.connections]))
  return databases.filter(it => found.has(it.name) && found.get(it.name) !== it.connections)
}

/**
 * Sets the limits, as far as nobody is in the way. A transaction that has changed a database, as its owner may, holds
 * up everyone else who changes it until it ends; so it is ended, and the next attempt can succeed.
 */
async function limit(client: Client, databases: Databases): Promise<void> {
  await client.query("SET lock_timeout = '2s'")
  for (const { name, connections } of await unlike(client, databases))
    try {
      await client.query(`ALTER DATABASE ${id(name)} CONNECTION LIMIT ${connections}`)
    } catch (error) {
      // lock_not_available; or the other one has just been committed (“tuple concurrently updated”)
      if (!hasCode(error, '55P03') && !hasCode(error, 'XX000')) throw error
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE relation = 'pg_database'::regclass AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()`,
      )
    }
}
