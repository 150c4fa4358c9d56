/** The live list of instances: their files joined with what PM2 runs. Nothing of it is stored. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  urlOf,
  type InstanceConfig,
  type InstanceList,
  type InstanceStatus,
  type InstanceView,
} from '../../shared/instance'
import { toProblem, type Problem } from '../../shared/problem'
import type { Processes, ProcessInfo, ProcessStatus } from '../processes/client'
import { Latest } from '../system/latest'
import { usageOf } from '../system/proc'
import type { Configs } from './configs'
import type { Desired } from './desired'
import { watchFolders } from './folder-watch'
import { ownProcess } from './lifecycle/own-process'
import { lookUpSlowFacts, noFacts, type SlowFactServices, type SlowFacts } from './slow-facts'
import { UsageMeter } from './usage'

export interface RegistryServices extends SlowFactServices {
  /** `instances/`; it exists. */
  readonly folder: string
  readonly configs: () => Promise<Configs>
  readonly desired: Pick<Desired, 'names' | 'add' | 'remove'>
  readonly processes: Pick<Processes, 'list' | 'watch' | 'lost'>
  /** Subjects of open operations: names in lower case. What should run there is theirs to say. */
  readonly busy: () => ReadonlySet<string>
  /** Aborted when the workspace is closed: whoever watches is let go. */
  readonly signal: AbortSignal
}

// Milliseconds; all of it only while someone watches. What happens is told by PM2's bus and the folders' watch.
// CPU and memory, from /proc: 3 ms for a hundred, where asking PM2 takes 9 of ours and 10 of its daemon's
const usageEvery = 5000
const lookEvery = 10_000 // at PM2: what no event tells, `pm2 delete` of a stopped one
const aftermath = 700 // after an event; `pm2 delete` ends a process first and forgets it a moment later
const factsEvery = 60_000
const burst = 40 // what comes within this after a look is met by one look more

/** What one look found. */
interface World {
  readonly instances: readonly { readonly config: InstanceConfig; readonly process?: ProcessInfo }[]
  readonly broken: InstanceList['broken']
  /** Copies, with the folder that each belongs to. */
  readonly foreign: Configs['foreign']
  readonly desired: readonly string[]
  readonly processProblem?: Problem
}

export class Registry {
  /** Counts the reasons to look again. */
  readonly #reasons = new Latest(0)
  readonly #shown = new Latest<InstanceList | undefined>(undefined)
  #watchers = 0
  #stop = new AbortController()
  #facts: SlowFacts = noFacts
  /** The folders as read last; undefined when they may have changed since. */
  #configs: Promise<Configs> | undefined
  #factsDue = false
  #lookingUp = false

  constructor(private readonly to: RegistryServices) {}

  /** Looks now. An unreachable PM2 makes every status `unknown`, never an error. */
  async list(): Promise<InstanceList> {
    return join(await this.#look(await this.to.configs()), this.#facts, new UsageMeter())
  }

  /** Something changed that no watched source tells, e.g. an operation ended. */
  poke(): void {
    this.#filesChanged()
    if (this.#watchers > 0) this.#lookUp()
  }

  /** The list, and again whenever it differs, until the signal or the workspace's end. */
  async *watch(signal: AbortSignal): AsyncGenerator<InstanceList, void, undefined> {
    if (this.#watchers++ === 0) this.#start()
    try {
      for await (const list of this.#shown.follow(AbortSignal.any([signal, this.to.signal]))) if (list) yield list
    } finally {
      if (--this.#watchers === 0) this.#stop.abort()
    }
  }

  /** Remembers that what runs now should run: the older command line tool, or someone by hand, has started it. */
  async remember(): Promise<void> {
    const seen = this.#reasons.value
    await this.#adopt(await this.#look(await this.to.configs()), seen)
  }

  #start(): void {
    this.#stop = new AbortController()
    this.#shown.set(undefined)
    const { signal } = this.#stop
    this.#configs = undefined
    watchFolders(this.to.folder, signal, () => this.#filesChanged())
    const meter = new UsageMeter()
    let world: World | undefined
    let last = ''
    const show = (): void => {
      if (!world) return
      const list = join(world, this.#facts, meter)
      const text = JSON.stringify(list)
      if (text !== last) this.#shown.set(list)
      last = text
    }
    const measure = (): void => {
      meter.measure(world?.instances.flatMap(it => it.process?.pid ?? []) ?? [])
      if (this.#facts.lost.some(it => !usageOf(it.pid))) this.#lookUp() // it ended at last
      show()
    }
    const timers = [
      setInterval(measure, usageEvery),
      setInterval(() => this.#again(), lookEvery),
      setInterval(() => this.#lookUp(), factsEvery),
    ]
    signal.addEventListener('abort', () => timers.forEach(it => clearInterval(it)))
    this.#lookUp()
    void this.#followProcesses(signal)
    void this.#keepLooking(signal, found => {
      world = found
      show()
    })
  }

  async #keepLooking(signal: AbortSignal, found: (world: World) => void): Promise<void> {
    for await (const seen of this.#reasons.follow(signal)) {
      try {
        const world = await this.#look(await this.#readConfigs())
        if (signal.aborted) return
        found(world)
        await this.#adopt(world, seen)
        await delay(burst, undefined, { signal })
      } catch {
        /* a folder that vanished just now, or nobody watches any more: the next reason looks again */
      }
    }
  }

  async #look({ configs, broken, foreign, serverOf }: Configs): Promise<World> {
    const [desired, listed] = await Promise.all([
      this.to.desired.names().catch(() => []),
      this.to.processes.list().catch((error: unknown) => toProblem(error)),
    ])
    if (!isList(listed))
      return { instances: configs.map(config => ({ config })), broken, foreign, desired, processProblem: listed }
    const instances = await Promise.all(
      configs.map(async config => ({
        config,
        process: await ownProcess(listed, { name: config.name, cwd: serverOf(config.name) }),
      })),
    )
    return { instances, broken, foreign, desired }
  }

  /**
   * @param seen the count of reasons before the look: if it has grown, the look is old, and an operation may have
   * stopped what ran then
   */
  async #adopt({ instances, desired, foreign }: World, seen: number): Promise<void> {
    const online = instances
      .filter(it => it.process?.status === 'online' && !foreign.has(it.config.name))
      .map(it => it.config.name)
    const unknown = online.filter(it => !desired.includes(it))
    if (unknown.length === 0 || seen !== this.#reasons.value) return
    const busy = this.to.busy()
    const free = unknown.filter(it => !busy.has(it.toLowerCase()))
    for (const name of free) {
      if (this.to.signal.aborted) return
      await this.to.desired.add(name)
    }
  }

  #again(): void {
    this.#reasons.set(this.#reasons.value + 1)
  }

  #filesChanged(): void {
    this.#configs = undefined
    this.#again()
  }

  /**
   * Reads the folders only when something has changed there: a hundred files each time would be most of what an idle
   * app does.
   */
  async #readConfigs(): Promise<Configs> {
    this.#configs ??= this.to.configs()
    try {
      return await this.#configs
    } catch (error) {
      this.#configs = undefined
      throw error
    }
  }

  /** One at a time; asked for meanwhile, it is done once more. */
  #lookUp(): void {
    this.#factsDue = true
    if (this.#lookingUp) return
    this.#lookingUp = true
    void this.#lookUpWhileDue().finally(() => {
      this.#lookingUp = false
    })
  }

