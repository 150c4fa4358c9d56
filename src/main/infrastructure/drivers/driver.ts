/** What runs services: containers, or daemons of the user. A driver knows how to run a service, and no service by name. */
import type { Readable } from 'node:stream'
import type { DriverKind, DriverOption, ServiceName, ServiceStatus } from '../../../shared/infrastructure'
import type { Problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import type { Run, Start, Started } from '../../system/run'
import type { Server } from '../connection'
import type { SecretStore } from '../secrets'
import type { Service } from '../services/service'

export interface DriverContext {
  readonly signal: AbortSignal
  /** One line of plain text on what is happening. */
  report(text: string): void
  output(chunk: string): void
}

export interface Driver {
  readonly kind: DriverKind
  /** Finds out whether this driver works here; never throws, never changes anything. */
  detect(): Promise<DriverOption>
  /**
   * Creates what is missing (image, container, cluster, configuration, our role's password). Safe to repeat, also while
   * the service runs.
   */
  provision(service: Service, context: DriverContext): Promise<void>
  /** Whether there is nothing left for `provision` to create. */
  provisioned(service: Service): Promise<boolean>
  /**
   * Starts it and returns when it answers a real query of ours. Safe to repeat.
   * @throws Problem `port-taken`, `service-failed`, `service-slow`
   */
  start(service: Service, context: DriverContext): Promise<void>
  /** Stops it in good order, by force after a while. Safe to repeat. */
  stop(service: Service, context: DriverContext): Promise<void>
  /** The last lines of the service's own log; empty if there are none. Never throws. */
  lastWords(service: Service): Promise<string>
  /** Where the engine reaches the service. @throws a Problem if what listens there cannot be it */
  server(service: Service): Promise<Server>
  /** One look at all services. Derived from the world, never stored; within 4 s; never throws. */
  status(): Promise<DriverStatus>

  // Abilities: a driver that has one states it, and callers ask for the ability, never for the driver's kind.

  /** Services write their logs into files on this machine. */
  readonly logFile?: (service: Service) => string
  /** Only the driver can read what services write. */
  readonly logs?: ServiceLogs
  /** There are tools of each service's own version. */
  readonly tool?: StartTool
}

export interface ServiceLogs {
  exists(service: Service): Promise<boolean>
  /** Whether more may be written. */
  grows(service: Service): Promise<boolean>
  /**
   * Writes the last lines, each after its time in RFC 3339, and whatever follows until the service or the signal ends.
   * @param output an open file @param lines how many of those that are there already
   */
  follow(service: Service, output: number, lines: number, signal: AbortSignal): Promise<Started>
}

/**
 * Starts a program inside a running service, e.g. `pg_dump`: the service's own client programs find their server and
 * our administrator's role in their environment. When it is aborted, when it takes too long, or when its input fails,
 * the program is killed before its input ends, so that it never takes half of the input for all of it; after a crash of
 * ours it does see the end: let it commit only on its input's last word (one transaction).
 * @throws a Problem if the service isn't running
 */
export type StartTool = (
  service: Service,
  file: string,
  args: readonly string[],
  options: ToolOptions,
) => Promise<Started>

export interface ToolOptions {
  readonly input?: string | Readable
  /** Secrets go this way, never in arguments. */
  readonly env?: Readonly<Record<string, string>>
  /** Masked in what is shown of its standard error. */
  readonly secrets?: readonly string[]
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly timeout: number
}

export interface DriverStatus {
  readonly services: Readonly<Record<ServiceName, ServiceStatus>>
  /**
   * Services that were found and not created by us: they are used as they are, never restarted for a change and never
   * removed. Absent where that can't be.
   */
  readonly adopted?: ReadonlySet<ServiceName>
  /** What it lacks of the secure or lasting set-up, as far as the driver can see it from outside. */
  readonly warnings: readonly Problem[]
  /** Where the data lies on this machine, if that is known and not in the workspace. */
  readonly dataFolder?: string
  /**
   * The processes of all services, in their order, if all of them run: while these live, a look in full, which costs
   * logins and commands, can wait.
   */
  readonly alive?: readonly number[]
}

/** What every driver works with. */
export interface DriverServices {
  /** `state`: .instance-manager, 0700; `embedded`: the embedded driver's own folder in it. */
  readonly paths: { readonly root: string; readonly state: string; readonly embedded: string }
  readonly run: Run
  readonly start: Start
  /** The marker of the workspace's commands, for those inside containers. */
  readonly mark: string
  readonly settings: { read(): Promise<Settings> }
  readonly secrets: SecretStore
}

/** A status for each service. */
export const byName = (all: readonly ServiceStatus[]): Readonly<Record<ServiceName, ServiceStatus>> =>
  Object.fromEntries(all.map(it => [it.name, it])) as Record<ServiceName, ServiceStatus>
