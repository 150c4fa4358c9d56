/** The logs room: reading logs, and keeping them small. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { InfrastructureRoom } from '../infrastructure/room'
import { allServices } from '../infrastructure/services'
import type { Roster } from '../instances/roster'
import type { Operations } from '../operations/engine'
import type { Processes } from '../processes/client'
import type { Base } from '../workspace/opened'
import { ContainerLogs } from './containers'
import { Logs } from './logs'
import { OperationSpools } from './operation-spool'
import { Rotation } from './rotate'
import { rotationTargets } from './rotate-targets'
import { LogSources } from './sources'
import { LogThreads } from './threads'

export interface LogsRoom {
  readonly reader: Logs
  readonly rotation: Rotation
  /** All known secrets, in every form in which they may appear. */
  secrets(): Promise<readonly string[]>
  /** Rotates the logs while the workspace is open. */
  start(): void
}

export async function logsRoom(
  base: Base,
  operations: Operations,
  { infrastructure, embedded }: InfrastructureRoom,
  processes: Processes,
  { configs }: Roster,
): Promise<LogsRoom> {
  const { paths, run, settings, secrets, signal, place, closing } = base
  if (!place.looking) await rm(paths.logCache, { recursive: true, force: true }) // left by a crashed process
  const cache = join(paths.logCache, randomBytes(6).toString('hex')) // other processes may have the workspace open read-only
  const containerLog = new ContainerLogs({
    folder: join(cache, 'containers'),
    signal,
    driver: () => infrastructure.driver(),
  })
  const spools = new OperationSpools(operations, paths.operations, cache)
  const sources = new LogSources({
    paths,
    processes,
    configs,
    spools,
    containerLog,
    ours: () => secrets.all(),
    driver: () => infrastructure.driver(),
  })
  const reader = new Logs({
    sources,
    threads: new LogThreads(place.product.logWorker),
    cache,
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
    targets: revive =>
      rotationTargets(
        {
          processes,
          services: () => [...allServices.map(it => embedded.logFile(it)), ...containerLog.files()],
          instances: async () => {
            const { configs: found, serverOf } = await configs()
            return found.map(({ name }) => ({ name, cwd: serverOf(name) }))
          },
        },
        revive,
      ),
  })
  closing.add(() => reader.close())
  closing.add(() => spools.close())
  closing.add(() => Promise.all([rotation.ended(), containerLog.ended()]))
  return { reader, rotation, secrets: () => sources.secrets({ kind: 'app' }), start: () => rotation.start() }
}
