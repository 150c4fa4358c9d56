/** Logs of services that only the driver can read, from containers: spooled into files once someone asks for them. */
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
  /** A private folder of its own for the spools. */
  readonly folder: string
  readonly driver: () => Promise<Pick<Driver, 'logs'>>
  /** Ends all of it. */
  readonly signal: AbortSignal
}

/** Lines of history. Of a log that grows later, rotation keeps the spool small. */
const history = 500_000

// Milliseconds.
const filling = 3000 // the longest wait for history to come
const quiet = 100 // nothing came for so long: it is there
const lookEvery = 5000 // for a container that was stopped or removed to run again

export class ContainerLogs {
  readonly #spools = new Map<ServiceName, Promise<boolean>>()
  readonly #collecting = new Set<Promise<void>>()

  readonly #services: ContainerLogServices

  constructor(services: ContainerLogServices) {
    this.#services = services
  }

  /** The spools that are written to. */
  files(): string[] {
    return [...this.#spools.keys()].map(it => this.#file(it))
  }

  /**
   * A file with one line `2026-01-31T10:00:00.000000000Z TEXT` for each of the container's, from both streams. It grows
   * from now on. When the container runs again after a stop, or was created again, a new file takes its place.
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
    if (!found) this.#spools.delete(service) // asked again, it is looked for again
    return found ? this.#file(service) : undefined
  }

  /** Returns when nothing is written any more. The signal is aborted. */
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

  /** Follows it again whenever it has ended and the container is running again. */
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

  /** Spools it anew. @returns once what there is has come */
  async #follow(service: ServiceName): Promise<Following> {
    const path = this.#file(service)
    const fresh = join(this.#services.folder, `.${service}.new`)
    await rm(fresh, { force: true })
    const output = await open(fresh, 'ax', 0o600) // appended to: it is rotated
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
  /** Aborted, not started, or the container has ended: whatever it is, it is tried again. Never rejects. */
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
