/**
 * The shared PostgreSQL and PgBouncer as the rest of the app sees them: which driver runs them, how they are, and that
 * this changes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  driverKinds,
  type DriverKind,
  type DriverOption,
  type InfrastructureStatus,
  type ServiceName,
  type ServiceStatus,
} from '../../shared/infrastructure'
import { problem, type Problem } from '../../shared/problem'
import type { Settings } from '../../shared/settings'
import { runsNow } from '../system/proc'
import { Watched } from '../system/watched'
import type { Login, Server } from './connection'
import { reasonFor, requireAvailable, requireUnused } from './driver-choice'
import type { Driver, DriverContext, DriverStatus } from './drivers/driver'
import { Transitions, type Restarting } from './transitions'
import { isSecured, securePostgres } from './secure'
import { passwordOf, type SecretStore } from './secrets'
import { serviceOf } from './services'
import { adminLogin, weakRules } from './services/postgres'
import { poolerRole } from './services/postgres-config'
import type { Wanted } from './wanted'

export interface InfrastructureServices {
  readonly drivers: Readonly<Record<DriverKind, Driver>>
  readonly settings: { read(): Promise<Settings>; change(values: { driver: DriverKind }): Promise<void> }
  readonly secrets: SecretStore
  readonly users: () => readonly InfrastructureUser[]
  readonly wanted: Wanted
  /** Aborted when the workspace is closed: whoever watches is let go. */
  readonly signal: AbortSignal
}

/** Whom the services are for: the instances. */
export interface Tenants {
  /** Whether there is one: the driver then holds its data and stays. */
  any(): Promise<boolean>
  /** PostgreSQL has been set up: what is to be done in it for them. */
  secured(): Promise<void>
  /** Makes PgBouncer serve those again that it refused while PostgreSQL was down. */
  heal(): Promise<void>
}

/** An open operation that needs the infrastructure as it is, or starts or stops it. */
export interface InfrastructureUser {
  readonly text: string
  readonly changesIt: boolean
}

const nobody: Tenants = {
  any: () => Promise.resolve(false),
  secured: () => Promise.resolve(),
  heal: () => Promise.resolve(),
}

/** Milliseconds between looks at the world while someone watches; between those in full while all processes live. */
const watchInterval = 2000
const calmInterval = 10_000

export class Infrastructure {
  #tenants: Tenants = nobody
  readonly #watched: Watched<InfrastructureStatus>
  /** The processes of all that should run, at the last look. */
  #alive: DriverStatus['alive']
  readonly #transitions: Transitions
  /** Where PostgreSQL's data lay at the last look, if not in the workspace. */
  dataFolder: string | undefined
  #detected: Promise<readonly DriverOption[]> | undefined
  #warnings: { readonly of: string; readonly found: readonly Problem[] } | undefined
  readonly #services: InfrastructureServices

  constructor(services: InfrastructureServices) {
    this.#services = services
    this.#watched = new Watched({ look: () => this.status(), due: signal => due(this.#alive, signal) }, services.signal)
    this.#transitions = new Transitions(() => this.#watched.again())
  }

  /** From now on it is for these. */
  serve(tenants: Tenants): void {
    this.#tenants = tenants
  }

  /** Which drivers work here, and why (not). Looks again at every call; within 10 s. */
  options(): Promise<readonly DriverOption[]> {
    this.#detected = Promise.all(driverKinds.map(kind => this.#services.drivers[kind].detect()))
    return this.#detected
  }

