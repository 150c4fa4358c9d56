/**
 * The live list of instances. Nothing of it is stored: each look gathers the facts (gather.ts), measures lie beside
 * them (measures.ts), and the list is their join (list.ts).
 *
 * An engine (a window, served pages) looks as long as the workspace is open, so that desired.json is kept and measures
 * are at hand whether or not anyone watches. A command looks once when it opens the workspace, and a process that only
 * looks never writes.
 */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { InstanceList } from '../../shared/instance'
import type { Processes } from '../processes/client'
import { Watched } from '../system/watched'
import type { Configs } from './configs'
import { settling, type DesiredKeeper } from './desired-keeper'
import { watchFolders } from './folder-watch'
import { gather, type Gathered, type GatherServices } from './gather'
import { joinList } from './list'
import { Measures } from './measures'
import type { SlowFactServices } from './slow-facts'

export interface RegistryServices extends SlowFactServices, GatherServices {
  /** `instances/`; it exists. */
  readonly folder: string
  readonly processes: Pick<Processes, 'list' | 'watch' | 'lost'>
  /** Absent where the workspace is only looked at. */
  readonly keeper?: Pick<DesiredKeeper, 'saw'>
  /** Aborted when the workspace is closed: whoever watches is let go. */
  readonly signal: AbortSignal
}

// Milliseconds. What happens is told by PM2's bus and the folders' watch; the rest is for what they don't tell
const processesEvery = 10_000 // `pm2 delete` of a stopped one
const foldersEvery = 60_000 // not every disk tells of every change
const aftermath = 700 // after an event; `pm2 delete` ends a process first and forgets it a moment later
const burst = 40 // what comes within this after a look is met by one more look

export class Registry {
  readonly #services: RegistryServices
  readonly #measures: Measures
  /** Undefined while nothing is known: nobody watches, and PM2's daemon isn't running. */
  readonly #watched: Watched<InstanceList | undefined>
  /** As found last; undefined before the first look. */
  #found: Gathered | undefined
  /** Something may have happened since. */
  #stale = true
  /** The folders as read last; undefined when they may have changed since. */
  #configs: Promise<Configs> | undefined
  /** How many people watch: for them PM2's daemon is started again if it has ended. */
  #people = 0

  constructor(services: RegistryServices) {
    this.#services = services
    this.#measures = new Measures(services, () => this.#people > 0, services.signal)
    this.#watched = new Watched(
      { look: () => this.#look(), due: rest, begin: signal => this.#begin(signal) },
      services.signal,
    )
  }

  /** Looks now. An unreachable PM2 makes every status `unknown`, never an error. */
  async list(): Promise<InstanceList> {
    return joinList(await gather(this.#services, await this.#services.configs(), true), this.#measures)
  }

  /** Something changed that no watched source tells, e.g. an operation ended. */
  poke(): void {
    this.#filesChanged()
    this.#measures.again()
  }

  /** The list, and again whenever it differs, until the signal or the workspace's end. */
  async *watch(signal: AbortSignal): AsyncGenerator<InstanceList, void, undefined> {
    if (this.#people++ === 0) this.#daemonChanged()
    try {
      for await (const list of this.#watched.watch(signal)) if (list) yield list
    } finally {
      this.#people--
    }
  }

  /** Looks until the workspace's end, whether or not anyone watches. */
  async keepLooking(): Promise<void> {
    for await (const _ of this.#watched.watch(this.#services.signal));
  }

  /** Looks once or twice, so that desired.json is true; for a command. */
  async lookOnce(): Promise<void> {
    const { signal } = this.#services
    if (await this.#gather(false)) await delay(settling, undefined, { signal }).then(() => this.#gather(false))
  }

  #begin(signal: AbortSignal): void {
    this.#configs = undefined
    this.#stale = true
    watchFolders(this.#services.folder, signal, () => this.#filesChanged())
    const timers = [
      setInterval(() => this.#again(), processesEvery),
      setInterval(() => this.#filesChanged(), foldersEvery),
    ]
    signal.addEventListener('abort', () => timers.forEach(it => clearInterval(it)))
    void this.#measures.run(signal, () => this.#watched.again())
    void this.#followProcesses(signal)
  }

  async #look(): Promise<InstanceList | undefined> {
    const seen = this.#people > 0
    if (this.#stale) {
      try {
        if (await this.#gather(seen)) this.#later(settling)
      } catch {
        this.#stale = true // a folder vanished just now: the next reason looks again
      }
    }
    if (!this.#found || (this.#found.processProblem && !seen)) return undefined
    return joinList(this.#found, this.#measures)
  }

  /** @returns whether another look may tell more of what should run */
  async #gather(revive: boolean): Promise<boolean> {
    this.#stale = false // before the look: what happens during it asks for another one
    const found = await gather(this.#services, await this.#readConfigs(), revive)
    this.#found = found
    this.#measures.follow(found.instances.flatMap(it => it.process?.pid ?? []))
    return (await this.#services.keeper?.saw(found, () => !this.#stale).catch(() => false)) ?? false // it stays as it is
  }

  #again(): void {
    this.#stale = true
    this.#watched.again()
  }

  #later(ms: number): void {
    setTimeout(() => this.#again(), ms).unref()
  }

  #filesChanged(): void {
    this.#configs = undefined
    this.#again()
  }

  /** A new daemon: which processes outlived the old one? */
  #daemonChanged(): void {
    this.#again()
    this.#measures.again()
  }

  /**
   * Reads the folders only when something has changed there: a hundred files each time would be most of what an idle
   * app does.
   */
  async #readConfigs(): Promise<Configs> {
    this.#configs ??= this.#services.configs()
    try {
      return await this.#configs
    } catch (error) {
      this.#configs = undefined
      throw error
    }
  }

  async #followProcesses(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#services.processes.watch(signal)) {
        if (event.type === 'connected') this.#daemonChanged()
        this.#again()
        this.#later(aftermath)
      }
    } catch {
      /* the timer keeps looking, and the list says what is wrong */
    }
  }
}

/** Until it is time for another look: never by itself. */
async function rest(signal: AbortSignal): Promise<void> {
  await delay(burst)
  if (!signal.aborted) await once(signal, 'abort')
}
