/** Every `new`, in order: where we run goes in, services come out. No Electron here; tests use it too. */
import { createHash, randomBytes } from 'node:crypto'
import { realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseNames } from '../shared/instance'
import { problem, toProblem } from '../shared/problem'
import { isOpen, type OperationState } from '../shared/operation'
import { things } from '../shared/things'
import type { Manifest } from '../shared/workspace'
import { App, type Desktop, type Served } from './app'
import { Databases } from './infrastructure/databases'
import { ContainerDriver } from './infrastructure/drivers/container-driver'
import { EmbeddedDriver } from './infrastructure/drivers/embedded-driver'
import { Engine } from './infrastructure/drivers/engine'
import { Infrastructure } from './infrastructure/infrastructure'
import { guardInfrastructure } from './infrastructure/settings-guard'
import { infrastructureStart, infrastructureUsers } from './infrastructure/start'
import { infrastructureStop } from './infrastructure/stop'
import { Pools } from './infrastructure/pools'
import { allServices } from './infrastructure/services'
import { Supervisor } from './infrastructure/supervisor'
import { Wanted } from './infrastructure/wanted'
import { connectedInstances, instanceFolders, readConfigs, type ConfigCache, type Configs } from './instances/configs'
import { bringUp, requireUp, startJobOn } from './instances/bring-up'
import { adoption } from './instances/adopt'
import { setBootTime } from './instances/boot-time'
import { portChange } from './instances/change-port'
import { creation } from './instances/create'
import { requireFreeName } from './instances/create/plan'
import { takePassword } from './instances/create/password'
import { checkPort, choosePort, type PortKnowledge } from './instances/ports'
import { deletion } from './instances/delete'
import { leftoverRemoval, previewLeftovers } from './instances/leftovers'
import { Ownership } from './instances/ownership'
import { Desired } from './instances/desired'
import { DesiredKeeper } from './instances/desired-keeper'
import { instanceDetails, previewDelete, revealValue } from './instances/details'
import { healRunning } from './instances/heal-running'
import { bulkJob } from './instances/many'
import { InstancePools } from './instances/pooled'
import { Registry } from './instances/registry'
import { Resume } from './instances/resume'
import { restarting } from './instances/restart'
import { whoRuns } from './instances/lifecycle/target'
import { Space, withSpace } from './instances/space'
import { starting } from './instances/start'
import { endLost, stopping } from './instances/stop'
import { endOfIsolation, isolation } from './instances/system-user/isolate'
import { Trash } from './instances/trash'
import { AppLog } from './logs/app-log'
import { ContainerLogs } from './logs/containers'
import { Logs } from './logs/logs'
import { Rotation } from './logs/rotate'
import { rotationTargets } from './logs/rotate-targets'
import { OperationSpools } from './logs/operation-spool'
import { LogSources } from './logs/sources'
import { LogThreads } from './logs/threads'
import { nameOf } from './operations/claims'
import { Operations } from './operations/engine'
import { Processes } from './processes/client'
import { findNode } from './processes/daemon'
import { Releases } from './releases/releases'
import { ownBytes } from './releases/tree'
import { portFree, portHolders, portsHolders } from './system/proc'
import { makeFolder, removeTemporary } from './system/files'
import type { WorkspaceServices } from './services'
import type { Product } from './system/product'
import { createRun, sweep, type Run } from './system/run'
import { engineSocket } from './transport/local-client'
import { listenLocally } from './transport/local-socket'
import { readManifest } from './workspace/base'
import { fingerprint } from './workspace/fingerprint'
import { identify, lookAtIdentity } from './workspace/identity'
import { acquireLock, type HolderKind, type Lock } from './workspace/lock'
import { workspacePaths, type WorkspacePaths } from './workspace/paths'
import { RecentWorkspaces } from './workspace/recent'
import { Secrets } from './workspace/secrets'
import { SettingsFile } from './workspace/settings'

