/** Puts the product together, room by room, for the host that it runs on. No Electron; tests use it too. */
import { join } from 'node:path'
import { App } from './app'
import { autostartRoom } from './autostart/room'
import { doctorRoom } from './doctor/room'
import type { Desktop, Served } from './faces'
import { infrastructureRoom } from './infrastructure/room'
import { instancesRoom } from './instances/room'
import { rosterRoom } from './instances/roster'
import { Machine } from './instances/machine'
import { Space, withSpace } from './instances/space'
import { Trash } from './instances/trash'
import { UsedReleases } from './instances/used-releases'
import { logsRoom } from './logs/room'
import { maintenanceRoom } from './maintenance/room'
import { Operations } from './operations/engine'
import { Processes } from './processes/client'
import { pm2Paths, pm2Version } from './processes/daemon'
import { removeOldRuntimes } from './processes/old-runtimes'
import { Releases } from './releases/releases'
import { ownBytes } from './releases/tree'
import { schemaRoom } from './schema/room'
import type { WorkspaceServices } from './services'
import { tablesRoom } from './tables/room'
import { terminalRoom } from './terminal/room'
import { engineSocket } from './transport/local-client'
import { reachEngine } from './transport/other-engine'
import { listenLocally } from './transport/local-socket'
import { Updates } from './updates'
import { openBase, type Base, type OpenedWorkspace, type Place } from './workspace/opened'
import { RecentWorkspaces } from './workspace/recent'
import { SavedViews } from './workspace/saved-views'

/** Where and in what form the product runs. */
export interface Host extends Place {
  readonly home: string
  /** The app's folder in the user's home; it exists. */
  readonly data: string
  readonly desktop?: Desktop
  readonly served?: Served
}

/** The path of the site's default settings, unless the environment names another file. */
export const siteDefaults = (): string =>
  process.env['INSTANCE_MANAGER_DEFAULTS'] ?? '/etc/instance-manager/defaults.json'
/** PM2's own rule, so that `pm2 logs NAME` sees the same processes. */
export const pm2HomeOf = (home: string): string => process.env['PM2_HOME'] ?? join(home, '.pm2')

export function composeApp(host: Host): App {
  const app: App = new App({
    version: host.version,
    pm2: pm2Version(),
    home: host.home,
    sample: host.product.sampleApp,
    desktop: host.desktop,
    served: host.served,
    recent: new RecentWorkspaces(join(host.data, 'recent.json')),
    updates: new Updates(host),
    looking: host.looking,
    open: root => openWorkspace(host, root),
    listen: host.looking ? undefined : ({ paths }) => listenLocally(join(paths.state, engineSocket), app),
    reach: reachEngine,
  })
  return app
}

/**
 * Locks a workspace (its root is a real path), ends processes left by an earlier, killed one, and recovers its
 * operations; or opens it read-only.
 * @throws Problems `workspace-locked`, `workspace-lock-lost`, `file-corrupt` …; nothing is held then
 */
export async function openWorkspace(host: Host, root: string): Promise<WorkspaceServices> {
  const opened = await openBase(host, root)
  try {
    return await furnish(opened)
  } catch (error) {
    await opened.close(error)
    throw error
  }
}

/** Creates the rooms in order, opens the engine, and starts the rooms' continuous work. */
async function furnish({ base, clean, close }: OpenedWorkspace): Promise<WorkspaceServices> {
  const { paths, run, place, signal, settings, log } = base
  const operations = new Operations({ folder: paths.operations, secrets: base.secrets, lost: base.lost })
  const processes = new Processes(place.pm2Home)
  const releases = new Releases(paths.releases, paths.instances, run)
  base.closing.add(() => releases.ended())
  const trash = new Trash(paths.instances, it => ownBytes(run, it), base.identity.copyOf !== undefined)
  const shared = await infrastructureRoom(base, operations)
  const { infrastructure } = shared
  const schema = schemaRoom(base, operations, shared)
  const roster = await rosterRoom(base, operations, shared, schema, processes, releases)
  const logs = await logsRoom(base, operations, shared, processes, roster)
  const archives = logs.rotation
  const usedReleases = new UsedReleases({ releases, roster, operations, signal })
  const space = new Space({ paths, run, signal, operations, releases: usedReleases, trash, infrastructure, archives })
  const machine = new Machine({ run, paths, signal, space, logs: pm2Paths(place.pm2Home).logs })
  const instances = instancesRoom(base, operations, { shared, schema, processes, releases, roster, trash, space })
  const doctor = doctorRoom(base, operations, {
    shared,
    processes,
    releases,
    roster,
    space,
    machine,
    registry: instances.registry,
    secrets: () => logs.secrets(),
  })
  const maintenance = maintenanceRoom(base, operations, { shared, roster, space })
  for (const room of [instances, shared, doctor, maintenance])
    operations.define(async () => (await room.jobs()).map(it => withSpace(space, it)))
  operations.whenSettled(it => log.operation(it))
  base.closing.add(() => operations.close())
  if (place.looking) await operations.look()
  else await begin(base, { clean, releases, operations, rooms: [roster, schema, space, logs, shared, maintenance] })
  return {
    paths,
    node: base.node,
    log,
    settings,
    views: new SavedViews(paths.views),
    operations,
    infrastructure,
    hardening: shared.hardening,
    moving: shared.moving,
    instances,
    logs,
    doctor,
    maintenance,
    terminals: terminalRoom(base, roster),
    tables: tablesRoom(base, { shared, roster }),
    space,
    machine,
    releases: usedReleases,
    autostart: autostartRoom(base),
    signal,
    close: () => close(),
  }
}

/** Done only by the process with the lock. */
async function begin(
  { log, place, identity, signal, closing }: Base,
  of: {
    readonly clean: () => Promise<void>
    readonly releases: Releases
    readonly operations: Operations
    readonly rooms: readonly { start(): void }[]
  },
): Promise<void> {
  await of.clean()
  await of.releases.kept.tidy()
  const removal = removeOldRuntimes(place.pm2Home).catch(it => log.info(`Old copies of Node.js and PM2 stay: ${it}`))
  closing.add(() => removal)
  signal.throwIfAborted() // the lock may already be lost
  await of.operations.open()
  for (const room of of.rooms) room.start()
  log.opened(place.version, identity.copyOf)
  closing.add(() => log.info('The workspace is being closed.'))
}
