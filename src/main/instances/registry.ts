/** The live list of instances: their files joined with what PM2 runs. Nothing of it is stored. */
import { watch as watchFolder } from 'node:fs'
import type { InstanceConfig, InstanceList, InstanceStatus, InstanceView } from '../../shared/instance'
import { toProblem } from '../../shared/problem'
import type { Processes, ProcessInfo } from '../processes/client'
import { Latest } from '../system/latest'
import type { Configs } from './configs'
import { lookUpSlowFacts, noFacts, type SlowFactServices, type SlowFacts } from './slow-facts'

export interface RegistryServices extends SlowFactServices {
  /** `instances/`; it exists. */
  readonly folder: string
  readonly configs: () => Promise<Configs>
  readonly desired: () => Promise<readonly string[]>
  readonly processes: Pick<Processes, 'list' | 'watch' | 'lost'>
}

/** How often CPU, memory and what no event tells are looked at, while someone watches. One PM2 list costs 1 to 20 ms (DESIGN.md). */
const refreshInterval = 2000
const slowInterval = 15_000

export class Registry {
  /** Counts the reasons to look again. */
  readonly #pokes = new Latest(0)
  #watchers = 0
  #stopSources = new AbortController()
  #facts: SlowFacts = noFacts

  constructor(private readonly to: RegistryServices) {}

  /** Looks now. An unreachable PM2 makes every status `unknown`, never an error. */
  async list(): Promise<InstanceList> {
    const [{ configs, broken }, desired, processes] = await Promise.all([
      this.to.configs(), this.to.desired(), this.to.processes.list().catch((error: unknown) => toProblem(error)),
    ])
    if (!isList(processes)) return { instances: configs.map(it => this.#view(it, undefined)), broken, lost: [], down: [], processProblem: processes }
    const byName = new Map(processes.map(it => [it.name, it]))
    const instances = configs.map(it => this.#view(it, byName.get(it.name) ?? 'not in PM2'))
    const names = new Set(configs.map(it => it.name))
    return {
      instances, broken,
      lost: this.#facts.lost.filter(it => names.has(it.name) && !processes.some(other => other.pid === it.pid)),
      down: desired.filter(name => instances.some(it => it.name === name && it.status !== 'online')),
    }
  }

  /** Something changed that no watched source tells, e.g. an operation ended. */
  poke(): void { this.#pokes.set(this.#pokes.value + 1) }

  /** The list, and again whenever it differs. */
  async *watch(signal: AbortSignal): AsyncGenerator<InstanceList, void, undefined> {
    if (this.#watchers++ === 0) this.#startSources()
    try {
      let last = ''
      for await (const _ of this.#pokes.follow(signal)) {
        const list = await this.list()
        const text = JSON.stringify(list)
        if (text !== last) yield list
        last = text
      }
    } finally {
      if (--this.#watchers === 0) this.#stopSources.abort()
    }
  }

  #startSources(): void {
    this.#stopSources = new AbortController()
    const { signal } = this.#stopSources
    const poke = (): void => this.poke()
    watchFolder(this.to.folder, { signal }, poke).on('error', poke)
    const timers = [setInterval(poke, refreshInterval), setInterval(() => void this.#lookUp(), slowInterval)]
    signal.addEventListener('abort', () => timers.forEach(it => clearInterval(it)))
    void this.#lookUp()
    void this.#followProcesses(signal)
  }

  async #lookUp(): Promise<void> {
    this.#facts = await lookUpSlowFacts(this.to)
    this.poke()
  }

  async #followProcesses(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.to.processes.watch(signal)) {
        this.poke()
        if (event.type === 'connected') void this.#lookUp() // a new daemon: who outlived the old one?
      }
    } catch { /* the timer goes on looking, and `list` says what is wrong */ }
  }

  #view(config: InstanceConfig, process: ProcessInfo | 'not in PM2' | undefined): InstanceView {
    const { name, port, database, created, release } = config
    const { base, sizes } = this.#facts
    const its = {
      name, port, url: `http://127.0.0.1:${port}`, database: database.name, pooled: database.port !== database.directPort, created, release,
      databaseSize: sizes.get(database.name), outdated: base !== undefined && release !== undefined ? base !== release : undefined,
    }
    if (process === undefined) return { ...its, status: 'unknown' }
    if (process === 'not in PM2') return { ...its, status: process }
    const status = statusOf(process.status)
    if (status !== 'online') return { ...its, status, restarts: process.restarts }
    return { ...its, status, startedAt: process.startedAt, restarts: process.restarts, cpu: process.cpu, memory: process.memory }
  }
}

const isList = (it: unknown): it is ProcessInfo[] => Array.isArray(it)

/** PM2's words in the guide's. */
function statusOf(pm2: ProcessInfo['status']): InstanceStatus {
  switch (pm2) {
    case 'online': return 'online'
    case 'stopped': case 'stopping': return 'stopped'
    case 'errored': return 'errored'
    case 'launching': case 'waiting restart': case 'one-launch-status': return 'unknown'
  }
}