/** Where and as what the product runs. */
export interface Host {
  readonly kind: HolderKind
  readonly version: string
  readonly home: string
  readonly product: Product
  /** The user's own folder of the app; it exists. */
  readonly data: string
  /** The site's default settings. */
  readonly defaults: string
  readonly pm2Home: string
  readonly desktop?: Desktop
  readonly served?: Served
  /**
   * Nothing is to be changed: a workspace is opened without its lock, beside whoever works in it, and nothing is
   * recovered.
   */
  readonly looking?: boolean
  /** How long another process that is just ending may keep the lock. Milliseconds; 3000 unless told. */
  readonly lockWait?: number
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
    open: root => (host.looking ? lookAtWorkspace(host, root) : openWorkspace(host, root)),
    listen: host.looking ? undefined : ({ paths }) => listenLocally(join(paths.state, engineSocket), app),
  })
  return app
}

/**
 * Locks a workspace (its root is a real path), ends what an earlier, killed process left running, and recovers its
 * operations.
 * @throws Problems `workspace-locked`, `workspace-lock-lost`, `file-corrupt` …; then nothing is held
 */
export async function openWorkspace(host: Host, root: string): Promise<WorkspaceServices> {
  const paths = workspacePaths(root)
  const [ending, lost] = [new AbortController(), new AbortController()]
  const lock = await acquireLock(paths.state, host.kind, {
    waitMs: host.lockWait ?? 3000,
    onLost: () => {
      lost.abort()
      ending.abort(lockLost())
    },
  })
  try {
    return await compose(host, paths, { lock, lost: lost.signal, ending })
  } catch (error) {
    ending.abort(error)
    await lock.release()
    throw error
  }
}

/** The services of a workspace that is only looked at. @throws Problems `file-corrupt` … */
export function lookAtWorkspace(host: Host, root: string): Promise<WorkspaceServices> {
  return compose(host, workspacePaths(root), { lost: new AbortController().signal, ending: new AbortController() })
}

interface Life {
  /** Absent where the workspace is only looked at. */
  readonly lock?: Lock
  /** The lock is another's: nothing may be done any more. */
  readonly lost: AbortSignal
  /** For all that lives as long as the workspace is open. */
  readonly ending: AbortController
}

