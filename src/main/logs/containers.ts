/** Container logs, which only the driver can read: spooled into files on first use. */
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServiceName } from '../../shared/infrastructure'
import type { Driver } from '../infrastructure/drivers/driver'
import { serviceOf } from '../infrastructure/services'
import { makePrivateFolder } from '../system/files'
import { waitFor } from '../system/wait'
import { rotatedFiles } from '../system/rotate-names'

export interface ContainerLogServices {
  /** A private folder, used only for the spools. */
  readonly folder: string
  readonly driver: () => Promise<Pick<Driver, 'logs'>>
  /** Stops all spooling. */
  readonly signal: AbortSignal
}

/** Lines of history to spool. Rotation keeps the spool small as the log grows. */
const history = 500_000

// Milliseconds.
const filling = 3000 // longest wait for the history
const quiet = 100 // no output for this long: the history is complete
const lookEvery = 5000 // how often to check whether a stopped or removed container is running again

export class ContainerLogs {
  readonly #spools = new Map<ServiceName, Promise<boolean>>()
  readonly #collecting = new Set<Promise<void>>()

  readonly #services: ContainerLogServices

  constructor(services: ContainerLogServices) {
    this.#services = services
  }

  /** The spool files being written. */
  files(): string[] {
    return [...this.#spools.keys()].map(it => this.#file(it))
  }

  /**
   * The spool file: one line `2026-01-31T10:00:00.000000000Z TEXT` per container log line, from both streams. It grows
   * from now on. When the container restarts or is recreated, a new file replaces it.
   * @returns undefined if there is no such container
   * @throws Problems of the engine's command line
   */
  async path(service: ServiceName): Promise<string | undefined> {
    const begun = this.#spools.get(service) ?? this.#begin(service)
    this.#spools.set(service, begun)
    const found = await begun.catch((error: unknown) => {
      this.#spools.delete(service)
      throw error
    })
    if (!found) this.#spools.delete(service) // so that the next call looks again
    return found ? this.#file(service) : undefined
  }

  /** Resolves once all writing has stopped. Call after aborting the signal. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#spools.values())
    await Promise.all(this.#collecting)
    if (this.#collecting.size > 0) await rm(this.#services.folder, { recursive: true, force: true })
  }

  #file = (service: ServiceName): string => join(this.#services.folder, `${service}.log`)

  async #begin(service: ServiceName): Promise<boolean> {
    this.#services.signal.throwIfAborted()
    const { logs } = await this.#services.driver()
    if (!(await logs?.exists(serviceOf(service)))) return false
    await makePrivateFolder(this.#services.folder)
    this.#collecting.add(this.#collect(service, await this.#follow(service)))
    return true
  }

  /** Follows the log, and again each time the container is back. */
  async #collect(service: ServiceName, first: Following): Promise<void> {
    const { signal } = this.#services
    for (let following = first; ;) {
      await following.ended
      try {
        do await delay(lookEvery, undefined, { signal, ref: false })
        while (!(await this.#grows(service)))
        following = await this.#follow(service)
      } catch {
        if (signal.aborted) return
      }
    }
  }

  async #grows(service: ServiceName): Promise<boolean> {
    const { logs } = await this.#services.driver()
    return (await logs?.grows(serviceOf(service)).catch(() => false)) === true
  }

  /** Starts a new spool. @returns once the existing history has been written */
  async #follow(service: ServiceName): Promise<Following> {
    const path = this.#file(service)
    const fresh = join(this.#services.folder, `.${service}.new`)
    await rm(fresh, { force: true })
    const output = await open(fresh, 'ax', 0o600) // append mode, because it is rotated
    let following: Following
    try {
      const { logs } = await this.#services.driver()
      const started = await logs?.follow(serviceOf(service), output.fd, history, this.#services.signal)
      following = new Following(started?.ended)
      await filled(fresh, following)
    } finally {
      await output.close()
    }
    await Promise.all((await rotatedFiles(path)).map(it => rm(it, { force: true })))
    await rename(fresh, path)
    return following
  }
}

class Following {
  isAlive = true
  /**
   * Resolves when aborted, when the follow failed to start, or when the container stopped; all of them are retried.
   * Never rejects.
   */
  readonly ended: Promise<void>

  constructor(ended: Promise<void> | undefined) {
    this.ended = Promise.resolve(ended)
      .catch(() => undefined)
      .then(() => {
        this.isAlive = false
      })
  }
}

async function filled(path: string, following: Following): Promise<void> {
  let last = -1
  await waitFor(
    async () => {
      const before = last
      last = (await stat(path)).size
      return !following.isAlive || (last > 0 && last === before)
    },
    { every: quiet, timeout: filling },
  )
}
