/** The room of the shared services: runs them, sets up PostgreSQL, and keeps them running. */
import { startJob } from '../../shared/jobs/lifecycle'
import { manyJob } from '../../shared/jobs/many'
import { planOf, wordsOf } from '../../shared/jobs/words'
import { isOpen } from '../../shared/operation'
import { things } from '../../shared/things'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import type { Base } from '../workspace/opened'
import { Databases } from './databases'
import { ContainerDriver } from './drivers/container-driver'
import { EmbeddedDriver } from './drivers/embedded-driver'
import { Hardening } from './harden/hardening'
import { infrastructureHarden } from './harden/job'
import { Infrastructure, type InfrastructureUser } from './infrastructure'
import { infrastructureRestart } from './restart'
import { settingsChange } from './settings-change'
import { Resume } from './resume'
import { allServices } from './services'
import { infrastructureStart } from './start'
import { infrastructureStop } from './stop'
import { Supervisor } from './supervisor'
import { Wanted } from './wanted'

export interface InfrastructureRoom {
  readonly infrastructure: Infrastructure
  readonly databases: Databases
  readonly embedded: EmbeddedDriver
  readonly hardening: Hardening
  readonly jobs: readonly AnyOperation[]
  /** Keeps them running while the workspace is open. */
  start(): void
}

/** @throws Problem `file-corrupt` */
export async function infrastructureRoom(base: Base, operations: Operations): Promise<InfrastructureRoom> {
  const { paths, settings, secrets, signal, log, place } = base
  const wanted = new Wanted(paths.wanted, paths.root)
  await wanted.read()
  const driverServices = { ...base, pools: () => infrastructure.tenants.pools() }
  const embedded = new EmbeddedDriver(allServices, driverServices)
  const drivers = {
    podman: new ContainerDriver('podman', allServices, driverServices),
    docker: new ContainerDriver('docker', allServices, driverServices),
    embedded,
  }
  const users = () => usersOf(operations)
  const infrastructure: Infrastructure = new Infrastructure({
    settings,
    secrets,
    wanted,
    signal,
    users,
    drivers,
    id: base.identity.id,
  })
  const databases = new Databases(() => infrastructure.admin(), base.identity.id)
  const hardening = new Hardening({ infrastructure, databases, settings })
  const resume = new Resume(operations)
  const supervisor = new Supervisor({
    infrastructure,
    wanted,
    log,
    busy: () => operations.holders(things.services).length > 0,
    restored: () => infrastructure.healPools(),
    healthy: () => resume.look(),
  })
  return {
    infrastructure,
    databases,
    embedded,
    hardening,
    jobs: [
      infrastructureStart(infrastructure, names => beginStart(operations, names)),
      infrastructureStop(infrastructure),
      infrastructureRestart(infrastructure),
      settingsChange({ infrastructure, settings }),
      infrastructureHarden({ infrastructure, databases, settings, hardening }),
    ],
    start() {
      if (place.kind === 'command') return // too short-lived to supervise anything
      const working = [supervisor.run(signal), infrastructure.activity.run()]
      base.closing.add(() => Promise.all(working))
    },
  }
}

/** The open operations that hold the infrastructure. */
const usersOf = (operations: Operations): InfrastructureUser[] =>
  operations.holders(things.infrastructure).map(it => ({
    text: wordsOf(it).asking,
    changesIt: it.claims.some(({ on }) => on === things.services),
  }))

/** Begins a job that starts these instances, unless it was begun before a crash. @returns its id */
async function beginStart(operations: Operations, names: readonly string[]): Promise<string> {
  const begun = operations.list().find(it => {
    const plan = isOpen(it) ? planOf(manyJob, it) : undefined
    return plan?.action === startJob.kind && plan.names.join() === names.join()
  })
  return begun?.id ?? (await operations.start(manyJob.kind, { action: startJob.kind, names }))
}
