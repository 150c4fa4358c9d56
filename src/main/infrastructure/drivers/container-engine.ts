/** The parts of a container engine's command line that we use. Podman and Docker agree on all of them. */
import { z } from 'zod'
import { problem, ProblemError } from '../../../shared/problem'
import type { LaunchOptions } from '../../system/launch'
import type { Run, RunOptions, Start, Started } from '../../system/run'
import { withFiles } from '../programs'
import type { Service } from '../services/service'

const containerSchema = z.object({
  Image: z.string(),
  RestartCount: z.int().nullish(),
  State: z.object({
    Running: z.boolean(),
    Pid: z.int().nullish(),
    OOMKilled: z.boolean().nullish(),
    ExitCode: z.int().nullish(),
  }),
  Config: z.object({ Image: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
  HostConfig: z.object({
    PortBindings: z
      .record(z.string(), z.array(z.object({ HostIp: z.string().nullish(), HostPort: z.string() })).nullable())
      .nullish(),
  }),
  Mounts: z
    .array(z.object({ Name: z.string().nullish(), Source: z.string().nullish(), Destination: z.string() }))
    .nullish(),
  NetworkSettings: z.object({
    Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() })).nullish(),
  }),
})
export interface Container {
  readonly running: boolean
  /** The id of the image that it was created from. */
  readonly image: string
  /** The image as it was named then. */
  readonly imageName: string
  /** How often the engine has restarted it by itself. */
  readonly restarts?: number
  /** The pid of its first process on this machine. */
  readonly pid?: number
  /** How it ended; absent if it never ran. */
  readonly ended?: { readonly exitCode: number; readonly outOfMemory: boolean }
  readonly labels: Readonly<Record<string, string>>
  /** Where its TCP ports are published on this machine. An empty address means all. */
  readonly published: readonly { readonly inside: number; readonly address: string; readonly port: number }[]
  readonly networks: readonly { readonly name: string; readonly address: string }[]
  /** Folders inside it and where they are on this machine. `volume`: its name, if it is one. */
  readonly mounts: readonly { readonly from: string; readonly inside: string; readonly volume?: string }[]
}

const networkSchema = z.union([
  z
    .object({ subnets: z.array(z.object({ subnet: z.string() })).min(1) })
    .transform(it => it.subnets.map(one => one.subnet)), // Podman
  z
    .object({ IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string() })).min(1) }) })
    .transform(it => it.IPAM.Config.map(one => one.Subnet)),
])

/** How both report that something doesn't exist. A missing socket or file is different: then nothing is known. */
const absent = /no such (container|image|network|object)\b|image not known|network (\S+ )?not found/i

const isAbsent = (error: unknown): boolean => error instanceof ProblemError && absent.test(error.problem.details ?? '')

function toContainer(found: unknown): Container {
  const { Image, RestartCount, State, Config, HostConfig, Mounts, NetworkSettings } = containerSchema.parse(found)
  return {
    running: State.Running,
    image: Image,
    imageName: Config.Image,
    ...(typeof RestartCount === 'number' && { restarts: RestartCount }),
    ...(State.Pid && { pid: State.Pid }),
    ...(!State.Running &&
      typeof State.ExitCode === 'number' && {
        ended: { exitCode: State.ExitCode, outOfMemory: State.OOMKilled === true },
      }),
    labels: Config.Labels ?? {},
    published: Object.entries(HostConfig.PortBindings ?? {})
      .filter(([inside]) => inside.endsWith('/tcp'))
      .flatMap(([inside, bindings]) =>
        (bindings ?? []).map(it => ({
          inside: Number.parseInt(inside, 10),
          address: it.HostIp ?? '',
          port: Number(it.HostPort),
        })),
      ),
    networks: Object.entries(NetworkSettings.Networks ?? {}).flatMap(([network, { IPAddress }]) =>
      IPAddress ? [{ name: network, address: IPAddress }] : [],
    ),
    mounts: (Mounts ?? []).flatMap(it =>
      it.Source ? [{ from: it.Source, inside: it.Destination, ...(it.Name && { volume: it.Name }) }] : [],
    ),
  }
}

type Options = Partial<Pick<RunOptions, 'input' | 'signal' | 'timeout' | 'onOutput'>> & {
  /** Files that the command may have open. */
  readonly files?: number
}