async function compose(host: Host, paths: WorkspacePaths, { lock, lost, ending }: Life): Promise<WorkspaceServices> {
  const { signal } = ending
  const id = createHash('sha256').update(paths.root).digest('hex').slice(0, 16)
  if (lock) await makeFolder(paths.instances)
  const identity = await (lock ? identify(paths) : lookAtIdentity(paths))
  const settings = new SettingsFile(paths.settings, host.defaults)
  const secrets = new Secrets(paths.secrets)
  const desired = new Desired(paths.desired)
  const wanted = new Wanted(paths.wanted, paths.root)
  // refuse what is corrupt before anything runs
  await Promise.all([settings.read(), secrets.keys(), desired.names(), wanted.read()])
  const run = createRun(id)
  const node = await realNode(run)

  const releases = new Releases(paths.releases, paths.instances, run)
  const processes = new Processes(host.pm2Home)
  const trash = new Trash(paths.instances, it => ownBytes(run, it), identity.copyOf !== undefined)
  const driverServices = { paths, run, settings, secrets }
  const drivers = {
    podman: new ContainerDriver('podman', allServices, driverServices),
    docker: new ContainerDriver('docker', allServices, driverServices),
    embedded: new EmbeddedDriver(allServices, driverServices),
  }
  const infrastructure: Infrastructure = new Infrastructure({
    settings,
    secrets,
    wanted,
    signal,
    users: () => infrastructureUsers(operations),
    healPools: () => healRunning({ paths, configs, processes, pools }),
    secured: async () => ownership.claim(await configs()),
    hasInstances: async () => (await instanceFolders(paths)).length > 0,
    drivers,
  })
  const pools = new InstancePools(
    new Pools(database => infrastructure.throughPool(database)),
    async () => (await settings.read()).ports.pgbouncer,
  )
  const appLog = new AppLog(paths.appLog)
  const databases = new Databases(() => infrastructure.admin(), identity.id)
  const ownership = new Ownership({ paths, databases, portsHolders })

  const known: ConfigCache = new Map()
  const configs = async (manifest?: Manifest): Promise<Configs> =>
    readConfigs(paths, manifest ?? (await readManifest(paths.root)), busy(), known)
  settings.guard(guardInfrastructure({ infrastructure, instances: async () => connectedInstances(await configs()) }))
  const digests = new Map<string, string>()
  const base = async (): Promise<string> => fingerprint(paths.root, await readManifest(paths.root), node.major, digests)
  const registry = new Registry({
    folder: paths.instances,
    configs,
    processes,
    databases,
    ownership,
    desired,
    keeper: lock && new DesiredKeeper({ desired, signal, busy: () => busy() }),
    signal,
    base,
  })
  const space = new Space({
    paths,
    run,
    releases,
    trash,
    configs,
    base,
    signal,
    dataFolder: () => infrastructure.dataFolder,
    planned: () => operations.held('release').keys(),
    keptTrash: () => keptTrash(),
    archives: { list: () => rotation.oldArchives(), remove: () => rotation.removeOldArchives() },
  })
  const portKnowledge: PortKnowledge = {
    instances: () => whoRuns({ paths, configs, processes }),
    reservations: async () =>
      [...operations.held('port')].map(([port, { subject }]) => ({ subject, port: Number(port) })),
    portFree,
    portHolders,
  }
  const ports = {
    suggest: async () => choosePort((await settings.read()).ports.firstInstance, portKnowledge),
    check: (port: number) => checkPort(port, portKnowledge),
  }

  const creationServices = {
    paths,
    run,
    node,
    directorScript: host.product.directorScript,
    releases,
    databases,
    infrastructure,
    processes,
    pools,
    desired,
    secrets,
    settings,
    ports,
    configs,
    space,
  }
  const lifecycle = {
    paths,
    run,
    processes,
    pools,
    desired,
    ownership,
    configs,
    ports,
    databases,
    infrastructure,
    trash,
  }
  const leftovers = { ...lifecycle, copyOf: identity.copyOf }
  const operations: Operations = new Operations({
    folder: paths.operations,
    secrets,
    operations: [
      creation(creationServices),
      starting(lifecycle),
      stopping(lifecycle),
      restarting(lifecycle),
      portChange(lifecycle),
      deletion(lifecycle),
      isolation(lifecycle),
      endOfIsolation(lifecycle),
      adoption({ ...creationServices, ownership, trash }),
      leftoverRemoval(leftovers),
      bulkJob({ operations: () => operations, bringUpFor: names => bringUpFor(names) }),
      infrastructureStart(infrastructure),
      infrastructureStop(infrastructure),
    ].map(it => withSpace(space, it)),
    lost,
    onSettled: state => {
      registry.poke()
      appLog.operation(state)
      void forgetTrash([state])
      void space.tidyAfter(state).catch(() => undefined) // the next one does it
    },
  })
  const busy = (): ReadonlySet<string> => new Set(operations.held('instance').keys())
  /** What a refused journal set aside is still to be brought back, and its token isn't known. */
  const keptTrash = (): ReadonlySet<string> | undefined =>
    operations.unreadable().length > 0 ? undefined : new Set(operations.held('trash').keys())
  const forgetTrash = (settled: readonly OperationState[]): Promise<void> =>
    trash.forget(
      settled.flatMap(({ claims }) =>
        claims.filter(({ on }) => on.startsWith(things.trash(''))).map(({ on }) => nameOf(on)),
      ),
    )

  const bringUpFor = async (names: readonly string[]): Promise<void> => {
    const found = (await configs()).configs
    if (found.some(it => names.includes(it.name))) await requireUp({ operations, infrastructure })
  }

  /** Left by a folder that was removed by hand. */
  const tellStrayNames = async (): Promise<void> => {
    const [names, folders] = await Promise.all([desired.names(), instanceFolders(paths)])
    const stray = names.filter(it => !folders.includes(it))
    if (stray.length) appLog.info(`${paths.desired} names instances that do not exist: ${stray.join(', ')}.`)
  }

  const recover = async (): Promise<void> => {
    await sweep(id)
    await removeTemporary(paths.state) // they may hold secrets
    await releases.tidy()
    signal.throwIfAborted() // the lock is lost already
    await operations.open()
    void forgetTrash(operations.list().filter(it => !isOpen(it)))
    void tellStrayNames().catch(() => undefined)
    void space
      .tidy()
      .then(() => space.keepSpare())
      .catch(() => undefined) // the next opening does it
    void (host.kind === 'command' ? registry.lookOnce() : registry.keepLooking()).catch(() => undefined)
  }
  if (lock) await rm(paths.logCache, { recursive: true, force: true }) // left by a crashed process
  await (lock ? recover() : operations.look())
  const logCache = join(paths.logCache, randomBytes(6).toString('hex')) // others may look at the workspace
  const containerLogs = new ContainerLogs({
    folder: join(logCache, 'containers'),
    signal,
    nameOf: async service => (await settings.read()).containers[service],
    engine: async () => new Engine((await infrastructure.kind()) === 'docker' ? 'docker' : 'podman', run),
  })
  const spools = new OperationSpools(operations, paths.operations, logCache)
  const logs = new Logs({
    sources: new LogSources({
      paths,
      processes,
      configs,
      spools,
      ours: () => secrets.all(),
      driver: () => infrastructure.driver(),
      containerLog: containerLogs,
    }),
    threads: new LogThreads(host.product.logWorker),
    cache: logCache,
    exports: paths.exports,
    instances: async () => (await configs()).configs.map(it => it.name),
    operations: () =>
      operations
        .list()
        .map(it => it.id)
        .toReversed(),
  })
  const rotation = new Rotation({
    run,
    signal,
    limits: async () => (await settings.read()).logs,
    targets: () =>
      rotationTargets({
        processes,
        services: () => [...allServices.map(it => drivers.embedded.logFile(it)), ...containerLogs.files()],
        instances: async () => {
          const { configs: found, serverOf } = await configs()
          return found.map(({ name }) => ({ name, cwd: serverOf(name) }))
        },
      }),
  })
  if (lock) rotation.start()
  const resume = new Resume(operations)
  const supervisor = new Supervisor({
    infrastructure,
    wanted,
    log: appLog,
    busy: () => operations.holders(things.services).length > 0,
    restored: () => infrastructure.healPools(),
    healthy: () => resume.look(),
  })
  // A command ends with its own work: what should run is the next engine's matter.
  const supervised = lock && host.kind !== 'command' ? supervisor.run(signal) : undefined
  if (lock) appLog.info(`The workspace was opened by Instance Manager ${host.version}.`)
  if (lock && identity.copyOf !== undefined)
    appLog.info(
      `It is a copy of ${identity.copyOf}: instances that belong there are left alone until they are adopted.`,
    )

  return {
    paths,
    operations,
    infrastructure,
    settings,
    registry,
    logs,
    rotation,
    space,
    appLog,
    ports,
    signal,
    async checkName(name) {
      try {
        await requireFreeName({ configs, processes }, name, await readManifest(paths.root))
        return { database: databaseNames(name).database }
      } catch (error) {
        return { problem: toProblem(error) }
      }
    },
    takePassword: operation => takePassword(operations, operation),
    bringUp: () => bringUp({ operations, infrastructure }),
    start: request => startJobOn({ operations, bringUpFor }, request),
    details: name => instanceDetails(lifecycle, name),
    reveal: (name, key) => revealValue(lifecycle, name, key),
    setBootTime: async input => {
      await setBootTime({ ...lifecycle, operations: () => operations.list() }, input)
      registry.poke()
    },
    previewDelete: (name, asking) => previewDelete(lifecycle, name, asking),
    previewLeftovers: (name, asking) => previewLeftovers(leftovers, name, asking),
    endLost: name => endLost(operations, name),
    async close() {
      ending.abort()
      await operations.close()
      await Promise.all([rotation.ended(), containerLogs.ended(), supervised])
      spools.close()
      await logs.close()
      if (lock) appLog.info('The workspace was closed.')
      await appLog.settled()
      await Promise.all([desired.close(), secrets.close()])
      await lock?.release()
    },
  }
}

const lockLost = () =>
  problem({
    code: 'workspace-lock-lost',
    message: 'The workspace was closed: its lock was lost.',
    cause:
      'The helper process that holds the lock has ended. Another Instance Manager could have taken the workspace over.',
    hint: 'Open it again. What was interrupted goes on then; instances that run keep running.',
  })

/** The Node that runs instances and tools: the one on PATH, never Electron's. */
async function realNode(run: Run): Promise<{ path: string; major: string }> {
  const path = await findNode()
  // it is us: a start saved
  if ((await realpath(path)) === process.execPath) return { path, major: process.versions.node.split('.')[0] ?? '' }
  const version = await run(path, ['--version'], { timeout: 10_000 })
  return { path, major: version.replace(/^v/, '').split('.')[0] ?? '' }
}