  /**
   * Takes this driver from now on.
   * @throws Problem `infrastructure-busy`; `driver-in-use` once an instance exists or the present driver's services
   * run, `driver-unavailable`
   */
  async choose(kind: DriverKind): Promise<InfrastructureStatus> {
    this.requireIdle()
    const present = await this.kind()
    if (kind !== present) await requireUnused(this.#services.drivers[present], this.#tenants)
    requireAvailable(kind, await this.options())
    if (kind !== present) await this.#services.wanted.set(false) // it was the other one that was wanted
    await this.#services.settings.change({ driver: kind })
    return await this.#changed()
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

  /** The chosen driver; before that the one that would be: a working container engine, else embedded. */
  async kind(): Promise<DriverKind> {
    const { driver } = await this.#services.settings.read()
    return driver ?? (await this.#known()).find(it => it.available)?.kind ?? 'embedded'
  }

  /** Within 3 s. Everything in it is derived from the world and from what runs of ours. */
  async status(): Promise<InfrastructureStatus> {
    const kind = await this.kind()
    const [found, used] = await Promise.all([this.#services.drivers[kind].status(), this.#tenants.any()])
    this.dataFolder = found.dataFolder
    this.#alive = found.alive
    const postgres = this.#transitions.shown(found.services.postgres)
    const pgbouncer = this.#transitions.shown(found.services.pgbouncer)
    return {
      driver: kind,
      reason: reasonFor(kind, await this.#known()),
      postgres,
      pgbouncer,
      adopted: (found.adopted?.size ?? 0) > 0,
      pooled: pgbouncer.state !== 'unavailable',
      warnings: [...found.warnings, ...(await this.#ruleWarnings(kind, postgres))],
      canChangeDriver: !used,
    }
  }

  /** The status, and again whenever it has changed, until the signal or the workspace's end. */
  watch(signal: AbortSignal): AsyncGenerator<InfrastructureStatus, void> {
    return this.#watched.watch(signal)
  }

  /** What runs the services now. */
  async driver(): Promise<Driver> {
    return this.#services.drivers[await this.kind()]
  }

  /** Our role's login to the database `postgres`, not through PgBouncer. */
  async admin(): Promise<Login> {
    return await adminLogin(await this.server('postgres'), this.#services.secrets)
  }

  /** Where the engine reaches the service. @throws a Problem if what listens there cannot be it */
  async server(service: ServiceName): Promise<Server> {
    return await (await this.driver()).server(serviceOf(service))
  }

  /** PgBouncer's own role's login through PgBouncer. @param database `pgbouncer` is its console */
  async throughPool(database: string): Promise<Login> {
    return {
      ...(await this.server('pgbouncer')),
      user: poolerRole,
      password: await passwordOf(this.#services.secrets, 'infrastructure.pgbouncer_auth'),
      database,
    }
  }

  // What operations do. Each tells the watchers at its begin and end.

  provision(kind: DriverKind, service: ServiceName, context: DriverContext): Promise<void> {
    return this.#transitions.move(service, 'starting', () =>
      this.#services.drivers[kind].provision(serviceOf(service), context),
    )
  }

  provisioned(kind: DriverKind, service: ServiceName): Promise<boolean> {
    return this.#services.drivers[kind].provisioned(serviceOf(service))
  }

  start(kind: DriverKind, service: ServiceName, context: DriverContext): Promise<void> {
    return this.#transitions.move(service, 'starting', () =>
      this.#services.drivers[kind].start(serviceOf(service), context),
    )
  }

  stop(kind: DriverKind, service: ServiceName, context: DriverContext): Promise<void> {
    return this.#transitions.move(service, 'stopping', () =>
      this.#services.drivers[kind].stop(serviceOf(service), context),
    )
  }

  /** Remembers whether both should run. */
  want(wanted: boolean): Promise<void> {
    return this.#services.wanted.set(wanted)
  }

  async wanted(): Promise<boolean> {
    return (await this.#services.wanted.read()) === true
  }

  /** After both were started. Never throws: an instance that is still refused is its own health's matter. */
  async healPools(): Promise<void> {
    await this.#tenants.heal().catch(() => undefined)
  }

  // What the supervisor does.

  /** As the driver finds it, without what we are doing about it. */
  found(kind: DriverKind): Promise<DriverStatus> {
    return this.#services.drivers[kind].status()
  }

  lastWords(kind: DriverKind, service: ServiceName): Promise<string> {
    return this.#services.drivers[kind].lastWords(serviceOf(service))
  }

  /**
   * Starts a service outside an operation. @throws Problems of `Driver.start`; when an operation interrupts it, the
   * reason
   */
  restart(kind: DriverKind, service: ServiceName, signal: AbortSignal): Promise<void> {
    return this.#transitions.attempt(service, signal, context =>
      this.#services.drivers[kind].start(serviceOf(service), context),
    )
  }

  showRestarting(service: ServiceName, restarting: Restarting | undefined): void {
    this.#transitions.showRestarting(service, restarting)
  }

  /** Sets up PgBouncer's role and look-up in the running PostgreSQL. Safe to repeat. */
  async secure(kind: DriverKind): Promise<void> {
    const password = await passwordOf(this.#services.secrets, 'infrastructure.pgbouncer_auth')
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

  /** Keeps the driver that was chosen by itself, so that a later look at the machine cannot change it. */
  async settle(kind: DriverKind): Promise<void> {
    if ((await this.#services.settings.read()).driver === undefined)
      await this.#services.settings.change({ driver: kind })
  }

  async #changed(): Promise<InfrastructureStatus> {
    this.#watched.again()
    return await this.status()
  }

  #known(): Promise<readonly DriverOption[]> {
    return this.#detected ?? this.options()
  }

  /** Looked up once for each run of the server: rules of pg_hba.conf do not change by themselves. */
  async #ruleWarnings(kind: DriverKind, postgres: ServiceStatus): Promise<readonly Problem[]> {
    if (postgres.state !== 'running') return []
    const of = `${kind} ${postgres.version ?? ''}`
    if (this.#warnings?.of !== of) {
      const found = await weakRules(await this.admin()).catch(() => undefined)
      if (!found) return []
      this.#warnings = { of, found }
    }
    return this.#warnings.found
  }
}

/** Until it is worth another look in full: soon, unless all that runs lives on. */
async function due(alive: DriverStatus['alive'], signal: AbortSignal): Promise<void> {
  for (let passed = 0; passed < calmInterval; passed += watchInterval) {
    await sleep(watchInterval, undefined, { signal }).catch(() => undefined)
    if (signal.aborted || !alive?.every(runsNow)) return
  }
}
