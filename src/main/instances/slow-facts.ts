/** What the list shows and what costs more than a look at PM2: looked up seldom, and only while someone watches. */
import type { LostProcess } from '../../shared/instance'
import type { Databases } from '../infrastructure/databases'
import type { Processes } from '../processes/client'
import type { Configs } from './configs'
import { ownedBy } from './lifecycle/own-process'

export interface SlowFacts {
  /** Bytes by database; empty while PostgreSQL does not answer. */
  readonly sizes: ReadonlyMap<string, number>
  /** The base application's fingerprint now; undefined if it cannot be read. */
  readonly base: string | undefined
  /** Instances' processes that PM2 has lost. */
  readonly lost: readonly LostProcess[]
}

export const noFacts: SlowFacts = { sizes: new Map(), base: undefined, lost: [] }

export interface SlowFactServices {
  readonly databases: Pick<Databases, 'sizes'>
  readonly processes: Pick<Processes, 'lost'>
  readonly configs: () => Promise<Configs>
  readonly base: () => Promise<string>
}

/** Each part by itself: what cannot be found out is left out. */
export async function lookUpSlowFacts(to: SlowFactServices): Promise<SlowFacts> {
  const [sizes, base, lost] = await Promise.all([
    to.databases.sizes().catch(() => noFacts.sizes), to.base().catch(() => undefined), lostInstances(to).catch(() => noFacts.lost),
  ])
  return { sizes, base, lost }
}

async function lostInstances(to: SlowFactServices): Promise<LostProcess[]> {
  const all = await to.processes.lost()
  if (all.length === 0) return []
  const { configs, serverOf } = await to.configs()
  const own = await Promise.all(configs.map(({ name }) => ownedBy(all, { name, cwd: serverOf(name) })))
  return own.flat().map(({ name, pid }) => ({ name, pid }))
}
