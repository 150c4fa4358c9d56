/**
 * Services in containers of Podman or Docker. Containers that have our names but were created elsewhere are adopted:
 * they are started, stopped and queried, but never changed.
 */
import { chmod } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { driverTitle, type DriverOption, type ServiceName } from '../../../shared/infrastructure'
import { problem, ProblemError, toProblem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import { makeFolder, readIfExists, writeFileAtomic } from '../../system/files'
import { waitFor } from '../../system/wait'
import { isRefused, unreachable, type Server } from '../connection'
import type { Access, Service } from '../services/service'
import { AdoptedContainers } from './adopted-containers'
import { ContainerData } from './container-data'
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
  Images,
  ServiceLogs,
  StartTool,
} from './driver'
import { ContainerEngine } from './container-engine'
import { EnginePlace } from './engine-place'
import type { Container } from './container-inspect'
import { broken, type EngineKind } from './engine-problems'
import { wantedIn } from './image-file'
import { imageUnfit, requireFreePort, serviceFailed, serviceSlow } from './problems'

export class ContainerDriver implements Driver {
  readonly #engine: ContainerEngine
  readonly #containers: Containers
  readonly #all: readonly Service[]
  readonly #services: DriverServices
  readonly adoptedServices: AdoptedContainers
  readonly data: ContainerData

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
    const present = await this.#containers.own(name)
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
    if (present && !present.running && !same) await this.#engine.image(service, image, context)
    const kept =
      present && (present.running || (!(await this.#isRenewed(service, present, image, same)) && same))
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

  /**
   * Whether the image's name means another one by now, e.g. a newer minor version that was pulled, and the container's
   * data suits it. @param named the container was created from an image of this name @throws Problem `image-unfit`
   */
  async #isRenewed(service: Service, { image: then }: Container, image: string, named: boolean): Promise<boolean> {
    const now = await this.#engine.imageId(image)
    if (now === undefined || now === then) return false
    const { generation } = service.container
    if (!generation) return true
    const [before, after] = await Promise.all(
      [then, now].map(id => generation((...command) => this.#engine.ask(id, ...command))),
    )
    if (before === undefined || after === undefined || before === after) return true
    if (named) return false // a name without a version, as `latest`: it goes on as it is
    throw imageUnfit(service, image, after, before)
  }

  /** As `#isRenewed`, without a look into the images. */
  async #hasNewerImage(container: Container): Promise<boolean> {
    const now = await this.#engine.imageId(container.imageName)
    return now !== undefined && now !== container.image
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
      newerImage: !isAdopted(container) && (await this.#hasNewerImage(container)),
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

  readonly images: Images = {
    named: async () => {
      const settings = await this.#services.settings.read()
      return [...new Set(this.#all.map(it => it.container.of(settings).image))]
    },
    pull: async context => {
      const settings = await this.#services.settings.read()
      const newer: ServiceName[] = []
      const errors: ProblemError[] = []
      let pulled = 0
      for (const service of this.#all) {
        const { name, image } = service.container.of(settings)
        const container = await this.#containers.own(name)
        if (container && isAdopted(container)) continue // it has its own image, and keeps it
        try {
          await this.#engine.pull(service, image, context)
          pulled++
        } catch (error) {
          if (!(error instanceof ProblemError) || error.problem.code !== 'image-unavailable') throw error
          errors.push(error)
        }
        if (container && (await this.#hasNewerImage(container))) newer.push(service.name)
      }
      if (pulled === 0 && errors[0]) throw errors[0]
      return { newer, failed: errors.map(it => it.problem) }
    },
    usable: async (file, other) => {
      const named = await this.images.named()
      const wanted = other === undefined ? named : [...new Set([other, ...named])]
      return wantedIn(file, wanted, this.#services.run)
    },
    load: async (file, images, { signal, report, output }) => {
      report(`Looking into ${basename(file)}`)
      await wantedIn(file, images, this.#services.run, signal)
      await this.#engine.load(file, { signal, report, output })
    },
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
