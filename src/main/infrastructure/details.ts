/**
 * The services' details, while someone looks at them: how fast they answer, how long they have been running, what they
 * use. Each driver and service contributes what it can; the rest is left out.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  serviceNames,
  type InfrastructureDetails,
  type ServiceDetails,
  type ServiceName,
} from '../../shared/infrastructure'
import { memoryOfTree } from '../system/memory'
import { startedAt } from '../system/proc'
import { Watched } from '../system/watched'
import type { Driver } from './drivers/driver'
import type { SecretStore } from './secrets'
import { serviceOf } from './services'

/** Milliseconds. A look costs two logins; the slow facts, a look at every process, file and image. */
const interval = 10_000
const slowInterval = 60_000

interface DetailsServices {
  /** The driver that runs the services. */
  driver(): Promise<Driver>
  readonly secrets: SecretStore
  /** How often the supervisor has restarted a service since the workspace was opened. */
  restarts(service: ServiceName): number
  readonly signal: AbortSignal
}

interface SlowFacts {
  readonly pid: number
  readonly at: number
  readonly memory?: number | undefined
  readonly dataBytes?: number | undefined
  readonly newerImage?: boolean | undefined
}

export class Details {
  readonly #services: DetailsServices
  readonly #watched: Watched<InfrastructureDetails>
  /** Replaced, not emptied: a look that has begun before mustn't keep what it found. */
  #slow = new Map<ServiceName, SlowFacts>()

  constructor(services: DetailsServices) {
    this.#services = services
    this.#watched = new Watched(
      {
        look: () => this.look(),
        due: signal => sleep(interval, undefined, { signal }).catch(() => undefined),
      },
      services.signal,
    )
  }

  /** Never fails because a service doesn't answer. Takes at most a few seconds. */
  async look(): Promise<InfrastructureDetails> {
    const driver = await this.#services.driver()
    const found = await Promise.all(serviceNames.map(async it => [it, await this.#of(driver, it)] as const))
    return Object.fromEntries(found) as Record<ServiceName, ServiceDetails>
  }

  /** The details, and again whenever they have changed, until the signal is aborted or the workspace is closed. */
  watch(signal: AbortSignal): AsyncGenerator<InfrastructureDetails, void> {
    return this.#watched.watch(signal)
  }

  /** Looks again now, if anyone is watching: something has been started or stopped. */
  again(): void {
    this.#slow = new Map()
    this.#watched.again()
  }

  async #of(driver: Driver, name: ServiceName): Promise<ServiceDetails> {
    const service = serviceOf(name)
    const runs = await driver.details?.(service).catch(() => undefined)
    if (!runs) return { settings: [] }
    const { pid, restarts = 0, ...shown } = runs
    if (pid === undefined) return { ...shown, settings: [] }
    const kept = this.#slow
    const known = kept.get(name)
    const fresh = known?.pid === pid && performance.now() - known.at < slowInterval
    const asked = await this.#ask(driver, name, !fresh)
    const slow = fresh
      ? known
      : {
          pid,
          at: performance.now(),
          memory: await memoryOfTree(pid),
          dataBytes: asked?.dataBytes,
          newerImage: await driver.images?.hasNewer(service).catch(() => undefined),
        }
    kept.set(name, slow)
    return {
      ...shown,
      startedAt: await startedAt(pid),
      restarts: restarts + this.#services.restarts(name),
      memory: slow.memory,
      dataBytes: slow.dataBytes,
      newerImage: slow.newerImage,
      answersIn: asked?.answersIn,
      settings: asked?.settings ?? [],
    }
  }

  async #ask(driver: Driver, name: ServiceName, measure: boolean) {
    try {
      const service = serviceOf(name)
      const access = { server: await driver.server(service), secrets: this.#services.secrets }
      return await service.inspect(access, measure)
    } catch {
      return undefined // its status shows why
    }
  }
}
