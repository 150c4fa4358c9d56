/** The images that services' containers are created from: pulled, loaded from files, and newer than a container's. */
import { basename } from 'node:path'
import type { ServiceName } from '../../../shared/infrastructure'
import { ProblemError } from '../../../shared/problem'
import type { Service } from '../services/service'
import type { ContainerEngine } from './container-engine'
import type { Container } from './container-inspect'
import { isAdopted, type Containers } from './containers'
import type { DriverContext, DriverServices, Images } from './driver'
import { wantedIn } from './image-file'
import { imageUnfit } from './problems'

export class ContainerImages implements Images {
  readonly #engine: ContainerEngine
  readonly #containers: Containers
  readonly #all: readonly Service[]
  readonly #services: DriverServices
  /** By the image's id: looking into one takes a container. */
  readonly #generations = new Map<string, Promise<string | undefined>>()

  constructor(engine: ContainerEngine, containers: Containers, all: readonly Service[], services: DriverServices) {
    this.#engine = engine
    this.#containers = containers
    this.#all = all
    this.#services = services
  }

  async named(): Promise<readonly string[]> {
    const settings = await this.#services.settings.read()
    return [...new Set(this.#all.map(it => it.container.of(settings).image))]
  }

  async pull(context: DriverContext): ReturnType<Images['pull']> {
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
      if (container && (await this.isRenewed(service, container, image, true))) newer.push(service.name)
    }
    if (pulled === 0 && errors[0]) throw errors[0]
    return { newer, failed: errors.map(it => it.problem) }
  }

  async usable(file: string, other: string | undefined): Promise<readonly string[]> {
    const named = await this.named()
    const wanted = other === undefined ? named : [...new Set([other, ...named])]
    return wantedIn(file, wanted, this.#services.run)
  }

  async load(file: string, images: readonly string[], { signal, report, output }: DriverContext): Promise<void> {
    report(`Looking into ${basename(file)}`)
    await wantedIn(file, images, this.#services.run, signal)
    await this.#engine.load(file, { signal, report, output })
  }

  /**
   * Whether the image's name means another one by now, e.g. a newer minor version that was pulled, and the container's
   * data suits it. @param named the container was created from an image of this name @throws Problem `image-unfit`
   */
  async isRenewed(service: Service, { image: then }: Container, image: string, named: boolean): Promise<boolean> {
    const now = await this.#engine.imageId(image)
    if (now === undefined || now === then) return false
    if (!service.container.generation) return true
    const [before, after] = await Promise.all([then, now].map(id => this.#generationOf(service, id)))
    if (before === undefined || after === undefined || before === after) return true
    if (named) return false // a name without a version, as `latest`: it goes on as it is
    throw imageUnfit(service, image, after, before)
  }

  async hasNewer(service: Service): Promise<boolean> {
    const container = await this.#containers.own(service.container.of(await this.#services.settings.read()).name)
    if (!container || isAdopted(container)) return false
    return await this.isRenewed(service, container, container.imageName, true)
  }

  /** Looked for once, unless that fails. */
  #generationOf({ container }: Service, id: string): Promise<string | undefined> {
    const known = this.#generations.get(id)
    if (known) return known
    const asked = container.generation?.((...command) => this.#engine.ask(id, ...command)) ?? Promise.resolve(undefined)
    this.#generations.set(id, asked)
    asked.then(
      found => found === undefined && this.#generations.delete(id),
      () => this.#generations.delete(id),
    )
    return asked
  }
}