  async #lookUpWhileDue(): Promise<void> {
    while (this.#factsDue && this.#watchers > 0) {
      this.#factsDue = false
      this.#facts = await lookUpSlowFacts(this.to)
      this.#filesChanged() // not every change of a file is told by every disk
    }
  }

  async #followProcesses(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.to.processes.watch(signal)) {
        this.#again()
        void delay(aftermath, undefined, { signal }).then(
          () => this.#again(),
          () => undefined,
        )
        if (event.type === 'connected')
          this.#lookUp() // a new daemon: who outlived the old one?
        else if (event.type === 'process' && event.event === 'stop')
          await this.#stoppedByHand(event.name).catch(() => undefined) // it stays in `down`
      }
    } catch {
      /* the timer goes on looking, and `list` says what is wrong */
    }
  }

  /**
   * PM2 tells `stop` only of `pm2 stop` and of our own jobs, never of an end: who stopped it by hand wants it stopped.
   */
  async #stoppedByHand(name: string): Promise<void> {
    if (this.to.busy().has(name.toLowerCase())) return
    const { instances, desired } = await this.#look(await this.#readConfigs())
    const stopped = instances.some(it => it.config.name === name && it.process?.status === 'stopped')
    if (stopped && desired.includes(name) && !this.to.signal.aborted) await this.to.desired.remove(name)
    this.#again()
  }
}

const isList = (it: unknown): it is ProcessInfo[] => Array.isArray(it)

function join(
  { instances, broken, foreign, desired, processProblem }: World,
  facts: SlowFacts,
  meter: UsageMeter,
): InstanceList {
  const views = instances.map(({ config, process }): InstanceView => {
    const view = viewOf(config, processProblem ? 'unknown' : statusOf(process?.status), process, facts, meter)
    const other = foreign.get(config.name)
    const why =
      other === undefined ? facts.foreign.get(config.name) : `Its config.json is that of ${other}, which exists.`
    return why === undefined ? view : { ...view, foreign: why }
  })
  if (processProblem) return { instances: views, broken, lost: [], down: [], processProblem }
  const listed = new Set(instances.map(it => it.process?.pid))
  const byName = new Map(views.map(it => [it.name, it.status]))
  const lost = facts.lost.filter(it => !listed.has(it.pid) && byName.has(it.name))
  const copies = new Set(views.filter(it => it.foreign !== undefined).map(it => it.name))
  const down = desired.filter(
    name =>
      !copies.has(name) &&
      !['online', 'unknown', undefined].includes(byName.get(name)) &&
      !lost.some(it => it.name === name),
  )
  return { instances: views, broken, lost, down }
}

function viewOf(
  config: InstanceConfig,
  status: InstanceStatus,
  process: ProcessInfo | undefined,
  { base, sizes }: SlowFacts,
  meter: UsageMeter,
): InstanceView {
  const { name, port, database, created, release } = config
  const its = {
    name,
    port,
    url: urlOf(port),
    status,
    database: database.name,
    pooled: database.port !== database.directPort,
    created,
    release,
    databaseSize: sizes.get(database.name),
    isolated: config.systemUser !== undefined,
    outdated: base !== undefined && release !== undefined ? base !== release : undefined,
  }
  if (!process) return its
  if (status !== 'online') return { ...its, restarts: process.restarts }
  const { cpu, memory } = meter.of(process.pid) ?? process
  return { ...its, startedAt: process.startedAt, restarts: process.restarts, cpu, memory }
}

/** PM2's words in the guide's. */
function statusOf(pm2: ProcessStatus | undefined): InstanceStatus {
  switch (pm2) {
    case undefined:
      return 'not in PM2'
    case 'online':
      return 'online'
    case 'stopped':
    case 'stopping':
      return 'stopped'
    case 'errored':
      return 'errored'
    case 'launching':
    case 'waiting restart':
    case 'one-launch-status':
      return 'unknown'
  }
}
