/**
 * The shared PostgreSQL and PgBouncer as the rest of the app sees them: the driver that runs them, their status, and
 * changes to it.
 */
import { totalmem } from 'node:os'
import { escapeIdentifier } from 'pg'
import { longAfter } from '../../shared/database-activity'
import {
  driverKinds,
  type DriverKind,
  type DriverOption,
  type FormerPostgres,
  type InfrastructureStatus,
  type ServiceName,
} from '../../shared/infrastructure'
import { problem, type Problem } from '../../shared/problem'
import type { Settings } from '../../shared/settings'
import { SerialQueue } from '../system/serial-queue'
import { Watched } from '../system/watched'
import { Activity } from './activity/activity'
import { withConnection, type Login, type Server } from './connection'
import { offering, requireAvailable, requireSame, requireUnused } from './driver-choice'
import { Details } from './details'
import type { Driver, DriverContext, DriverStatus } from './drivers/driver'
import { holdQueries, releaseQueries } from './hold'
import { Transitions, type Restarting } from './transitions'
import { RuleWarnings } from './rule-warnings'
import { isSecured, securePostgres } from './secure'
import { missingData } from './missing-data'
import { ensurePassword, passwordOf, type SecretStore } from './secrets'
import { serviceOf } from './services'
import { adminLogin } from './services/postgres'
import { poolerRole } from './services/postgres-config'
import { due, statusOf } from './status'
import { nobody, type Tenants } from './tenants'
import type { Wanted } from './wanted'

export interface InfrastructureServices {
  readonly drivers: Readonly<Record<DriverKind, Driver>>
  readonly settings: { read(): Promise<Settings>; change(values: { driver: DriverKind }): Promise<void> }
  readonly secrets: SecretStore
  readonly users: () => readonly InfrastructureUser[]
  readonly wanted: Wanted
  /** What a move left behind. */
  readonly former: { read(): Promise<FormerPostgres | undefined> }
  /** The workspace's id, which marks its databases. */
  readonly id: string
  /** Aborted when the workspace is closed: ends all watchers. */
  readonly signal: AbortSignal
}

/** An open operation that needs the infrastructure as it is, or starts or stops it. */
export interface InfrastructureUser {
  readonly text: string
  readonly changesIt: boolean
}

/** A driver, by its kind; one whose settings differ from the workspace's is passed itself. */
export type Which = DriverKind | Driver

export class Infrastructure {
  #tenants: Tenants = nobody
  readonly #watched: Watched<InfrastructureStatus>
  /** The services' processes at the latest check, if all were running. */
  #alive: DriverStatus['alive']
  readonly #transitions: Transitions
  /** Where PostgreSQL's data was at the latest check, if not in the workspace. */
  dataFolder: string | undefined
  #detected: Promise<readonly DriverOption[]> | undefined
  /** Everything that changes services through a driver: operations, the supervisor, and changes of instances' pools. */
  readonly #changing = new SerialQueue()
  readonly #ruleWarnings = new RuleWarnings(() => this.admin())
  readonly #services: InfrastructureServices
  readonly details: Details
  readonly activity: Activity
  /** What should be running. */
  readonly wanted: Wanted

