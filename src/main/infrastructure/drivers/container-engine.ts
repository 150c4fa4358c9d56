/** The parts of a container engine's command line that we use. Podman and Docker agree on all of them. */
import { basename } from 'node:path'
import { z } from 'zod'
import { problem, ProblemError, type Problem } from '../../../shared/problem'
import { baseEnvironment } from '../../system/environment'
import type { LaunchOptions } from '../../system/launch'
import type { Run, RunOptions, Start, Started } from '../../system/run'
import { withFiles } from '../programs'
import type { Service } from '../services/service'
import { networkSchema, toContainer, type Container } from './container-inspect'
import type { DriverContext } from './driver'
import { dockerInfo, podmanInfo, type EngineInfo } from './engine-info'
import { isSameSocket, type EnginePlace } from './engine-place'
import { engineChanged, explained, requireHere, silent, type EngineKind } from './engine-problems'
import { pullProblem } from './pull-problem'
import { pullProgress } from './pull-progress'

const imageSchema = z.object({ Id: z.string() })
const volumeSchema = z.object({ Labels: z.record(z.string(), z.string()).nullish() })

/** How both report that something doesn't exist. A missing socket or file is different: then nothing is known. */
const absent = /no such (container|image|network|object|volume)\b|image not known|network (\S+ )?not found/i

const isAbsent = (error: unknown): boolean => error instanceof ProblemError && absent.test(error.problem.details ?? '')

type Options = Partial<Pick<RunOptions, 'input' | 'signal' | 'timeout' | 'onOutput'>> & {
  /** Files that the command may have open. */
  readonly files?: number
}

/** Milliseconds for a question that the engine answers from its memory; usually 50 to 300. */
const askTimeout = 10_000

export class ContainerEngine {
  readonly name: EngineKind
  readonly #commands: { readonly run: Run; readonly start: Start }
  /** Where it was found: the same engine is used from then on, even if the user's context changes. */
  #address: string | undefined
  /** That the user's commands lead elsewhere, once it is known. */
  #changed: Problem | undefined
  readonly #place: EnginePlace | undefined

  /** @param place where the workspace's containers are, if the engine can have several daemons */
  constructor(name: EngineKind, commands: { readonly run: Run; readonly start: Start }, place?: EnginePlace) {
    this.name = name
    this.#commands = commands
    this.#place = place
  }

  /** A warning, if the user's commands lead to another daemon than the one in use. */
  get changed(): Problem | undefined {
    return this.#changed
  }

  /** From now on the workspace's containers are here, in later runs too. @throws as `call` */
  async settle(): Promise<void> {
    await this.#locate(askTimeout)
    await this.#place?.record(this.#address ?? '')
  }

  /** No containers that matter are left, so the next call finds out again where commands lead. */
  async leave(): Promise<void> {
    await this.#place?.forget()
    this.#address = undefined
    this.#changed = undefined
  }

  /**
   * Runs a command, without our marker: containers and the engine's own daemons outlive us.
   * @throws as `Run`; Problems `engine-…` if the engine itself doesn't work
   */
  async call(args: readonly string[], { files, ...options }: Options = {}): Promise<string> {
    await this.#locate(Math.min(options.timeout ?? askTimeout, askTimeout))
    const [file, all] = files === undefined ? [this.name, args] : withFiles(files, this.name, args)
    return await this.#run(file, all, { timeout: 60_000, ...options })
  }

