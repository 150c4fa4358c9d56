/** Facts for the list that cost more than a look at PM2: looked up once a minute. */
import { databaseNames, type LostProcess } from '../../shared/instance'
import type { OutdatedPm2 } from '../../shared/outdated-pm2'
import type { Databases } from '../infrastructure/databases'
import type { Processes } from '../processes/client'
import type { Configs } from './configs'
import { ownedBy } from './lifecycle/own-process'
import type { Newer } from './newer'
import type { Ownership } from './ownership'

export interface SlowFacts {
  /** Bytes by database; empty while PostgreSQL isn't answering. */
  readonly sizes: ReadonlyMap<string, number>
  /** The base application's current fingerprint; undefined if it can't be read. */
  readonly base: string | undefined
  /** What has changed since a release, in a few words, by the release's fingerprint. */
  readonly newer: ReadonlyMap<string, string>
  /** Instances' processes that PM2 has lost. */
  readonly lost: readonly LostProcess[]
  readonly outdatedPm2: OutdatedPm2 | undefined
  /** By name, why an instance belongs to another although its config.json says that it is ours. */
  readonly foreign: ReadonlyMap<string, string>
}

export const noFacts: SlowFacts = {
  sizes: new Map(),
  base: undefined,
  newer: new Map(),
  lost: [],
  outdatedPm2: undefined,
  foreign: new Map(),
}

export interface SlowFactServices {
  readonly databases: Pick<Databases, 'sizes' | 'foreign'>
  readonly ownership: Pick<Ownership, 'runningElsewhere'>
  readonly processes: Pick<Processes, 'lost' | 'outdated'>
  readonly configs: () => Promise<Configs>
  readonly base: () => Promise<string>
  readonly newer: Pick<Newer, 'since'>
}

/**
 * Whatever can't be found out is left out. @param pids the instances' processes @param revive whether PM2's daemon may
 * be started
 */
export async function lookUpSlowFacts(
  services: SlowFactServices,
  pids: readonly number[],
  revive: boolean,
): Promise<SlowFacts> {
  const [sizes, { base, newer }, lost, outdatedPm2, foreign] = await Promise.all([
    services.databases.sizes().catch(() => noFacts.sizes),
    baseApplication(services),
    lostInstances(services, revive).catch(() => noFacts.lost),
    services.processes.outdated().catch(() => undefined),
    foreignInstances(services, pids).catch(() => noFacts.foreign),
  ])
  return { sizes, base, newer, lost, outdatedPm2, foreign }
}

async function baseApplication(services: SlowFactServices): Promise<Pick<SlowFacts, 'base' | 'newer'>> {
  const base = await services.base().catch(() => undefined)
  if (base === undefined) return noFacts
  const since = async () => {
    const { configs } = await services.configs()
    return services.newer.since(base, new Set(configs.flatMap(it => it.release ?? []).filter(it => it !== base)))
  }
  return { base, newer: await since().catch(() => noFacts.newer) }
}

/** By name, why an instance belongs to another although its config.json says that it is ours. @param pids as above */
export async function foreignInstances(
  services: Pick<SlowFactServices, 'configs' | 'databases' | 'ownership'>,
  pids: readonly number[],
): Promise<ReadonlyMap<string, string>> {
  const [{ configs, manifest }, marked] = await Promise.all([
    services.configs(),
    services.databases.foreign().catch(() => new Set<string>()),
  ])
  const elsewhere = await services.ownership.runningElsewhere(configs, manifest, pids)
  return new Map([
    ...[...elsewhere].map(
      ([name, holder]) => [name, `The same instance is running on its port from ${holder}.`] as const,
    ),
    ...configs
      .filter(it => marked.has(databaseNames(it.name).database))
      .map(it => [it.name, 'Its database is marked as another workspace’s.'] as const),
  ])
}

async function lostInstances(services: SlowFactServices, revive: boolean): Promise<LostProcess[]> {
  const all = await services.processes.lost({ revive })
  if (all.length === 0) return []
  const { configs, serverOf } = await services.configs()
  const own = await Promise.all(configs.map(({ name }) => ownedBy(all, { name, cwd: serverOf(name) })))
  return own.flat().map(({ name, pid }) => ({ name, pid }))
}
