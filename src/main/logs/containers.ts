/**
 * Logs of PostgreSQL and PgBouncer in containers. Only the engine can read them: what it says is spooled into files,
 * once someone asks.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServiceName } from '../../shared/infrastructure'
import type { Engine } from '../infrastructure/drivers/engine'
import { makePrivateFolder } from '../system/files'
import { baseEnvironment } from '../system/run'
import { waitFor } from '../system/wait'
import { rotatedFiles } from '../system/rotate-names'

export interface ContainerLogServices {
  /** A private folder of its own for the spools. */
  readonly folder: string
  readonly engine: () => Promise<Engine>
  /** What the container is called now. */
  readonly nameOf: (service: ServiceName) => Promise<string>
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

  constructor(private readonly to: ContainerLogServices) {}

  /** The spools that are written to. */
  files(): string[] {
    return [...this.#spools.keys()].map(it => this.#file(it))
  }

  /**
   * A file with one line `2026-01-31T10:00:00.000000000Z TEXT` for each of the container's, of both streams. It grows
   * from now on.
   * When the container runs again after a stop, or was made anew, a new file takes its place.
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
    if (this.#collecting.size > 0) await rm(this.to.folder, { recursive: true, force: true })
  }

  #file = (service: ServiceName): string => join(this.to.folder, `${service}.log`)

  async #begin(service: ServiceName): Promise<boolean> {
    this.to.signal.throwIfAborted()
    const engine = await this.to.engine()
    if ((await engine.container(await this.to.nameOf(service))) === undefined) return false
    await makePrivateFolder(this.to.folder)
    const child = await this.#follow(service, engine)
    this.#collecting.add(this.#collect(service, child))
    return true
  }

  /** Follows it again whenever it has ended and the container runs again. */
  async #collect(service: ServiceName, first: ChildProcess): Promise<void> {
    const { signal } = this.to
    for (let child = first; ;) {
      if (isAlive(child)) await once(child, 'close').catch(() => undefined)
      try {
        do await delay(lookEvery, undefined, { signal, ref: false })
        while (!(await this.#runs(service)))
        child = await this.#follow(service, await this.to.engine())
      } catch {
        if (signal.aborted) return
      }
    }
  }

  async #runs(service: ServiceName): Promise<boolean> {
    const engine = await this.to.engine()
    return (await engine.container(await this.to.nameOf(service)).catch(() => undefined))?.running === true
  }

  /** Spools it anew. @returns the engine's process, once what there is has come */
  async #follow(service: ServiceName, engine: Engine): Promise<ChildProcess> {
    const name = await this.to.nameOf(service)
    const path = this.#file(service)
    const fresh = join(this.to.folder, `.${service}.new`)
    await rm(fresh, { force: true })
    const output = await open(fresh, 'ax', 0o600) // appended to: it is rotated
    let child: ChildProcess
    try {
      // It ends with us, even if we are killed. Not marked as ours: an engine may start a daemon of its own on the way.
      child = spawn(
        'setpriv',
        ['--pdeathsig', 'KILL', engine.name, 'logs', '--timestamps', '--follow', '--tail', String(history), name],
        {
          env: baseEnvironment(),
          stdio: ['ignore', output.fd, output.fd],
          signal: this.to.signal,
          killSignal: 'SIGKILL',
        },
      )
      child.on('error', () => undefined) // aborted, or not started: then it is not running, and is tried again
      await filled(fresh, child)
    } finally {
      await output.close()
    }
    await Promise.all((await rotatedFiles(path)).map(it => rm(it, { force: true })))
    await rename(fresh, path)
    return child
  }
}

async function filled(path: string, child: ChildProcess): Promise<void> {
  let last = -1
  await waitFor(
    async () => {
      const before = last
      last = (await stat(path)).size
      return !isAlive(child) || (last > 0 && last === before)
    },
    { every: quiet, timeout: filling },
  )
}

const isAlive = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null