  /** Starts a command with streams for input and output. It has no marker either, but ends with us even in a crash. */
  start(args: readonly string[], options: Omit<LaunchOptions, 'unmarked'>): Started {
    return this.#commands.start('setpriv', ['--pdeathsig', 'KILL', this.name, ...args], {
      name: `${this.name} ${args[0] ?? ''}`,
      ...options,
      env: this.#environment(options.env),
      unmarked: true,
    })
  }

  /** Whether containers can run here. @throws Problems `engine-…` if not, and whatever else the command fails with */
  async info(): Promise<EngineInfo> {
    const ask = (...args: string[]): Promise<string> => this.#ask(args, 4000)
    return await (this.name === 'podman' ? podmanInfo(ask) : dockerInfo(ask, () => this.#address))
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
        .parse(JSON.parse(await this.#ask(['container', 'inspect', ...containerNames], timeout)))
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

  /** Pulls the image if it isn't here, and reports how far that is. @throws Problem `image-unavailable` */
  async image(service: Service, image: string, context: DriverContext): Promise<void> {
    if ((await this.imageId(image)) === undefined) await this.pull(service, image, context)
  }

  /** Downloads what this machine lacks of an image. @throws Problem `image-unavailable` */
  async pull(service: Service, image: string, { signal, report, output }: DriverContext): Promise<void> {
    const read = pullProgress(image, report)
    const onOutput = (chunk: string): void => {
      output(chunk)
      read(chunk)
    }
    try {
      await this.call(['pull', image], { signal, onOutput, timeout: 900_000 })
    } catch (error) {
      if (!(error instanceof ProblemError) || !error.problem.code.startsWith('command-')) throw error
      throw problem(pullProblem(this.name, service, image, error.problem), error)
    }
  }

  /** The id of the image that this name means on this machine now; undefined if there is none. */
  async imageId(name: string): Promise<string | undefined> {
    const found = await this.#inspect('image', name)
    return found === undefined ? undefined : imageSchema.parse(found).Id
  }

  /** The output of a program of an image, in a container without a network; empty if it fails. */
  ask(image: string, program: string, ...args: readonly string[]): Promise<string> {
    const command = ['run', '--rm', '--network', 'none', '--entrypoint', program, image, ...args]
    return this.call(command, { timeout: 30_000 }).catch(() => '')
  }

  /** Loads all images of a file made by `docker save` or `podman save`. */
  async load(file: string, { signal, report, output }: DriverContext): Promise<void> {
    report(`Loading ${basename(file)}`)
    await this.call(['load', '--input', file], { signal, onOutput: output, timeout: 900_000 })
  }

  /**
   * Creates a container. A Docker command from version 25 on can't give a container of an older daemon a MAC address.
   * Such a daemon derives it from the IP address, so it is fixed all the same.
   */
  async create(name: string, containerOptions: readonly string[], options: Options): Promise<void> {
    try {
      await this.call(['create', '--name', name, ...containerOptions], options)
    } catch (error) {
      if (!(error instanceof ProblemError) || !/mac-address.* requires API/.test(error.problem.details ?? ''))
        throw error
      const mac = containerOptions.indexOf('--mac-address')
      await this.call(['create', '--name', name, ...containerOptions.toSpliced(mac, 2)], options)
    }
  }

  /** Stops a container, or keeps one stopped that the engine is about to restart. @param within seconds until it is killed */
  async stop({ id, running, restarting }: Container, within: number): Promise<void> {
    if (running || restarting) await this.call(['stop', '-t', String(within), id], { timeout: 90_000 })
  }

  /**
   * Whether a stopped container has a file; true if that can't be found out. Copying it is fast, but doesn't mount a
   * volume that is a disk of its own. Another container does.
   */
  async has({ name, image }: Pick<Container, 'name' | 'image'>, file: string, signal: AbortSignal): Promise<boolean> {
    const look = [image, '-c', 'test -s "$0" || echo none', file]
    try {
      await this.call(['cp', `${name}:${file}`, '-'], { signal })
      return true
    } catch {
      const alone = ['run', '--rm', '--network', 'none', '--user', '0', '--volumes-from', `${name}:ro`]
      const answer = await this.call([...alone, '--entrypoint', 'sh', ...look], { signal }).catch(() => '')
      signal.throwIfAborted()
      return answer.trim() !== 'none'
    }
  }

  /** The labels of a volume; undefined if there is no such volume. */
  async volume(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const found = await this.#inspect('volume', name)
    return found === undefined ? undefined : (volumeSchema.parse(found).Labels ?? {})
  }

  /** The folder of its volumes, or of all its data. */
  async dataFolder(): Promise<string> {
    const format = this.name === 'podman' ? '{{.Store.VolumePath}}' : '{{.DockerRootDir}}'
    return (await this.#ask(['info', '--format', format], askTimeout)).trim()
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

  async #inspect(type: 'container' | 'image' | 'network' | 'volume', name: string): Promise<unknown> {
    try {
      const found: unknown = JSON.parse(await this.#ask([type, 'inspect', name], askTimeout))
      return Array.isArray(found) ? found[0] : undefined
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  /** @throws Problem `engine-silent` if the answer takes longer. @param timeout milliseconds */
  async #ask(args: readonly string[], timeout: number): Promise<string> {
    try {
      return await this.call(args, { timeout })
    } catch (error) {
      throw isProblem(error, 'command-timeout') ? problem(silent(this.name, timeout), error) : error
    }
  }

  /**
   * Finds out where Docker's commands go: to the daemon that has the workspace's containers; otherwise to DOCKER_HOST,
   * or the user's context. Takes about 30 ms, once.
   * @throws Problems `engine-elsewhere`, `file-corrupt`
   */
  async #locate(timeout: number): Promise<void> {
    if (this.#address !== undefined) return
    const configured = this.name === 'docker' ? await this.#dockerHost(timeout) : (process.env['CONTAINER_HOST'] ?? '')
    const settled = await this.#place?.read()
    if (settled === undefined) requireHere(this.name, configured)
    else if (!(await isSameSocket(settled, configured))) this.#changed = engineChanged(settled, configured)
    this.#address = settled ?? configured
  }

  async #dockerHost(timeout: number): Promise<string> {
    try {
      const format = '{{.Endpoints.docker.Host}}'
      return (await this.#run('docker', ['context', 'inspect', '--format', format], { timeout })).trim()
    } catch (error) {
      // Podman's `docker` has no contexts.
      if (isProblem(error, 'command-failed')) return process.env['DOCKER_HOST'] ?? ''
      throw isProblem(error, 'command-timeout') ? problem(silent(this.name, timeout), error) : error
    }
  }

  async #run(file: string, args: readonly string[], options: Omit<RunOptions, 'unmarked' | 'env'>): Promise<string> {
    try {
      return await this.#commands.run(file, args, { ...options, env: this.#environment(), unmarked: true })
    } catch (error) {
      throw explained(this.name, error, this.#address)
    }
  }

  #environment(given: Readonly<Record<string, string>> = baseEnvironment()): Readonly<Record<string, string>> {
    const pinned = this.name === 'docker' && this.#address?.startsWith('unix://') && { DOCKER_HOST: this.#address }
    return { ...given, ...pinned }
  }
}

const isProblem = (error: unknown, code: string): boolean =>
  error instanceof ProblemError && error.problem.code === code
