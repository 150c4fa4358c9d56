/** What runs services: containers, or daemons of the user. A driver can run any service, and knows none by name. */
import type { Readable } from 'node:stream'
import type {
  DriverKind,
  DriverOption,
  ServiceDetails,
  ServiceName,
  ServiceStatus,
} from '../../../shared/infrastructure'
import type { Problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import type { Run, Start, Started } from '../../system/run'
import type { Server } from '../connection'
import type { SecretStore } from '../secrets'
import type { PoolSizes } from '../services/pgbouncer-config'
import type { Service } from '../services/service'

export interface DriverContext {
  readonly signal: AbortSignal
  /** One line of plain text about what is happening. */
  report(text: string): void
  output(chunk: string): void
}

export interface Driver {
  readonly kind: DriverKind
  /** Finds out whether this driver works here; never throws, never changes anything. */
  detect(): Promise<DriverOption>
  /**
   * Creates what is missing (image, container, cluster, configuration, our role's password). Safe to repeat, even while
   * the service is running.
   */
  provision(service: Service, context: DriverContext): Promise<void>
  /** Whether there is nothing left for `provision` to create. */
  provisioned(service: Service): Promise<boolean>
  /**
   * Starts it, and returns once it has answered a real query. Safe to repeat.
   * @throws Problem `port-taken`, `service-failed`, `service-slow`
   */
  start(service: Service, context: DriverContext): Promise<void>
  /** Stops it gracefully; by force after a while. Safe to repeat. */
  stop(service: Service, context: DriverContext): Promise<void>
  /** The last lines of the service's own log; empty if there are none. Never throws. */
  logTail(service: Service): Promise<string>
  /** Where the engine reaches the service. @throws a Problem if whatever listens there can't be it */
  server(service: Service): Promise<Server>
  /** Where it keeps the services' data. */
  readonly data: DataPlaces
  /** The status of all services: derived from the world, never stored. Takes at most 4 s; never throws. */
  status(): Promise<DriverStatus>

  // Abilities: a driver states which it has, and callers check for the ability, never for the driver's kind.

  /** Forgets where its services are. Called when another driver is chosen. */
  readonly leave?: () => Promise<void>

  /** What the driver itself knows about a service; undefined if it doesn't exist. Cheap while the service is running. */
  readonly details?: (service: Service) => Promise<DriverDetails | undefined>
  /** The path of a service's log, if services write them to files on this machine. */
  readonly logFile?: (service: Service) => string
  /** The services' logs, if only the driver can read them. */
  readonly logs?: ServiceLogs
  /** Replaces services that were created elsewhere. */
  readonly adoptedServices?: AdoptedServices
  /** Starts tools of each service's own version. */
  readonly tool?: StartTool
  /** The images that services are created from, if they run in containers. */
  readonly images?: Images
}

export interface Images {
  /** Those that the settings name, each once. */
  named(): Promise<readonly string[]>
  /**
   * Pulls those that the settings name, whether or not they are there.
   * @returns the services whose containers would be created from another image now, and why images couldn't be pulled
   * @throws Problem `image-unavailable` if none could
   */
  pull(context: DriverContext): Promise<{ readonly newer: readonly ServiceName[]; readonly failed: readonly Problem[] }>
  /**
   * The images in the file (from `docker save` or `podman save`, for machines that reach no registry) that services can
   * be created from.
   * @param file absolute @param other an image besides those that the settings name @throws Problem `image-file`
   */
  usable(file: string, other: string | undefined): Promise<readonly string[]>
  /** Safe to repeat. @throws Problem `image-file` if it no longer has these */
  load(file: string, images: readonly string[], context: DriverContext): Promise<void>
  /** Whether a restart takes another image: the name of its container's means a newer one by now, which its data suits. */
  hasNewer(service: Service): Promise<boolean>
}

/**
 * The places of the services' data: a folder, or a container with its volume. A place that someone else has taken is never
 * used or emptied.
 */
export interface DataPlaces {
  /** Where a service's data belongs, e.g. `the volume instance-manager-postgres`. It needn't exist. */
  place(service: Service): Promise<string>
  /**
   * What is in a service's place, e.g. `the volume instance-manager-postgres`; undefined if it is free.
   * @param token a place taken with it counts as free
   */
  occupant(service: Service, token?: string): Promise<string | undefined>
  /** Whether services may have had data here before. If not, none can be lost. */
  used(): Promise<boolean>
  /** Takes a free place for the service that `provision` creates there. Safe to repeat. @throws Problem `place-taken` */
  take(service: Service, token: string): Promise<void>
  /**
   * Removes the service, which doesn't run, and its data. Safe to repeat.
   * @param token only if its place was taken with it @throws Problems `place-not-ours` for a container created elsewhere,
   * `container-of-another-workspace`
   */
  empty(service: Service, token?: string): Promise<void>
  /** A folder on the disk that holds the data, if that is known. */
  disk(): Promise<string | undefined>
}

export interface DriverDetails extends Pick<ServiceDetails, 'program' | 'data' | 'restarts'> {
  /** The image that its container was created from; absent if it has none. */
  readonly image?: string
  /** Its first process on this machine; absent if it isn't running. */
  readonly pid?: number | undefined
}

/** A service that was created elsewhere. */
export interface AdoptedService {
  readonly id: string
  /** It can be reached from the network. */
  readonly open: boolean
  /**
   * Set if it can't be stopped and put back: its engine would remove it, or this systemd unit would create it again.
   */
  readonly passing?: 'removed-at-stop' | { readonly unit: string }
  /** Its engine starts it at every boot, even if it was stopped. */
  readonly startsAtBoot: boolean
}

/** All are safe to repeat. `id` is what `find` returned. */
export interface AdoptedServices {
  /** @returns undefined if it wasn't created elsewhere, or doesn't exist */
  find(service: Service): Promise<AdoptedService | undefined>
  /** Pulls what `provision` needs to create another: that may take minutes, or fail. */
  pull(service: Service, context: DriverContext): Promise<void>
  /** Frees its name, so that `provision` creates another. It keeps running. */
  setAside(service: Service, id: string): Promise<void>
  stop(id: string): Promise<void>
  /**
   * Removes the one that was created instead, and gives back the name. It isn't started. Does nothing if it is gone: the
   * other one stays.
   */
  putBack(service: Service, id: string): Promise<void>
  /** Its data volumes stay. */
  remove(id: string): Promise<void>
}

export interface ServiceLogs {
  exists(service: Service): Promise<boolean>
  /** Whether more may be written. */
  grows(service: Service): Promise<boolean>
  /**
   * Writes the last lines, each preceded by its time in RFC 3339, and then new lines until the service ends or the
   * signal is aborted.
   * @param output an open file @param lines how many existing lines to write
   */
  follow(service: Service, output: number, lines: number, signal: AbortSignal): Promise<Started>
}

/**
 * Starts a program inside a running service, e.g. `pg_dump`. The service's own client programs find their server and
 * our administrator's role in their environment. If it is aborted, takes too long or its input fails, the program is
 * killed before its input ends, so it never mistakes half of the input for all of it. After a crash of ours it does see
 * the end of its input, so it must commit only on the input's last statement (one transaction).
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
  /** Masked where its standard error is shown. */
  readonly secrets?: readonly string[]
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly timeout: number
}

