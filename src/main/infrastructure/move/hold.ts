/** Keeps everyone but superusers out of databases while they are copied, and lets them in again. */
import { escapeIdentifier as id } from 'pg'
import type { MovePlan } from '../../../shared/jobs/move'
import { problem } from '../../../shared/problem'
import { waitFor } from '../../system/wait'
import { type Login, withConnection } from '../connection'
import { movedDatabases } from './cluster'

type Databases = MovePlan['databases']

/**
 * Afterwards nobody is connected. Superusers can still log in, which pg_dump needs. Safe to repeat.
 * @param admin our role's login to the database `postgres`
 * @throws Problems `move-changed` if the databases differ from the plan's, `move-in-use`
 */
export async function closeDatabases(admin: Login, databases: Databases, signal: AbortSignal): Promise<void> {
  await withConnection(admin, async client => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT datname::text AS name FROM pg_database WHERE ${movedDatabases}`,
    )
    const [planned, found] = [databases, rows].map(all =>
      all
        .map(it => it.name)
        .toSorted()
        .join('\n'),
    )
    if (planned !== found)
      throw problem({
        code: 'move-changed',
        message: 'Databases were created or dropped since the move was planned.',
        hint: 'Everything is put back as it was. Try again.',
      })
    const names = databases.map(it => it.name)
    const closed = await waitFor(
      async () => {
        // an owner that was still connected may have lifted the limit again
        for (const it of names) await client.query(`ALTER DATABASE ${id(it)} CONNECTION LIMIT 0`)
        await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1) AND backend_type IN ('client backend', 'walsender')`,
          [names],
        )
        const { rowCount } = await client.query(
          `SELECT FROM pg_stat_activity WHERE datname = ANY($1) AND backend_type IN ('client backend', 'walsender')
           UNION ALL SELECT FROM pg_database WHERE datname = ANY($1) AND datconnlimit <> 0`,
          [names],
        )
        return rowCount === 0
      },
      { timeout: 30_000, signal },
    )
    if (!closed)
      throw problem({
        code: 'move-in-use',
        message: 'Someone keeps connecting to the databases.',
        cause: 'It must be a superuser: nobody else can connect any more.',
        hint: 'Everything is put back as it was. Find out who it is in pg_stat_activity, then try again.',
      })
  })
}

/** Safe to repeat. @param admin as above */
export const openDatabases = (admin: Login, databases: Databases): Promise<void> =>
  withConnection(admin, async client => {
    for (const { name, connections } of databases)
      await client.query(`ALTER DATABASE ${id(name)} CONNECTION LIMIT ${connections}`)
  })
