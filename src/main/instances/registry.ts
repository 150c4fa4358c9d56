/** The live list of instances: their files joined with what PM2 runs. Nothing of it is stored. */
import { watch as watchFolder } from 'node:fs'
import type { InstanceConfig, InstanceList, InstanceStatus, InstanceView } from '../../shared/instance'
import type { Processes, ProcessInfo } from '../processes/client'
import { Latest } from '../system/latest'
import type { Configs } from './configs'

export interface RegistryServices {
  /** `instances/`; it exists. */
  readonly folder: string
  readonly configs: () => Promise<Configs>
  readonly processes: Pick<Processes, 'list' | 'watch'>
}

/** How often CPU, memory and what no event tells are looked at, while someone watches. One PM2 list costs 1 to 20 ms (DESIGN.md). */
const refreshInterval = 2000

export class Registry {
  /** Counts the reasons to look again. */
  readonly #pokes = new Latest(0)
  #watchers = 0
  #stopSources = new AbortController()

  constructor(private readonly to: RegistryServices) {}

  /** Looks now. An unreachable PM2 makes every status `unknown`, never an error. */
  async list(): Promise<InstanceList> {
    const [{ configs, broken }, processes] = await Promise.all([this.to.configs(), this.to.processes.list().catch(() => undefined)])
    const byName = new Map(processes?.map(it => [it.name, it]))
    return { broken, instances: configs.map(it => view(it, processes && (byName.get(it.name) ?? 'not in PM2'))) }
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
    const timer = setInterval(poke, refreshInterval)
    signal.addEventListener('abort', () => clearInterval(timer))
    void this.#followProcesses(signal)
  }

  async #followProcesses(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of this.to.processes.watch(signal)) this.poke()
    } catch { /* the timer goes on looking, and `list` says what is wrong */ }
  }
}

function view(config: InstanceConfig, process: ProcessInfo | 'not in PM2' | undefined): InstanceView {
  const { name, port, database, created, release } = config
  const its = { name, port, url: `http://127.0.0.1:${port}`, database: database.name, pooled: database.port !== database.directPort, created, release }
  if (process === undefined) return { ...its, status: 'unknown' }
  if (process === 'not in PM2') return { ...its, status: process }
  const status = statusOf(process.status)
  if (status !== 'online') return { ...its, status, restarts: process.restarts }
  return { ...its, status, startedAt: process.startedAt, restarts: process.restarts, cpu: process.cpu, memory: process.memory }
}

/** PM2's words in the guide's. */
function statusOf(pm2: string): InstanceStatus {
  switch (pm2) {
    case 'online': return 'online'
    case 'stopped': case 'stopping': return 'stopped'
    case 'errored': return 'errored'
    default: return 'unknown'
  }
}
