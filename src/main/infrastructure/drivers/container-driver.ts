/**
 * Services in containers of Podman or Docker. Containers that have our names but were created elsewhere are adopted:
 * they are started, stopped and queried, but never changed.
 */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { driverTitle, type DriverOption } from '../../../shared/infrastructure'
import { problem, ProblemError, toProblem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import { makeFolder, readIfExists, writeFileAtomic } from '../../system/files'
import { waitFor } from '../../system/wait'
import { isRefused, unreachable, type Server } from '../connection'
import type { Access, Service } from '../services/service'
import { AdoptedContainers } from './adopted-containers'
import { ContainerData } from './container-data'
import { ContainerImages } from './container-images'
import { containerOptions, fingerprint, optionsLabel } from './container-options'
import { networkFor, type ContainerNetwork } from './container-network'
import { lookAtContainers } from './container-status'
import { startInside } from './container-tools'
import { Containers, endOf, isAdopted, requirePort } from './containers'
import type {
  Driver,
  DriverContext,
  DriverDetails,
  DriverServices,
  DriverStatus,
  ServiceLogs,
  StartTool,
} from './driver'
import { ContainerEngine } from './container-engine'
import { EnginePlace } from './engine-place'
import type { Container } from './container-inspect'
import { broken, type EngineKind } from './engine-problems'
import { requireFreePort, serviceFailed, serviceSlow } from './problems'

export class ContainerDriver implements Driver {
  readonly #engine: ContainerEngine
  readonly #containers: Containers
  readonly #all: readonly Service[]
  readonly #services: DriverServices
  readonly adoptedServices: AdoptedContainers
  readonly data: ContainerData
  readonly images: ContainerImages

  /** @param all the services to run, each after those it needs */
  constructor(
    readonly kind: EngineKind,
    all: readonly Service[],
    services: DriverServices,
  ) {
    this.#all = all
    this.#services = services
    const { root, state } = services.paths
    const place = kind === 'docker' ? new EnginePlace(join(state, 'docker.json'), root) : undefined
    this.#engine = new ContainerEngine(kind, services, place)
    this.#containers = new Containers(this.#engine, services.paths.root)
    this.images = new ContainerImages(this.#engine, this.#containers, all, services)
    this.data = new ContainerData(this.#engine, this.#containers, services)
    this.adoptedServices = new AdoptedContainers(this.#engine, this.#containers, services.settings)
  }

  async detect(): Promise<DriverOption> {
    try {
      const { version, rootless } = await this.#engine.info()
      const reason = `${driverTitle[this.kind]} ${version} works here${rootless ? ', without root' : ''}.`
      return { kind: this.kind, available: true, reason }
    } catch (error) {
      const found = toProblem(error)
      const why = found.code.startsWith('engine-') ? found : broken(this.kind, found.details ?? found.message)
      return { kind: this.kind, available: false, reason: why.message, problem: why }
    }
  }

  async provision(service: Service, context: DriverContext): Promise<void> {
    const settings = await this.#services.settings.read()
    const { name, image } = service.container.of(settings)
    let present = await this.#containers.own(name)
    await this.#engine.settle()
    if (present && isAdopted(present)) return
    if (present?.restarting) await this.#engine.stop(present, 1) // it couldn't be replaced
    if (!present) await this.#engine.image(service, image, context)
    context.report(`Configuring ${service.title}`)
    const network = await networkFor(this.#engine, service, settings, context.signal)
    const folder = join(this.#services.paths.state, 'containers', service.name)
    const owner = this.#services.paths.root
    const options = containerOptions({ engine: this.kind, service, settings, network, folder, owner })
    // A running container keeps its options until it is stopped. The data is on a volume, which outlives it.
    const same = present?.labels[optionsLabel] === fingerprint(options)
    // One that its engine starts again and again, in vain, is running or not by chance.
    if (!same && present?.running && (present.restarts ?? 0) > 0 && !(await this.#isReady(service, name))) {
      await this.#engine.stop(present, service.container.stopWithin)
      present = await this.#containers.own(name)
    }
    if (present && !present.running && !same) await this.#engine.image(service, image, context)
    const kept =
      present && (present.running || (!(await this.images.isRenewed(service, present, image, same)) && same))
        ? present
        : undefined
    await this.#configure(
      service,
      settings,
      folder,
      network,
      kept?.running ? { name } : { image: kept?.image ?? image },
    )
    if (kept) return
    if (present) await this.#engine.call(['rm', name], { signal: context.signal })
    const label = ['--label', `${optionsLabel}=${fingerprint(options)}`]
    await this.#engine.create(name, [...label, ...options], {
      signal: context.signal,
      files: service.openFiles?.(settings),
    })
  }

  async provisioned(service: Service): Promise<boolean> {
    return (await this.#engine.container(await this.#nameOf(service))) !== undefined
  }

  async start(service: Service, context: DriverContext): Promise<void> {
    const settings = await this.#services.settings.read()
    const name = service.container.of(settings).name
    const present = await this.#containers.own(name)
    if (!present)
      throw problem({
        code: 'container-missing',
        message: `There is no container ${name}.`,
        hint: 'Start the infrastructure to create it.',
        action: 'start-infrastructure',
      })
    context.report(`Starting ${service.title}`)
    requirePort(service, present, settings)
    if (present.restarting) await this.#engine.stop(present, 1) // now, not after the engine's pause
    if (!present.running && !isAdopted(present)) await this.data.requireContent(service, present, context.signal)
    if (!present.running) await this.#launch(service, name, settings, context)
    else if (service.reload && !isAdopted(present))
      await this.#engine.call(['kill', '--signal', service.reload, name], { signal: context.signal })
    await this.#answered(service, name, context)
  }

  async stop(service: Service, context: DriverContext): Promise<void> {
    const present = await this.#containers.own(await this.#nameOf(service))
    if (!present) return
    context.report(`Stopping ${service.title}`)
    await this.#engine.stop(present, service.container.stopWithin)
  }

  async logTail(service: Service): Promise<string> {
    return this.#engine.log(await this.#nameOf(service))
  }

  async server(service: Service): Promise<Server> {
    const settings = await this.#services.settings.read()
    const { name } = service.container.of(settings)
    const port = service.port(settings)
    const container = await this.#containers.running(name)
    if (!container) throw unreachable(new Error(`The container ${name} isn’t running.`), port)
    requirePort(service, container, settings)
    return { port, adopted: isAdopted(container) }
  }

  async status(): Promise<DriverStatus> {
    const found = await lookAtContainers(this.#all, {
      containers: this.#containers,
      settings: await this.#services.settings.read(),
      secrets: this.#services.secrets,
      lingering: this.kind === 'docker', // its daemon isn't the user's
    })
    const { changed } = this.#engine
    return changed ? { ...found, warnings: [...found.warnings, changed] } : found
  }

  readonly leave = (): Promise<void> => this.#engine.leave()

  readonly details = async (service: Service): Promise<DriverDetails | undefined> => {
    const name = await this.#nameOf(service)
    const container = (await this.#containers.running(name)) ?? (await this.#engine.container(name))
    if (!container) return undefined
    const { data } = service.container
    const mount = data === undefined ? undefined : container.mounts.find(it => it.inside.startsWith(data))
    return {
      pid: container.running ? container.pid : undefined,
      program: container.imageName,
      image: container.imageName,
      restarts: container.restarts,
      data: mount && (mount.volume ?? mount.from),
    }
  }

  readonly logs: ServiceLogs = {
    exists: service => this.provisioned(service),
    grows: async service => (await this.#engine.container(await this.#nameOf(service)))?.running === true,
    follow: async (service, output, lines, signal) =>
      this.#engine.start(['logs', '--timestamps', '--follow', '--tail', String(lines), await this.#nameOf(service)], {
        output,
        signal,
        timeout: Infinity,
      }),
  }

  readonly tool: StartTool = async (service, file, args, options) => {
    await this.server(service)
    const services = { engine: this.#engine, secrets: this.#services.secrets, mark: this.#services.mark }
    return await startInside(services, await this.#nameOf(service), service, [file, ...args], options)
  }

  #nameOf = async (service: Service): Promise<string> => service.container.of(await this.#services.settings.read()).name

  /**
   * The container reads the files as another user, so they are world-readable. Nobody else on this machine can reach
   * them, since the workspace's state folder is private.
   */
  async #configure(
    service: Service,
    settings: Settings,
    folder: string,
    { addressOf }: ContainerNetwork,
    place: { readonly name: string } | { readonly image: string },
  ): Promise<void> {
    await makeFolder(folder, 0o755)
    await chmod(folder, 0o755)
    const files = await service.container.files({
      settings,
      secrets: this.#services.secrets,
      addressOf,
      pools: this.#services.pools,
      present: file => readIfExists(join(folder, file)),
      ask: (program, ...args) =>
        'name' in place
          ? this.#engine.call(['exec', place.name, program, ...args], { timeout: 30_000 }).catch(() => '')
          : this.#engine.ask(place.image, program, ...args),
    })
    for (const [file, content] of Object.entries(files)) await writeFileAtomic(join(folder, file), content, 0o644)
  }

  async #launch(service: Service, name: string, settings: Settings, { signal }: DriverContext): Promise<void> {
    await requireFreePort(service, service.port(settings))
    try {
      await this.#engine.call(['start', name], { signal })
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.code !== 'command-failed') throw error
      throw serviceFailed(
        service,
        `${this.kind} couldn’t start the container.`,
        `${await this.#engine.log(name)}\n${error.problem.details ?? ''}`,
      )
    }
  }

  /** Waits until it is ready; fails at once if its container ends first. */
  async #answered(service: Service, name: string, context: DriverContext): Promise<void> {
    const seconds = 90
    let last: unknown
    const answer = await waitFor(
      async () => {
        try {
          await this.#ready(service, name)
          return true
        } catch (error) {
          last = error
        }
        const container: Container | undefined = await this.#engine.container(name)
        if (!container?.running) throw serviceFailed(service, endOf(container), await this.#engine.log(name))
        return undefined
      },
      { timeout: seconds * 1000, signal: context.signal },
    )
    if (!answer) throw serviceSlow(service, seconds, await this.#engine.log(name), last)
  }

  #isReady(service: Service, name: string): Promise<boolean> {
    return this.#ready(service, name).then(
      () => true,
      () => false,
    )
  }

  /** If our role is refused (it is missing or has another password), sets it up through the container's own socket. */
  async #ready(service: Service, name: string): Promise<void> {
    const { secrets } = this.#services
    const access: Access = { server: await this.server(service), secrets, needed: () => Promise.resolve([]) }
    try {
      await service.ready(access)
    } catch (error) {
      if (!service.container.admit || !isRefused(error)) throw error
      await service.container.admit(
        (user, command, { input }) =>
          this.#engine.call(['exec', '-i', '-u', user, name, ...command], { input, timeout: 20_000 }),
        secrets,
      )
      await service.ready(access)
    }
  }
}
