/** The room of the live list: instances according to their files, PM2 and PostgreSQL, and whose they are. */
import { things } from '../../shared/things'
import type { Manifest } from '../../shared/workspace'
import type { InfrastructureRoom } from '../infrastructure/room'
import { Pools } from '../infrastructure/pools'
import { guardInfrastructure } from '../infrastructure/settings-guard'
import type { Operations } from '../operations/engine'
import type { Processes } from '../processes/client'
import type { Releases } from '../releases/releases'
import type { SchemaRoom } from '../schema/room'
import { portsHolders } from '../system/sockets'
import { readManifest } from '../workspace/base'
import { fingerprint } from '../workspace/fingerprint'
import type { Base } from '../workspace/opened'
import { Conditions } from './conditions'
import { connectedInstances, instanceFolders, readConfigs, type ConfigCache, type Configs } from './configs'
import { Desired } from './desired'
import { DesiredKeeper } from './desired-keeper'
import { Newer } from './newer'
import { Ownership } from './ownership'
import { InstancePools } from './pooled'
import { Registry } from './registry'
import { serveTenants } from './tenants'

export interface Roster {
  readonly desired: Desired
  readonly ownership: Ownership
  readonly pools: InstancePools
  /** The live list. */
  readonly registry: Registry
  /** Every config.json, and which instances are broken or copies. */
  readonly configs: (manifest?: Manifest) => Promise<Configs>
  /** The base application's current fingerprint. @throws Problems of the manifest */
  readonly baseFingerprint: () => Promise<string>
  /** Keeps looking while the workspace is open; in a command, looks once. */
  start(): void
}

/** @throws Problem `file-corrupt` */
export async function rosterRoom(
  base: Base,
  operations: Operations,
  { infrastructure, databases }: InfrastructureRoom,
  schema: SchemaRoom,
  processes: Processes,
  releases: Releases,
): Promise<Roster> {
  const { paths, run, settings, signal, log, place, node } = base
  const desired = new Desired(paths.desired)
  base.closing.add(() => desired.close())
  await desired.names()
  const busy = (): ReadonlySet<string> => new Set(operations.held('instance').keys())
  const ownership = new Ownership({ paths, databases, portsHolders })
  const known: ConfigCache = new Map()
  const configs = async (manifest?: Manifest): Promise<Configs> =>
    readConfigs(paths, manifest ?? (await readManifest(paths.root)), busy(), known)
  const digests = new Map<string, string>()
  const baseFingerprint = async (): Promise<string> =>
    fingerprint(paths.root, await readManifest(paths.root), node.major, digests)
  const pools = new InstancePools(
    new Pools(database => infrastructure.throughPool(database)),
    async () => (await settings.read()).ports.pgbouncer,
  )
  const roster = { desired, ownership, pools, configs }
  serveTenants(infrastructure, { paths, processes, schema, ...roster })
  settings.guard(guardInfrastructure({ infrastructure, instances: async () => connectedInstances(await configs()) }))
  const registry = new Registry({
    folder: paths.instances,
    configs,
    processes,
    databases,
    ownership,
    desired,
    signal,
    conditions: new Conditions({
      infrastructure,
      pools,
      signal,
      changing: () => operations.holders(things.services).length > 0,
    }),
    base: baseFingerprint,
    newer: new Newer({ root: paths.root, run, releases, signal }),
    ...(!place.looking && { keeper: new DesiredKeeper({ desired, signal, busy }) }),
  })
  operations.whenSettled(() => registry.poke())

  /** Logs names whose folders were removed by hand. */
  const logStrayNames = async (): Promise<void> => {
    const [names, folders] = await Promise.all([desired.names(), instanceFolders(paths)])
    const stray = names.filter(it => !folders.includes(it))
    if (stray.length) log.info(`${paths.desired} names instances that don’t exist: ${stray.join(', ')}.`)
  }

  return {
    ...roster,
    registry,
    baseFingerprint,
    start() {
      void logStrayNames().catch(() => undefined)
      void (place.kind === 'command' ? registry.lookOnce() : registry.keepLooking()).catch(() => undefined)
    },
  }
}
