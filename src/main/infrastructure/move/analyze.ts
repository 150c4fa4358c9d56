/**
 * Gives the new PostgreSQL its statistics about the rows, which a dump doesn't contain: without them, it plans queries
 * badly until autovacuum has been everywhere. Like autovacuum, it runs as a superuser: PostgreSQL runs what a tenant
 * has defined for an index as the table's owner then.
 */
import type { MovePlan } from '../../../shared/jobs/move'
import { mapLimited } from '../../system/map-limited'
import { hasCode, type Login, withConnection } from '../connection'

/** Databases at a time: instances are being served. */
const atOnce = 2
/** Milliseconds for one database, of which only a sample is read. */
const longest = 3_600_000

export interface Unanalyzed {
  readonly database: string
  readonly why: string
}

/**
 * Skips tables that someone has locked. @param admin our role's login @param report is given the number of databases
 * that are done
 * @returns the databases where something went wrong @throws only the signal's reason
 */
export async function analyzeAll(
  admin: Login,
  databases: MovePlan['databases'],
  signal: AbortSignal,
  report: (done: number, all: number) => void,
): Promise<readonly Unanalyzed[]> {
  const left: Unanalyzed[] = []
  let done = 0
  await mapLimited(databases, atOnce, async ({ name }) => {
    try {
      await analyze({ ...admin, database: name }, signal)
    } catch (error) {
      signal.throwIfAborted()
      const wasDropped = hasCode(error, '3D000')
      if (!wasDropped) left.push({ database: name, why: error instanceof Error ? error.message : String(error) })
    }
    report(++done, databases.length)
  })
  return left
}

const analyze = (login: Login, signal: AbortSignal): Promise<void> =>
  withConnection(
    login,
    async client => {
      const stop = (): void => void client.end()
      signal.throwIfAborted()
      signal.addEventListener('abort', stop, { once: true })
      try {
        await client.query('ANALYZE (SKIP_LOCKED)')
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    { connect: 10_000, query: longest },
  )
