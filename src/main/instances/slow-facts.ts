/** What the list shows and what costs more than a look at PM2: looked up seldom, and only while someone watches. */
import type { LostProcess } from '../../shared/instance'
import type { Databases } from '../infrastructure/databases'
import type { Processes } from '../processes/client'

export interface SlowFacts {
  /** Bytes by database; empty while PostgreSQL does not answer. */
  readonly sizes: ReadonlyMap<string, number>
  /** The base application's fingerprint now; undefined if it cannot be read. */
  readonly base: string | undefined
  readonly lost: readonly LostProcess[]
}

export const noFacts: SlowFacts = { sizes: new Map(), base: undefined, lost: [] }

export interface SlowFactServices {
  readonly databases: Pick<Databases, 'sizes'>
  readonly processes: Pick<Processes, 'lost'>
  readonly base: () => Promise<string>
}

/** Each part by itself: what cannot be found out is left out. */
export async function lookUpSlowFacts(to: SlowFactServices): Promise<SlowFacts> {
  const [sizes, base, lost] = await Promise.all([
    to.databases.sizes().catch(() => noFacts.sizes), to.base().catch(() => undefined), to.processes.lost().catch(() => []),
  ])
  return { sizes, base, lost: lost.map(({ name, pid }) => ({ name, pid })) }
}
