/**
 * While PostgreSQL is away for a moment, instances' queries can wait at PgBouncer instead of failing. Clients wait up to
 * its `query_wait_timeout`; so do new ones.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, withConnection, type Login } from './connection'

/** Milliseconds that running transactions get to end, while all others already wait. */
const grace = 500
const timeouts = { connect: 4000, query: 4000 }

/**
 * From now on, queries wait. Transactions that don't end in time are ended, as PostgreSQL's stop would do anyway.
 * @param console PgBouncer's, as a role that may pause it
 * @throws what `pg` throws; nothing waits then
 */
export async function holdQueries(console: Login, admin: Login): Promise<void> {
  const { client, close } = await connect(console, timeouts)
  try {
    const paused = client.query('PAUSE')
    const late = await Promise.race([paused.then(() => false), sleep(grace, true)])
    if (late) await endSessions(admin)
    await paused
    await close()
  } catch (error) {
    await close() // first: PgBouncer 1.18 can die if it resumes while a console still waits for its pause
    await releaseQueries(console).catch(() => undefined)
    throw error
  }
}

/** Lets queries through again. @throws what `pg` throws, also if none were waiting */
export const releaseQueries = (console: Login): Promise<unknown> =>
  withConnection(console, client => client.query('RESUME'), timeouts)

const endSessions = (admin: Login): Promise<unknown> =>
  withConnection(
    admin,
    client =>
      client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()`),
    timeouts,
  )
