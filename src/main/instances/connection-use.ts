/** How many of PostgreSQL's connections instances take. */
import { databaseNames, nameSchema, type InstanceConfig } from '../../shared/instance'
import type { Settings } from '../../shared/settings'
import { limitsWith } from '../infrastructure/limits'
import type { PoolSizes } from '../infrastructure/services/pgbouncer-config'
import type { Configs } from './configs'
import { instancePorts, type LifecycleServices } from './lifecycle/target'

/** How many of PostgreSQL's connections it normally uses: its pool, or all that it may have if it isn't pooled. */
export function shareOf({ database, limits = {} }: InstanceConfig, settings: Settings, own = limits): number {
  const { pool, connections } = limitsWith(own, settings)
  return database.port === database.directPort ? connections : pool
}

/** How many of PostgreSQL's connections running instances normally use. @param besides one that counts anyway */
export async function usedTogether(
  services: Pick<LifecycleServices, 'paths' | 'configs' | 'processes'>,
  settings: Settings,
  besides?: string,
): Promise<number> {
  const [{ configs, foreign }, ports] = await Promise.all([services.configs(), instancePorts(services)])
  const running = new Set([besides, ...ports.filter(it => it.running).map(it => it.name)])
  return configs
    .filter(it => running.has(it.name) && !foreign.has(it.name))
    .reduce((sum, it) => sum + shareOf(it, settings), 0)
}

/** An instance whose files can't be read keeps its clients, with the default size. Copies have no database here. */
export const poolSizes = ({ configs, broken, foreign }: Pick<Configs, 'configs' | 'broken' | 'foreign'>): PoolSizes =>
  new Map([
    ...broken
      .filter(it => nameSchema.safeParse(it.folder).success)
      .map(it => [databaseNames(it.folder).database, undefined] as const),
    ...configs
      .filter(it => !foreign.has(it.name))
      .map(it => [databaseNames(it.name).database, it.limits?.pool] as const),
  ])
