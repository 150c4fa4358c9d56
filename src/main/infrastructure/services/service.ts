/**
 * What a service is, whatever runs it. A driver can run any service, and knows none by name. A new service is an object
 * of this type, listed in index.ts.
 */
import type { ServiceDetails, ServiceName, ServiceState, ServiceStatus } from '../../../shared/infrastructure'
import type { Problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import type { Run } from '../../system/run'
import type { Server } from '../connection'
import type { SecretStore } from '../secrets'
import type { PoolSizes } from './pgbouncer-config'

export interface Service {
  readonly name: ServiceName
  readonly title: string
  /** The services that must be running before it can work. */
  readonly needs: readonly Service[]
  /** Its port on 127.0.0.1. The setting is `ports.NAME`. */
  port(settings: Settings): number
  /**
   * Sends it a real query, which takes milliseconds. Waits a few seconds at most.
   * @returns `not-adopted` if it was created elsewhere and doesn't know our roles yet
   * @throws a Problem, or what `pg` throws, if it doesn't answer
   */
  look(access: Access): Promise<Pick<ServiceStatus, 'version'> | 'not-adopted'>
  /** Checks that it works as it should after a start. @throws as `look` */
  ready(access: Access): Promise<unknown>
  /**
   * Asks the running service what it shows beside its status. @param measure also the size of its data, which costs a
   * look at every file @throws as `look`
   */
  inspect(
    access: Pick<Access, 'server' | 'secrets'>,
    measure: boolean,
  ): Promise<Pick<ServiceDetails, 'answersIn' | 'dataBytes' | 'settings'>>
  /** The signal that makes it reload its configuration while running; absent if that isn't needed. */
  readonly reload?: NodeJS.Signals
  /** The environment in which its client programs find it and log in as our administrator. @param at its address or socket folder */
  client?(at: { readonly host: string; readonly port: number }, secrets: SecretStore): Promise<ServiceClient>
  /** Files that it may have open, if the system's default is too low. */
  readonly openFiles?: (settings: Settings) => number
  readonly container: ContainerRecipe
  readonly daemon: DaemonRecipe
}

export interface ServiceClient {
  readonly env: Readonly<Record<string, string>>
  /** The values in it that must not be shown. */
  readonly secrets: readonly string[]
}

/** How the engine reaches a service. */
export interface Access {
  readonly server: Server
  readonly secrets: SecretStore
  /** The states of the services it needs, in order. */
  readonly needed: () => Promise<readonly ServiceState[]>
}

/** A service as a container of Podman or Docker. */
export interface ContainerRecipe {
  /** Its name and image. The settings are `containers.NAME` and `containers.NAMEImage`. */
  of(settings: Settings): { readonly name: string; readonly image: string }
  /** The port that it listens on inside. */
  readonly port: number
  /** Its address in our network, as an offset from the network's own; unique to each service. */
  readonly address: number
  /** The folder inside where its configuration is mounted, read-only. Not a single file: a file replaced by a rename wouldn't be seen inside. */
  readonly configuration: string
  /** The folder inside that holds its data, or a parent of it; absent if it keeps none. */
  readonly data?: string
  /** A file that is always in its data: without it, the image would begin anew. */
  readonly sign?: string
  /** The name of the volume that holds it. @param name the container's */
  volume?(name: string): string
  /**
   * What of an image's version its data depends on, e.g. `17`; undefined if that can't be found out. Absent: its data
   * suits any. @param ask see `ContainerPlace`
   */
  generation?(ask: ContainerPlace['ask']): Promise<string | undefined>
  /** Further options of `create`, without secrets: `inspect` shows them to anyone. @param name the container's */
  options(name: string): readonly string[]
  /** Its program and arguments, if not the image's own. */
  readonly command: readonly string[]
  /** Its configuration, by file name. */
  files(place: ContainerPlace): Promise<Readonly<Record<string, string>>>
  /** Seconds after which a stop becomes a kill. */
  readonly stopWithin: number
  /** Creates our role through the container's own socket; called if it refuses our role. */
  admit?(inside: Inside, secrets: SecretStore): Promise<void>
}

/** What is needed to write a container's configuration. */
export interface ContainerPlace {
  readonly secrets: SecretStore
  readonly settings: Settings
  /** The address of a service that it needs, in their shared network. */
  addressOf(needed: Service): string
  pools(): Promise<PoolSizes>
  /** The file's current content; undefined if there is none. */
  present(file: string): Promise<string | undefined>
  /** The output of a program in its image; empty if it fails. */
  ask(program: string, ...args: readonly string[]): Promise<string>
}

/** Runs a program inside the container as one of its users. @throws as `Run` */
export type Inside = (user: string, command: readonly string[], options: { readonly input: string }) => Promise<unknown>

/** A service as a daemon of the user on this machine. It has its own working folder, by which its processes are recognised. */
export interface DaemonRecipe {
  /** The program's name in the kernel. */
  readonly program: string
  /** In its folder. */
  readonly pidFile: string
  /** In its folder: the file that is there from when it was first provisioned. */
  readonly created: string
  /** In its folder. */
  readonly log: string
  /** In the driver's folder: where its launcher writes until the daemon writes its own log. */
  readonly startLog?: string
  /** Whether children work in its folder too: then only the process in the pid file is the service itself. */
  readonly hasChildren: boolean
  /** The name of its Unix socket, in the folder of all sockets. */
  socket(port: number): string
  /** The folder where its client programs of the same version would be installed. */
  readonly programs?: string
  /** Why it can't work on this machine, and so neither can the driver. */
  broken?(run: Run): Promise<Problem | undefined>
  /** Why it isn't available on this machine; everything else then works without it. Cheap: called at each check. */
  missing?(): Promise<Problem | undefined>
  provision(daemon: RunningDaemon): Promise<void>
  provisioned(daemon: DaemonPlace): Promise<boolean>
  /** Starts it. If the command fails, the error includes its log. */
  launch(daemon: RunningDaemon): Promise<void>
  /** Stops it gracefully in its own way; absent: signals are used. */
  stop?(daemon: RunningDaemon): Promise<void>
  /** Turns the refusal of our role into an error; absent: the login is retried for a while. */
  refused?(error: unknown, port: number): Error
}

export interface DaemonPlace {
  /** The driver's folder, 0700. */
  readonly base: string
  /** The service's own folder in it. */
  readonly folder: string
  /** The folder of all Unix sockets, 0700. */
  readonly sockets: string
  readonly settings: Settings
  readonly secrets: SecretStore
  readonly run: Run
  pools(): Promise<PoolSizes>
  /** Where a service is reached. */
  serverOf(service: Service): Promise<Server>
}

/** A daemon that the driver is working on. */
export interface RunningDaemon extends DaemonPlace {
  readonly signal: AbortSignal
  report(text: string): void
  output(chunk: string): void
  /**
   * Runs a program that may leave the daemon behind, as an ordinary user even if we are root.
   * @param timeout milliseconds @param cwd the driver's folder by default
   */
  command(program: string, args: readonly string[], timeout: number, cwd?: string): Promise<void>
  /** The service's own processes. */
  processes(): Promise<readonly number[]>
  /** Waits until no process is left. @param timeout milliseconds @returns false if that took too long */
  gone(timeout: number): Promise<boolean>
  /** After a crash: waits for leftover processes to end, then removes its locks. @throws Problem `service-stays` */
  settle(): Promise<void>
}

/** Milliseconds for a check of a running service. */
export const probe = { connect: 1500, query: 1500 }