export class ContainerEngine {
  readonly name: 'podman' | 'docker'
  readonly #commands: { readonly run: Run; readonly start: Start }

  constructor(name: 'podman' | 'docker', commands: { readonly run: Run; readonly start: Start }) {
    this.name = name
    this.#commands = commands
  }

  /** Runs a command, without our marker: containers and the engine's own daemons outlive us. */
  call(args: readonly string[], { files, ...options }: Options = {}): Promise<string> {
    const [file, all] = files === undefined ? [this.name, args] : withFiles(files, this.name, args)
    return this.#commands.run(file, all, { timeout: 60_000, ...options, unmarked: true })
  }

  /** Starts a command with streams for input and output. It has no marker either, but ends with us even in a crash. */
  start(args: readonly string[], options: Omit<LaunchOptions, 'unmarked'>): Started {
    return this.#commands.start('setpriv', ['--pdeathsig', 'KILL', this.name, ...args], {
      name: `${this.name} ${args[0] ?? ''}`,
      ...options,
      unmarked: true,
    })
  }

  /** @returns undefined if there is no such container */
  async container(name: string): Promise<Container | undefined> {
    const found = await this.#inspect('container', name)
    return found === undefined ? undefined : toContainer(found)
  }

  /** Several with one command, in this order; undefined for those that don't exist. @param timeout milliseconds */
  async containers(containerNames: readonly string[], timeout: number): Promise<readonly (Container | undefined)[]> {
    try {
      const found = z
        .array(z.unknown())
        .length(containerNames.length)
        .parse(JSON.parse(await this.call(['container', 'inspect', ...containerNames], { timeout })))
      return found.map(toContainer)
    } catch (error) {
      if (!isAbsent(error)) throw error
      // the engine's answer doesn't say clearly which one is missing
      return Promise.all(containerNames.map(it => this.container(it)))
    }
  }

  /**
   * Creates the network if necessary. Its subnet must be given when it is created: Docker allows fixed addresses only
   * then. To find a free subnet, the engine creates a probe network, which is removed again.
   * @returns the network's IPv4 subnet, e.g. `10.89.0.0/24`
   */
  async network(name: string, options: Options): Promise<string> {
    const present = await this.#subnet(name)
    if (present !== undefined) return present
    const probe = `${name}-probe`
    await this.call(['network', 'create', probe], options)
    let subnet: string | undefined
    try {
      subnet = await this.#subnet(probe)
    } finally {
      await this.call(['network', 'rm', probe])
    }
    if (subnet === undefined)
      throw problem({
        code: 'no-subnet',
        message: `${this.name} has no free subnet left for a network.`,
        hint: `Remove unused networks: “${this.name} network prune”.`,
      })
    await this.call(['network', 'create', '--subnet', subnet, name], options)
    return subnet
  }

  /** Pulls the image if it isn't here. @throws Problem `image-unavailable` */
  async image({ name }: Service, image: string, { signal, onOutput }: Options): Promise<void> {
    if ((await this.#inspect('image', image)) !== undefined) return
    try {
      await this.call(['pull', image], { signal, onOutput, timeout: 900_000 })
    } catch (error) {
      if (!(error instanceof ProblemError) || !error.problem.code.startsWith('command-')) throw error
      throw problem(
        {
          code: 'image-unavailable',
          message: `The image ${image} isn’t on this machine and couldn’t be pulled.`,
          cause: error.problem.cause,
          hint: `Check the connection, name a local image in the settings (containers.${name}Image), or choose the embedded driver.`,
          action: 'choose-driver',
          details: error.problem.details,
        },
        error,
      )
    }
  }

  /** The container's last lines of standard output and error. */
  async log(name: string): Promise<string> {
    const chunks: string[] = []
    await this.call(['logs', '--tail', '50', name], { timeout: 10_000, onOutput: chunk => chunks.push(chunk) }).catch(
      () => undefined,
    )
    return chunks.join('')
  }

  async #subnet(network: string): Promise<string | undefined> {
    const found = await this.#inspect('network', network)
    return found === undefined ? undefined : networkSchema.parse(found).find(it => it.includes('.'))
  }

  async #inspect(type: 'container' | 'image' | 'network', name: string): Promise<unknown> {
    try {
      const found: unknown = JSON.parse(await this.call([type, 'inspect', name], { timeout: 10_000 }))
      return Array.isArray(found) ? found[0] : undefined
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }
}
