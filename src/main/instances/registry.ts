/**
 * The live list of instances. Nothing is stored: each look gathers the facts (gather.ts), which are joined (list.ts)
 * with the latest measurements (measures.ts).
 *
 * An engine (a window, served pages) keeps looking while the workspace is open, so desired.json stays up to date and
 * measurements are at hand even if nobody is watching. A command looks once when it opens the workspace. A read-only
 * process never writes.
 */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { InstanceList } from '../../shared/instance'
import type { RecentUsage, UsageUpdate } from '../../shared/usage'
import type { Processes } from '../processes/client'
import { Watched } from '../system/watched'
import type { Conditions } from './conditions'
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
  readonly processes: Pick<Processes, 'list' | 'watch' | 'lost' | 'outdated'>
  readonly conditions: Pick<Conditions, 'observe' | 'watch' | 'look' | 'diagnosis'>
  /** Absent if the workspace is read-only. */
  readonly keeper?: Pick<DesiredKeeper, 'observe'>
  /** Aborted when the workspace is closed: ends all watchers. */
  readonly signal: AbortSignal
}

// Milliseconds. PM2's bus and the watched folders report most changes; the intervals catch the rest.
const processesEvery = 10_000 // e.g. `pm2 delete` of a stopped process
const foldersEvery = 60_000 // not every file system reports every change
const aftermath = 700 // after an event: `pm2 delete` ends a process first and removes it from the list a moment later
const burst = 40 // events within this time after a look cause only one more look

export class Registry {
  readonly #services: RegistryServices
  readonly #measures: Measures
  /** Undefined while nothing is known, because nobody is watching and PM2's daemon isn't running. */
  readonly #watched: Watched<InstanceList | undefined>
  /** The latest facts; undefined before the first look. */
  #found: Gathered | undefined
  /** Something may have changed since. */
  #stale = true
  /** The folders as last read; undefined if they may have changed since. */
  #configs: Promise<Configs> | undefined
  /**
   * How many people are watching: for them, PM2's daemon is restarted if it has ended, and instances are asked whether
   * they work.
   */
  #people = 0
  /** Aborted when the last one has left. */
  #attention = new AbortController()

  constructor(services: RegistryServices) {
    this.#services = services
    this.#measures = new Measures(
      { ...services, configs: () => this.#readConfigs() },
      () => this.#people > 0,
      services.signal,
    )
    this.#watched = new Watched(
      { look: () => this.#look(), due: rest, begin: signal => this.#begin(signal) },
      services.signal,
    )
  }

  /** Looks now. An unreachable PM2 makes every status `unknown`, never an error. */
  async list(): Promise<InstanceList> {
    const [found, outdatedPm2] = await Promise.all([
      this.#now(),
      this.#services.processes.outdated().catch(() => undefined),
    ])
    if (this.#people === 0) await this.#services.conditions.look()
    const { outdatedPm2: _, ...list } = this.#joined(found) // it may be a minute old, or unknown
    return outdatedPm2 && !list.processProblem ? { ...list, outdatedPm2 } : list
  }

  /** As `list`, but whether running instances work is as last known. It waits for none of them. */
  async glance(): Promise<InstanceList> {
    return this.#joined(await this.#now())
  }

  /** Call it when something changed that no watched source reports, e.g. an operation has ended. */
  poke(): void {
    this.#filesChanged()
    this.#measures.again()
  }

  /** The list, and again whenever it differs, until the signal is aborted or the workspace is closed. */
  async *watch(signal: AbortSignal): AsyncGenerator<InstanceList, void, undefined> {
    if (this.#people++ === 0) this.#attend()
    try {
      for await (const list of this.#watched.watch(signal)) if (list) yield list
    } finally {
      if (--this.#people === 0) this.#attention.abort()
    }
  }

  #attend(): void {
    this.#daemonChanged()
    this.#attention = new AbortController()
    const signal = AbortSignal.any([this.#attention.signal, this.#services.signal])
    void this.#services.conditions.watch(signal, () => this.#watched.again())
  }

  /** What the running instances used most recently. @param limit samples of each */
  recentUsage(limit: number): readonly RecentUsage[] {
    return this.#measures.recent(limit)
  }

  /** What an instance used in the last hour, and then each measurement. */
  watchUsage(name: string, signal: AbortSignal): AsyncGenerator<UsageUpdate, void, undefined> {
    return this.#measures.watchUsage(name, AbortSignal.any([signal, this.#services.signal]))
  }

  /** Looks until the workspace is closed, whether or not anyone is watching. */
  async keepLooking(): Promise<void> {
    for await (const _ of this.#watched.watch(this.#services.signal));
  }

  /** For a command: looks once or twice to bring desired.json up to date. */
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
        this.#stale = true // a folder has just vanished: the next event looks again
      }
    }
    if (!this.#found || (this.#found.processProblem && !seen)) return undefined
    return this.#joined(this.#found)
  }

  async #now(): Promise<Gathered> {
    const configs = await this.#services.configs()
    const found = await gather(this.#services, configs, true)
    if (!found.processProblem) this.#services.conditions.observe(found, configs)
    return found
  }

  #joined(found: Gathered): InstanceList {
    return joinList(found, this.#measures, this.#services.conditions.diagnosis())
  }

  /** @returns whether another look may show more of what should be running */
  async #gather(revive: boolean): Promise<boolean> {
    this.#stale = false // before the look: changes during it need another one
    const configs = await this.#readConfigs()
    const found = await gather(this.#services, configs, revive)
    this.#found = found
    if (!found.processProblem) this.#services.conditions.observe(found, configs)
    this.#measures.follow(
      new Map(found.instances.flatMap(({ config, process }) => (process?.pid ? [[config.name, process.pid]] : []))),
    )
    return (await this.#services.keeper?.observe(found, () => !this.#stale).catch(() => false)) ?? false // on failure, desired.json stays as it is
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

  /** There is a new daemon: processes may have outlived the old one. */
  #daemonChanged(): void {
    this.#again()
    this.#measures.again()
  }

  /**
   * Reads the folders only if something has changed there: a hundred files each time would be most of an idle app's
   * work.
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
      /* the timer keeps looking, and the list shows what is wrong */
    }
  }
}

/** Waits out the burst, then until something aborts it: no look is due by itself. */
async function rest(signal: AbortSignal): Promise<void> {
  await delay(burst)
  if (!signal.aborted) await once(signal, 'abort')
}
