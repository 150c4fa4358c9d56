/** The services' places in a container engine: a container's name and, for its data, a volume. */
import { problem } from '../../../shared/problem'
import type { Service } from '../services/service'
import type { ContainerEngine } from './container-engine'
import { networkOf } from './container-network'
import { ownerLabel } from './container-options'
import type { Container } from './container-inspect'
import { isAdopted, type Containers } from './containers'
import type { DataPlaces, DriverServices } from './driver'
import { placeTaken } from './problems'

/** A volume's label with the token that it was created with. */
const tokenLabel = 'instance-manager.token'

export class ContainerData implements DataPlaces {
  readonly #engine: ContainerEngine
  readonly #containers: Pick<Containers, 'own' | 'requireOwn'>
  readonly #services: Pick<DriverServices, 'paths' | 'settings' | 'pools'>

  constructor(
    engine: ContainerEngine,
    containers: Pick<Containers, 'own' | 'requireOwn'>,
    services: Pick<DriverServices, 'paths' | 'settings' | 'pools'>,
  ) {
    this.#engine = engine
    this.#containers = containers
    this.#services = services
  }

  async place(service: Service): Promise<string> {
    const { name, volume } = await this.#placeOf(service)
    return volume === undefined ? `the container ${name}` : `the volume ${volume}`
  }

  async occupant(service: Service, token?: string): Promise<string | undefined> {
    const { name, volume } = await this.#placeOf(service)
    const labels = volume === undefined ? undefined : await this.#engine.volume(volume)
    if (labels && token !== undefined && labels[tokenLabel] === token) return undefined
    if (labels) return await this.place(service)
    const container = await this.#engine.container(name)
    // a container without data, if it is ours, is simply created again
    if (!container || (volume === undefined && container.labels[ownerLabel] === this.#services.paths.root))
      return undefined
    return `the container ${name}`
  }

  /**
   * Call it before our container is started: its image would create an empty cluster on an empty volume, e.g. of a disk
   * that isn't mounted.
   * @throws Problem `data-missing` if instances have databases, but the volume is empty and wasn't taken for new data
   */
  async requireContent(service: Service, container: Container, signal: AbortSignal): Promise<void> {
    const { name, volume } = await this.#placeOf(service)
    const { sign } = service.container
    if (sign === undefined || volume === undefined || (await this.#services.pools()).size === 0) return
    if ((await this.#engine.volume(volume))?.[tokenLabel] !== undefined) return
    if (await this.#engine.has(container, sign, signal)) return
    throw problem({
      code: 'data-missing',
      message: `${service.title}’s data is missing, and with it the databases of the instances.`,
      cause: `The volume ${volume} has no ${sign.split('/').at(-1)}.`,
      hint: `If it is on a disk of its own, mount that. Only if the data is lost for good: “${this.#engine.name} rm ${name}” and “${this.#engine.name} volume rm ${volume}”, then start with empty data.`,
    })
  }

  /** Nothing in the workspace shows it: the older command line tool created its containers elsewhere. */
  used(): Promise<boolean> {
    return Promise.resolve(true)
  }

  async take(service: Service, token: string): Promise<void> {
    const occupant = await this.occupant(service, token)
    if (occupant !== undefined) throw placeTaken(service, occupant)
    const { volume } = await this.#placeOf(service)
    if (volume === undefined || (await this.#engine.volume(volume))) return
    const labels = ['--label', `${ownerLabel}=${this.#services.paths.root}`, '--label', `${tokenLabel}=${token}`]
    await this.#engine.call(['volume', 'create', ...labels, volume])
    // Docker succeeds too if it was created meanwhile
    if ((await this.#engine.volume(volume))?.[tokenLabel] !== token) throw placeTaken(service, `the volume ${volume}`)
  }

  async empty(service: Service, token?: string): Promise<void> {
    const { name, volume, network } = await this.#placeOf(service)
    const labels = volume === undefined ? undefined : await this.#engine.volume(volume)
    if (token !== undefined && volume !== undefined && labels?.[tokenLabel] !== token) return
    // its container may be gone, or another workspace's volume may have been named like ours
    if (labels) await this.#containers.requireOwn(`volume ${volume}`, { labels })
    const container = await this.#containers.own(name)
    if (container && isAdopted(container))
      throw problem({
        code: 'place-not-ours',
        message: `The container ${name} was created elsewhere, so it isn’t removed.`,
        hint: `If nobody needs it, remove it by hand: “${this.#engine.name} rm ${name}”.`,
      })
    if (container) {
      await this.#engine.stop(container, service.container.stopWithin)
      await this.#engine.call(['rm', name])
    }
    if (volume === undefined) return
    if (labels) await this.#engine.call(['volume', 'rm', volume])
    await this.#engine.call(['network', 'rm', network]).catch(() => undefined) // other containers may be in it
  }

  disk(): Promise<string | undefined> {
    return this.#engine.dataFolder().catch(() => undefined)
  }

  async #placeOf(service: Service) {
    const settings = await this.#services.settings.read()
    const { name } = service.container.of(settings)
    return { name, volume: service.container.volume?.(name), network: networkOf(service, settings) }
  }
}
