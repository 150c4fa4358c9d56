/**
 * What a service is, whatever runs it. A driver runs any service that it is given and knows none by its name; a new
 * service is an object of this type in the list of index.ts.
 */
import type { ServiceName, ServiceState, ServiceStatus } from '../../../shared/infrastructure'
import type { Problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import type { Run } from '../../system/run'
import type { Server } from '../connection'
import type { SecretStore } from '../secrets'

export interface Service {
  readonly name: ServiceName
  readonly title: string
  /** What must be running before it can serve. */
  readonly needs: readonly Service[]
  /** Its port on 127.0.0.1. The setting is `ports.NAME`. */
  port(settings: Settings): number
  /**
   * Asks it a real query that takes milliseconds. It waits a few seconds at most.
   * @returns `not-adopted` if it was created elsewhere and doesn't know our roles yet
   * @throws a Problem, or what `pg` throws, if it doesn't answer
   */
  look(access: Access): Promise<Pick<ServiceStatus, 'version'> | 'not-adopted'>
  /** Resolves once it serves as it must after a start. @throws as `look` */
  ready(access: Access): Promise<unknown>
  /** The signal that makes it read its configuration again while it runs; absent if it doesn't need to. */
  readonly reload?: NodeJS.Signals
  /** The environment in which its own client programs find it and log in as our administrator. @param host or a folder */
  client?(at: { readonly host: string; readonly port: number }, secrets: SecretStore): Promise<ServiceClient>
  /** How many files it may have open, if the system's default is too few. */
  readonly openFiles?: number
  readonly container: ContainerRecipe
  readonly daemon: DaemonRecipe
}

export interface ServiceClient {
  readonly env: Readonly<Record<string, string>>
  /** What of it must not be shown. */
  readonly secrets: readonly string[]
}

/** How the engine reaches a service. */
export interface Access {
  readonly server: Server
  readonly secrets: SecretStore
  /** The states of what it needs, in that order. */
  readonly needed: () => Promise<readonly ServiceState[]>
}

/** A service as a container of Podman or Docker. */
export interface ContainerRecipe {
  /** What it is called and made from. The settings are `containers.NAME` and `containers.NAMEImage`. */
  of(settings: Settings): { readonly name: string; readonly image: string }
  /** The port that it listens on inside. */
  readonly port: number
  /** The last number of its address in our network, above the network's own; no two services have the same. */
  readonly address: number
  /** The folder inside where its configuration is mounted, read-only. A single file replaced by rename isn't seen inside. */
  readonly configuration: string
  /** The folder inside that holds its data, or one above it; absent if it keeps none. */
  readonly data?: string
  /** Further options of `create`. They hold no secret: `inspect` shows them to anyone. @param name the container's */
  options(name: string): readonly string[]
  /** Its program and arguments, if not the image's own. */
  readonly command: readonly string[]
  /** Its configuration, by file name. */
  files(place: ContainerPlace): Promise<Readonly<Record<string, string>>>
  /** Seconds after which a stop becomes a kill. */
  readonly stopWithin: number
  /** Creates our role through the container's own socket: called when it refuses our role. */
  admit?(inside: Inside, secrets: SecretStore): Promise<void>
}

/** What a container's configuration is written from. */
export interface ContainerPlace {
  readonly secrets: SecretStore
  /** The address of a service that it needs, in the network that both are in. */
  addressOf(needed: Service): string
  /** The file as it is now; undefined if there is none. */
  present(file: string): Promise<string | undefined>
  /** The output of a program in its image; empty if it fails. */
  ask(program: string, ...args: readonly string[]): Promise<string>
}

/** Runs a program inside the container as one of its users. @throws as `Run` */
export type Inside = (user: string, command: readonly string[], options: { readonly input: string }) => Promise<unknown>

/** A service as a daemon of the user on this machine. It works in a folder of its own, by which its processes are known. */
export interface DaemonRecipe {
  /** The program's name as the kernel knows it. */
  readonly program: string
  /** In its folder. */
  readonly pidFile: string
  /** In its folder. */
  readonly log: string
  /** What its launcher writes to until the daemon writes its own log, in the driver's folder. */
  readonly startLog?: string
  /** Its children work in its folder too: only the process in the pid file is the service itself. */
  readonly hasChildren: boolean
  /** The name of its Unix socket, in the folder of all sockets. */
  socket(port: number): string
  /** The folder of its client programs, of its own version, if they were installed on this machine. */
  readonly programs?: string
  /** Why it doesn't work on this machine, so that the driver doesn't either. */
  broken?(run: Run): Promise<Problem | undefined>
  /** Why it can't be had on this machine; everything else does without it then. Cheap: it is part of each look. */
  missing?(): Promise<Problem | undefined>
  provision(daemon: RunningDaemon): Promise<void>
  provisioned(daemon: DaemonPlace): Promise<boolean>
  /** Starts it; a command that fails is reported with the words of its log. */
  launch(daemon: RunningDaemon): Promise<void>
  /** Its own way to stop in good order; without it, signals do. */
  stop?(daemon: RunningDaemon): Promise<void>
  /** What it means that it refuses our role; without it, it is asked again for a while. */
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
  /** Waits until none is left. @returns whether that was so within that many milliseconds */
  gone(timeout: number): Promise<boolean>
  /** After a crash: waits for what it left behind to end, then removes its locks. @throws Problem `service-stays` */
  settle(): Promise<void>
}

/** Milliseconds for one look at a running service. */
export const probe = { connect: 1500, query: 1500 }