  constructor(services: InfrastructureServices) {
    this.#services = services
    this.wanted = services.wanted
    this.wanted.changed = () => this.#watched.again()
    this.#watched = new Watched({ look: () => this.status(), due: signal => due(this.#alive, signal) }, services.signal)
    this.details = new Details({
      driver: () => this.driver(),
      secrets: services.secrets,
      restarts: service => this.#transitions.restartsOf(service),
      signal: services.signal,
    })
    this.activity = new Activity({
      admin: () => this.admin(),
      console: () => this.throughPool('pgbouncer'),
      tenants: () => this.#tenants,
      longAfter,
      workspace: services.id,
      signal: services.signal,
    })
    this.#transitions = new Transitions(() => {
      this.#watched.again()
      this.details.again()
    })
  }

  /** Sets the instances that it serves. */
  serve(tenants: Tenants): void {
    this.#tenants = tenants
  }

  get tenants(): Tenants {
    return this.#tenants
  }

  /** Which drivers work here, and why (not). Checks again at every call, within 10 s. */
  options(): Promise<readonly DriverOption[]> {
    this.#detected = Promise.all(driverKinds.map(kind => this.#services.drivers[kind].detect()))
    return this.#detected
  }

  /**
   * Changes to this driver.
   * @throws Problem `infrastructure-busy`; `driver-in-use` if an instance exists or the current driver's services are
   * running; `driver-unavailable`
   */
  async choose(kind: DriverKind): Promise<InfrastructureStatus> {
    this.requireIdle()
    const present = await this.kind()
    if (kind !== present) await requireUnused(this.#services.drivers[present], this.#tenants)
    requireAvailable(kind, await this.options())
    this.requireIdle() // finding out took a while
    if (kind !== present) {
      this.#transitions.forgetFailures()
      await this.wanted.change(() => ({ wanted: [], instances: [] })) // that was about the other driver's services
      await this.leave(present)
    }
    await this.#services.settings.change({ driver: kind })
    return await this.#changed()
  }

  /** Call it once images have come: what failed for lack of one may work now. */
  imagesChanged(): void {
    this.#transitions.forgetFailures()
    this.#watched.again()
    this.details.again()
  }

  users(): readonly InfrastructureUser[] {
    return this.#services.users()
  }

  /** @throws Problem `infrastructure-busy` while an operation needs it as it is */
  requireIdle(): void {
    const users = this.users()
    if (users.length === 0) return
    throw problem({
      code: 'infrastructure-busy',
      message: 'Operations that need the database haven’t finished.',
      cause: `${users.map(it => it.text).join(', ')}.`,
      hint: 'Wait for them, or cancel them in Activity. Then try again.',
      action: 'open-activity',
    })
  }

  /** The chosen driver, or the one that would be chosen: a working container engine, otherwise embedded. */
  async kind(): Promise<DriverKind> {
    const { driver } = await this.#services.settings.read()
    return driver ?? (await this.#known()).find(it => it.available)?.kind ?? 'embedded'
  }

  /** Takes at most 3 s. Derived from the world and from our own work in progress. */
  async status(): Promise<InfrastructureStatus> {
    const kind = await this.kind()
    const { status, found } = await statusOf({
      driver: this.#services.drivers[kind],
      tenants: this.#tenants,
      wanted: this.wanted,
      former: this.#services.former,
      changing: () => this.users().some(it => it.changesIt),
      missingData: () => this.missingData(kind),
      shown: it => this.#transitions.shown(it),
      ruleWarnings: this.#ruleWarnings,
    })
    this.dataFolder = found.dataFolder
    this.#alive = found.alive
    return status
  }

  /** The status, and again whenever it has changed, until the signal is aborted or the workspace is closed. */
  watch(signal: AbortSignal): AsyncGenerator<InfrastructureStatus, void> {
    return this.#watched.watch(signal)
  }

  /** What its settings depend on: the machine's memory in bytes, and the services that have a configuration of their own. */
  async machine(): Promise<{ readonly memory: number; readonly adopted: readonly ServiceName[] }> {
    const { adopted = new Set() } = await (await this.driver()).status()
    return { memory: totalmem(), adopted: [...adopted] }
  }

  /** The driver that runs the services. */
  async driver(): Promise<Driver> {
    return this.#services.drivers[await this.kind()]
  }

  /** Our role's login to the database `postgres`, not through PgBouncer. */
  async admin(): Promise<Login> {
    return await adminLogin(await this.server('postgres'), this.#services.secrets)
  }

  /** Where the engine reaches the service. @throws a Problem if whatever listens there can't be it */
  async server(service: ServiceName): Promise<Server> {
    return await (await this.driver()).server(serviceOf(service))
  }

  /** A login through PgBouncer as its own role. @param database `pgbouncer` is its console */
  async throughPool(database: string): Promise<Login> {
    return {
      ...(await this.server('pgbouncer')),
      user: poolerRole,
      password: await passwordOf(this.#services.secrets, 'infrastructure.pgbouncer_auth'),
      database,
    }
  }

  #startService(which: Which, service: ServiceName, context: DriverContext): Promise<void> {
    return this.#inTurn(context, async () => {
      // One that holds queries isn't ready. PostgreSQL's queries go on holding until it is up: without a hold, PgBouncer
      // tries to log in, is refused, and then refuses all clients of that pool for a second.
      if (service === 'pgbouncer') await this.#release()
      try {
        await this.driverOf(which).start(serviceOf(service), context)
      } finally {
        await this.#release()
      }
    })
  }

  /** So that no two write the same configuration, or start and stop the same service. @throws the abort reason */
  #inTurn({ signal }: DriverContext, work: () => Promise<void>): Promise<void> {
    return this.#changing.run(() => {
      signal.throwIfAborted()
      return work()
    })
  }

  async #release(): Promise<void> {
    await this.#onOwnConsole(releaseQueries).catch(() => undefined) // usually, nothing is held
  }

  /** Does nothing if PgBouncer was created elsewhere: its console isn't open to us. @returns whether it did */
  async #onOwnConsole(work: (console: Login) => Promise<unknown>): Promise<boolean> {
    const console = await this.throughPool('pgbouncer')
    if (!console.adopted) await work(console)
    return !console.adopted
  }

  // For operations. Watchers are notified when each begins and ends.

  provision(which: Which, service: ServiceName, context: DriverContext): Promise<void> {
    return this.#transitions.move(service, 'starting', () =>
      this.#inTurn(context, () => this.driverOf(which).provision(serviceOf(service), context)).catch(
        offering(this.#services.drivers.embedded, this.#tenants),
      ),
    )
  }

  /** Call it before PostgreSQL is provisioned. @throws Problem `data-missing` */
  async requireData(kind: DriverKind): Promise<void> {
    const missing = await this.missingData(kind)
    if (missing) throw problem(missing)
  }

  /** See `missingData`. */
  async missingData(kind: DriverKind): Promise<Problem | undefined> {
    const [{ driver }, wishes] = await Promise.all([this.#services.settings.read(), this.wanted.read()])
    return missingData(this.#services.drivers[kind], this.#tenants, driver === kind && wishes !== undefined)
  }

  /** Takes the free place of PostgreSQL's data. Safe to repeat. */
  takePlace(kind: DriverKind, token: string): Promise<void> {
    return this.#services.drivers[kind].data.take(serviceOf('postgres'), token)
  }

  /** Removes PostgreSQL, which doesn't run, if its place was taken with this token. Safe to repeat. */
  emptyPlace(kind: DriverKind, token: string): Promise<void> {
    return this.#services.drivers[kind].data.empty(serviceOf('postgres'), token)
  }

  provisioned(kind: DriverKind, service: ServiceName): Promise<boolean> {
    return this.#services.drivers[kind].provisioned(serviceOf(service))
  }

  start(which: Which, service: ServiceName, context: DriverContext): Promise<void> {
    return this.#transitions.move(service, 'starting', () => this.#startService(which, service, context))
  }

  stop(which: Which, service: ServiceName, context: DriverContext): Promise<void> {
    return this.#transitions.move(service, 'stopping', () =>
      this.#inTurn(context, async () => {
        await this.activity.release()
        await this.driverOf(which).stop(serviceOf(service), context)
      }),
    )
  }

  /**
   * Until the next start of either service, instances' queries wait at PgBouncer, if it runs and is ours. Never throws:
   * without a hold, they fail while PostgreSQL is away. @returns whether they wait
   */
  hold(): Promise<boolean> {
    return this.#onOwnConsole(async console => holdQueries(console, await this.admin())).catch(() => false)
  }

  /** Call it after both were started. Never throws: an instance's own health check shows if it is still refused. */
  async healPools(): Promise<void> {
    await this.#release() // a restart that was cancelled before its stop may have left a hold
    await this.#tenants.heal().catch(() => undefined)
  }

  /**
   * Gives PgBouncer the instances' current pool sizes. No client is disconnected, except from databases that no
   * instance has any more. If PgBouncer isn't running, its next start does it; one that was created elsewhere stays as
   * it is.
   * @param renewed a database whose connections to PostgreSQL are replaced as they become free: only new ones get their
   * role's new settings
   */
  resizePools(context: DriverContext, renewed?: string): Promise<void> {
    return this.#inTurn(context, async () => {
      const driver = await this.driver()
      const { pgbouncer } = (await driver.status()).services
      if (pgbouncer.state === 'unavailable') return
      await driver.provision(serviceOf('pgbouncer'), context)
      if (pgbouncer.state !== 'running') return
      await this.#onOwnConsole(console =>
        withConnection(console, async client => {
          await client.query('RELOAD')
          if (renewed !== undefined) await client.query(`RECONNECT ${escapeIdentifier(renewed)}`)
        }),
      )
    })
  }

  // For the supervisor.

  /** The driver's own findings, without our work in progress. */
  found(kind: DriverKind): Promise<DriverStatus> {
    return this.#services.drivers[kind].status()
  }

  logTail(kind: DriverKind, service: ServiceName): Promise<string> {
    return this.#services.drivers[kind].logTail(serviceOf(service))
  }

  /**
   * Starts a service outside an operation. @throws Problems of `Driver.start`; if an operation interrupts it, the abort
   * reason
   */
  restart(kind: DriverKind, service: ServiceName, signal: AbortSignal): Promise<void> {
    return this.#transitions.attempt(service, signal, context => this.#startService(kind, service, context))
  }

  showRestarting(service: ServiceName, restarting: Restarting | undefined): void {
    this.#transitions.showRestarting(service, restarting)
  }

  /** Sets up PgBouncer's role and look-up in the running PostgreSQL. Safe to repeat. */
  async secure(kind: DriverKind): Promise<void> {
    const password = await ensurePassword(this.#services.secrets, 'infrastructure.pgbouncer_auth')
    await securePostgres(await this.admin(), password, {
      adopted: (await this.#services.drivers[kind].status()).adopted?.has('postgres') === true,
    })
    await this.#tenants.secured()
  }

  async secured(): Promise<boolean> {
    return await isSecured(
      await this.admin(),
      await passwordOf(this.#services.secrets, 'infrastructure.pgbouncer_auth'),
    )
  }

  /** Call it after pg_hba.conf was changed. */
  rulesChanged(): void {
    this.#ruleWarnings.forget()
    this.#watched.again()
  }

  /** Call it once nothing of the workspace is left there: the driver forgets where that was. */
  async leave(kind: DriverKind): Promise<void> {
    await this.#services.drivers[kind].leave?.()
  }

  /**
   * Records the automatically chosen driver, so that later changes to the machine don't change it.
   * @throws Problem `driver-changed` if another one was chosen after the operation was planned
   */
  async settle(kind: DriverKind): Promise<void> {
    const { driver } = await this.#services.settings.read()
    if (driver === undefined) await this.#services.settings.change({ driver: kind })
    else requireSame(kind, driver)
  }

  /** The one of this kind, or the one that is passed. */
  driverOf(which: Which): Driver {
    return typeof which === 'string' ? this.#services.drivers[which] : which
  }

  async #changed(): Promise<InfrastructureStatus> {
    this.#watched.again()
    return await this.status()
  }

  #known(): Promise<readonly DriverOption[]> {
    return this.#detected ?? this.options()
  }
}
