/** Compares two clusters: all their databases, and what belongs to the whole cluster. Changes nothing. */
import { problem } from '../../../shared/problem'
import { mapLimited } from '../../system/map-limited'
import { withConnection } from '../connection'
import { readCluster, type Cluster } from './cluster'
import { differences, readContent, recomputed } from './content'
import type { Ends } from './copy'
import { endSessions } from './hold'

/** Databases at a time. */
const atOnce = 2

/** A database, and those of its generated columns that the new PostgreSQL computes differently. */
export interface Recomputed {
  readonly database: string
  readonly columns: readonly string[]
}

/** @param report is given the number of databases compared @throws Problem `move-differs`, with the differences */
export async function compareAll(
  ends: Ends,
  report: (done: number, all: number) => void,
): Promise<readonly Recomputed[]> {
  const [old, now] = await Promise.all([ends.old, ends.new].map(({ admin }) => withConnection(admin, readCluster)))
  for (const part of ['roles', 'memberships', 'databases', 'settings'] as const satisfies readonly (keyof Cluster)[])
    if (JSON.stringify(old?.[part]) !== JSON.stringify(now?.[part])) throw differs(`The ${part} differ.`, [])
  const names = old?.databases.map(it => it.name) ?? []
  const others: Recomputed[] = []
  let done = 0
  // A statement in PostgreSQL knows nothing of the signal, and hashing a large table takes long. Nobody else is there.
  const stop = (): void =>
    void Promise.allSettled(
      [ends.old, ends.new].map(({ admin }) => withConnection(admin, client => endSessions(client, names))),
    )
  ends.signal.addEventListener('abort', stop, { once: true })
  try {
    await mapLimited(names, atOnce, async database => {
      const [before, after] = await Promise.all(
        [ends.old, ends.new].map(({ admin }) => readContent({ ...admin, database }, ends.signal)),
      )
      const found = before && after ? differences(before, after) : []
      if (found.length > 0) throw differs(`The database ${database} isn’t the same: ${found[0]}.`, found)
      const columns = before && after ? recomputed(before, after) : []
      if (columns.length > 0) others.push({ database, columns })
      report(++done, names.length)
    })
    return others
  } catch (error) {
    ends.signal.throwIfAborted()
    throw error
  } finally {
    ends.signal.removeEventListener('abort', stop)
  }
}

const differs = (cause: string, all: readonly string[]) =>
  problem({
    code: 'move-differs',
    message: 'The copy differs from the original.',
    cause: cause.slice(0, 500),
    hint: 'Everything is put back as it was. See Details for all differences.',
    ...(all.length > 1 && { details: all.slice(0, 50).join('\n') }),
  })