export interface DriverStatus {
  readonly services: Readonly<Record<ServiceName, ServiceStatus>>
  /**
   * Services that weren't created by us: they are used as they are, and never changed or removed. Absent if the driver
   * has none.
   */
  readonly adopted?: ReadonlySet<ServiceName>
  /** What makes it less secure or less permanent than it should be, as far as can be seen from outside. */
  readonly warnings: readonly Problem[]
  /** Where the data is on this machine, if that is known and not in the workspace. */
  readonly dataFolder?: string
  /**
   * The processes of all services, in order, if all are running. While these live, a full check, which costs logins and
   * commands, can wait.
   */
  readonly alive?: readonly number[]
}

/** The services that every driver uses. */
export interface DriverServices {
  /** `state`: .instance-manager, 0700; `embedded`: the embedded driver's own folder in it. */
  readonly paths: { readonly root: string; readonly state: string; readonly embedded: string }
  readonly run: Run
  readonly start: Start
  /** The marker of the workspace's commands, also used inside containers. */
  readonly mark: string
  readonly settings: { read(): Promise<Settings> }
  readonly secrets: SecretStore
  /** Of the instances that it serves. */
  readonly pools: () => Promise<PoolSizes>
}

/** A status for each service. */
export const byName = (all: readonly ServiceStatus[]): Readonly<Record<ServiceName, ServiceStatus>> =>
  Object.fromEntries(all.map(it => [it.name, it])) as Record<ServiceName, ServiceStatus>
