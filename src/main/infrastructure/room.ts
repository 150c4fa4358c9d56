/**
 * The room of the shared services: runs them, sets up PostgreSQL, and keeps them running. Jobs, and what is asked before
 * one, are loaded when they are needed.
 */
import { startJob } from '../../shared/jobs/lifecycle'
import { manyJob } from '../../shared/jobs/many'
import { planOf, wordsOf } from '../../shared/jobs/words'
import { isOpen } from '../../shared/operation'
import { things } from '../../shared/things'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import type { DriverKind } from '../../shared/infrastructure'
import { once } from '../system/once'
import type { Base } from '../workspace/opened'
import type { SettingsFile } from '../workspace/settings'
import { Databases } from './databases'
import { ContainerDriver } from './drivers/container-driver'
import type { Driver } from './drivers/driver'
import { EmbeddedDriver } from './drivers/embedded-driver'
import type { Hardening } from './harden/hardening'
import { Infrastructure, type InfrastructureUser } from './infrastructure'
import { Former } from './move/former'
import type { Moving } from './move/moving'
import { Resume } from './resume'
import { allServices } from './services'
import { Supervisor } from './supervisor'
import { Wanted } from './wanted'

export interface InfrastructureRoom {
  readonly infrastructure: Infrastructure
  readonly databases: Databases
  readonly embedded: EmbeddedDriver
  jobs(): Promise<readonly AnyOperation[]>
  readonly hardening: Pick<Hardening, 'review'>
  readonly moving: Pick<Moving, 'review'>
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
  const driverWith = (kind: DriverKind, own: Pick<SettingsFile, 'read'>): Driver =>
    kind === 'embedded'
      ? new EmbeddedDriver(allServices, { ...driverServices, settings: own })
      : new ContainerDriver(kind, allServices, { ...driverServices, settings: own })
  const drivers = {
    podman: driverWith('podman', settings),
    docker: driverWith('docker', settings),
    embedded,
  }
  const former = new Former(paths.formerPostgres)
  const users = () => usersOf(operations)
  const infrastructure: Infrastructure = new Infrastructure({
    settings,
    secrets,
    wanted,
    former,
    signal,
    users,
    drivers,
    id: base.identity.id,
  })
  const databases = new Databases(() => infrastructure.admin(), base.identity.id)
  const work = once(async () =>
    (await import('./work')).infrastructureWork({
      infrastructure,
      databases,
      settings,
      secrets,
      former,
      driverWith,
      beginStart: names => beginStart(operations, names),
    }),
  )
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
    jobs: async () => (await work()).jobs,
    hardening: { review: async () => (await work()).hardening.review() },
    moving: { review: async input => (await work()).moving.review(input) },
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
