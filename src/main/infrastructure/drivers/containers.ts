/** The services' containers: which exist, whose they are, and whether they are running. */
import { join } from 'node:path'
import { problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import { exists } from '../../system/files'
import { startTime } from '../../system/proc'
import type { Service } from '../services/service'
import { ownerLabel } from './container-options'
import type { ContainerEngine } from './container-engine'
import type { Container } from './container-inspect'

/** Milliseconds to inspect all containers; it usually takes 100 to 300. */
const lookTimeout = 2000

export class Containers {
  readonly #engine: ContainerEngine
  readonly #workspace: string
  /**
   * Running containers by name, each with the start time of its first process: while that lives, the container needn't
   * be inspected again.
   */
  readonly #seen = new Map<string, { readonly container: Container; readonly since: number }>()

  constructor(engine: ContainerEngine, workspace: string) {
    this.#engine = engine
    this.#workspace = workspace
  }

  /** The container with this name. @throws Problem `container-of-another-workspace` */
  async own(name: string): Promise<Container | undefined> {
    const container = await this.#engine.container(name)
    if (container) await this.requireOwn(`container ${name}`, container)
    return container
  }

  /** The container with this name if it is running. @throws Problem `container-of-another-workspace` */
  async running(name: string): Promise<Container | undefined> {
    const known = this.#seen.get(name)
    if (known?.container.pid && (await startTime(known.container.pid)) === known.since) return known.container
    const container = await this.own(name)
    await this.#remember(name, container)
    return container?.running ? container : undefined
  }

  /** Inspects all of them, in this order, whoever owns them. */
  async look(names: readonly string[]): Promise<readonly (Container | undefined)[]> {
    const found = await this.#engine.containers(names, lookTimeout)
    await Promise.all(names.map((name, index) => this.#remember(name, found[index])))
    return found
  }

  /** @param what e.g. `volume instance-manager-postgres` @throws Problem `container-of-another-workspace` */
  async requireOwn(what: string, { labels }: Pick<Container, 'labels'>): Promise<void> {
    const owner = labels[ownerLabel]
    if (owner === undefined || owner === this.#workspace) return
    // If the workspace was moved, its containers still belong to it.
    if (!(await exists(join(owner, '.instance-manager')))) return
    throw problem({
      code: 'container-of-another-workspace',
      message: `The ${what} belongs to the workspace ${owner}.`,
      hint: 'Give this workspace other container names and ports in its settings, or choose the embedded driver.',
      action: 'choose-driver',
    })
  }

  async #remember(name: string, container: Container | undefined): Promise<void> {
    const since = container?.running && container.pid ? await startTime(container.pid) : undefined
    if (container && since !== undefined) this.#seen.set(name, { container, since })
    else this.#seen.delete(name)
  }
}

/** Created elsewhere: it is started, stopped and queried, but never changed. */
export const isAdopted = (container: Container): boolean => container.labels[ownerLabel] === undefined

/** Why a container that should be running ended. */
export const endOf = (container: Container | undefined): string => {
  if (container?.ended?.outOfMemory) return 'Its container was killed for lack of memory.'
  return `Its container exited right after starting${container?.ended ? `, with code ${container.ended.exitCode}` : ''}.`
}

/** Where it publishes the service's port. */
export const publishedBy = ({ published }: Container, service: Service): Container['published'] =>
  published.filter(it => it.inside === service.container.port)

/** @throws Problem `container-port` if the container publishes a different port from the settings */
export function requirePort(service: Service, container: Container, settings: Settings): void {
  const port = service.port(settings)
  const published = publishedBy(container, service)
  if (published.some(it => it.port === port && ['', '0.0.0.0', '::', '127.0.0.1'].includes(it.address))) return
  throw problem({
    code: 'container-port',
    message: `The container ${service.container.of(settings).name} doesn’t publish port ${port} on 127.0.0.1.`,
    cause:
      published.length > 0
        ? `It publishes ${published.map(it => (it.address ? `${it.address}:${it.port}` : it.port)).join(', ')}.`
        : 'It publishes no port.',
    hint: `Set ports.${service.name} in the settings to its port, or containers.${service.name} to another name.`,
  })
}
