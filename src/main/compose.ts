/** What the product is made of, room by room: where we run goes in, an app comes out. No Electron; tests use it too. */
import { join } from 'node:path'
import { App, type Desktop, type Served } from './app'
import { infrastructureRoom } from './infrastructure/room'
import { instancesRoom } from './instances/room'
import { rosterRoom } from './instances/roster'
import { Space, withSpace } from './instances/space'
import { Trash } from './instances/trash'
import { logsRoom } from './logs/room'
import { Operations } from './operations/engine'
import { Processes } from './processes/client'
import { Releases } from './releases/releases'
import { ownBytes } from './releases/tree'
import type { WorkspaceServices } from './services'
import { engineSocket } from './transport/local-client'
import { listenLocally } from './transport/local-socket'
import { openBase, type Base, type OpenedWorkspace, type Place } from './workspace/opened'
import { RecentWorkspaces } from './workspace/recent'

/** Where and as what the product runs. */
export interface Host extends Place {
  readonly home: string
  /** The user's own folder of the app; it exists. */
  readonly data: string
  readonly desktop?: Desktop
  readonly served?: Served
}

/** Where the site's default settings lie, unless the environment names another file. */
export const siteDefaults = (): string =>
  process.env['INSTANCE_MANAGER_DEFAULTS'] ?? '/etc/instance-manager/defaults.json'
/** PM2's own rule: `pm2 logs NAME` then sees the same processes. */
export const pm2HomeOf = (home: string): string => process.env['PM2_HOME'] ?? join(home, '.pm2')

export function composeApp(host: Host): App {
  const app: App = new App({
    version: host.version,
    home: host.home,
    sample: host.product.sampleApp,
    desktop: host.desktop,
    served: host.served,
    recent: new RecentWorkspaces(join(host.data, 'recent.json')),
    looking: host.looking,
    open: root => openWorkspace(host, root),
    listen: host.looking ? undefined : ({ paths }) => listenLocally(join(paths.state, engineSocket), app),
  })
  return app
}

/**
 * Locks a workspace (its root is a real path), ends what an earlier, killed process left running, and recovers its
 * operations; or only looks at it.
 * @throws Problems `workspace-locked`, `workspace-lock-lost`, `file-corrupt` …; then nothing is held
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

/** The rooms, in order; then the engine begins, and after it what goes on while the workspace is open. */
async function furnish({ base, clean, close }: OpenedWorkspace): Promise<WorkspaceServices> {
  const { paths, run, place, signal, settings, log } = base
  const operations = new Operations({ folder: paths.operations, secrets: base.secrets, lost: base.lost })
  const processes = new Processes(place.pm2Home)
  const releases = new Releases(paths.releases, paths.instances, run)
  const trash = new Trash(paths.instances, it => ownBytes(run, it), base.identity.copyOf !== undefined)
  const shared = await infrastructureRoom(base, operations)
  const { infrastructure } = shared
  const roster = await rosterRoom(base, operations, shared, processes)
  const logs = await logsRoom(base, operations, shared, processes, roster)
  const archives = logs.rotation
  const space = new Space({ paths, run, signal, operations, releases, trash, infrastructure, roster, archives })
  const instances = instancesRoom(base, operations, { shared, processes, releases, roster, trash, space })
  operations.define([...instances.jobs, ...shared.jobs].map(it => withSpace(space, it)))
  operations.whenSettled(it => log.operation(it))
  base.closing.add(() => operations.close())
  if (place.looking) await operations.look()
  else await begin(base, { clean, releases, operations, rooms: [roster, space, logs, shared] })
  return { paths, log, settings, operations, infrastructure, instances, logs, space, signal, close: () => close() }
}

/** What only the process with the lock does. */
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
  signal.throwIfAborted() // the lock is lost already
  await of.operations.open()
  for (const room of of.rooms) room.start()
  log.opened(place.version, identity.copyOf)
  closing.add(() => log.info('The workspace is being closed.'))
}
