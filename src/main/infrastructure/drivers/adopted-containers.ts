/** Replaces a container that was created elsewhere: it is kept under another name, and can be put back. */
import { problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import type { Service } from '../services/service'
import type { ContainerEngine } from './container-engine'
import { isAdopted, type Containers } from './containers'
import type { AdoptedService, AdoptedServices, DriverContext } from './driver'

/**
 * Seconds it gets to finish what it is doing. From version 1.23 on, PgBouncer waits for its clients, which don't leave.
 */
const stopWithin = 1

/** Podman's, on a container that a systemd unit runs (Quadlet; `podman generate systemd --new`). */
const unitLabel = 'PODMAN_SYSTEMD_UNIT'

export class AdoptedContainers implements AdoptedServices {
  readonly #engine: ContainerEngine
  readonly #containers: Pick<Containers, 'own'>
  readonly #settings: { read(): Promise<Settings> }

  constructor(engine: ContainerEngine, containers: Pick<Containers, 'own'>, settings: { read(): Promise<Settings> }) {
    this.#engine = engine
    this.#containers = containers
    this.#settings = settings
  }

  async find(service: Service): Promise<AdoptedService | undefined> {
    const { name } = await this.#names(service)
    const found = await this.#engine.container(name)
    if (!found || !isAdopted(found)) return undefined
    const unit = found.labels[unitLabel]
    return {
      id: found.id,
      open: found.published.some(it => !it.address.startsWith('127.')),
      startsAtBoot: found.startsAtBoot,
      ...(found.removedAtStop && { passing: 'removed-at-stop' }),
      ...(unit !== undefined && { passing: { unit } }),
    }
  }

  async pull(service: Service, context: DriverContext): Promise<void> {
    const { image } = service.container.of(await this.#settings.read())
    await this.#engine.image(service, image, context)
  }

  async setAside(service: Service, id: string): Promise<void> {
    const { aside } = await this.#names(service)
    if ((await this.#require(id)).name !== aside) await this.#engine.call(['rename', id, aside])
  }

  async stop(id: string): Promise<void> {
    await this.#engine.stop(await this.#require(id), stopWithin)
  }

  async putBack(service: Service, id: string): Promise<void> {
    const { name } = await this.#names(service)
    const found = await this.#engine.container(id)
    if (!found || found.name === name) return
    const ours = await this.#containers.own(name)
    if (ours && isAdopted(ours))
      throw problem({
        code: 'container-in-the-way',
        message: `The container ${name} can’t be put back: another one has its name now.`,
        hint: `Rename the other one (“${this.#engine.name} rename”), then try again.`,
      })
    if (ours) {
      await this.#engine.stop(ours, stopWithin)
      await this.#engine.call(['rm', ours.id])
    }
    await this.#engine.call(['rename', id, name])
  }

  async remove(id: string): Promise<void> {
    const found = await this.#engine.container(id)
    if (!found) return
    await this.#engine.stop(found, stopWithin)
    await this.#engine.call(['rm', id])
  }

  /** @throws Problem `container-missing` */
  async #require(id: string) {
    const found = await this.#engine.container(id)
    if (found && isAdopted(found)) return found
    throw problem({
      code: 'container-missing',
      message: `The container ${id.slice(0, 12)} is gone.`,
      cause: 'It was there when hardening began.',
      hint: 'Start the infrastructure to create a new one.',
      action: 'start-infrastructure',
    })
  }

  async #names(service: Service): Promise<{ readonly name: string; readonly aside: string }> {
    const { name } = service.container.of(await this.#settings.read())
    return { name, aside: `${name}-before-hardening` }
  }
}
