/**
 * Keeps desired.json up to date when an instance is started or stopped from outside, e.g. by `pm2 stop` or the older
 * command-line tool. Jobs write to it themselves.
 *
 * The state that PM2 reports is enough, so nothing has to be witnessed: a `pm2 stop` while no engine had the workspace
 * counts when it is next opened. *online* means that the instance should run; *stopped* that it shouldn't, because PM2
 * reports that only after a stop, and none of our jobs leaves an instance *stopped* that should run.
 */
import type { ProcessInfo } from '../processes/client'
import type { Desired } from './desired'
import type { Gathered } from './gather'

export interface DesiredKeeperServices {
  readonly desired: Pick<Desired, 'add' | 'remove'>
  /** Lower-case names of instances that open operations own: those operations decide whether they should run. */
  readonly busy: () => ReadonlySet<string>
  /** Aborted when the workspace is closed: nothing is written afterwards. */
  readonly signal: AbortSignal
}

/**
 * Milliseconds for which an instance must stay *stopped*, with as many restarts: whoever restarts it stops it first.
 */
export const settling = 1000

export class DesiredKeeper {
  readonly #services: DesiredKeeperServices
  /** Instances that should run but were found stopped: PM2's restart count, and when that was first seen. */
  #stopped: ReadonlyMap<string, { readonly restarts: number; readonly at: number }> = new Map()

  constructor(services: DesiredKeeperServices) {
    this.#services = services
  }

  /**
   * @param isCurrent false once something has happened since the look, e.g. an operation stopped an instance
   * @returns whether it is worth looking again `settling` ms later
   */
  async observe(found: Gathered, isCurrent: () => boolean): Promise<boolean> {
    if (found.processProblem) return false
    const { desired, busy, signal } = this.#services
    const owned = busy()
    const free = found.instances.filter(
      ({ config: { name } }) => !owned.has(name.toLowerCase()) && !found.foreign.has(name),
    )
    const started = free.filter(it => it.process?.status === 'online' && !found.desired.includes(it.config.name))
    const stopped = free.flatMap(({ config: { name }, process }) =>
      process?.status === 'stopped' && found.desired.includes(name) ? [[name, process] as const] : [],
    )
    const before = this.#stopped
    this.#stopped = new Map(stopped.map(([name, process]) => [name, sighting(process, before.get(name))]))
    const now = performance.now()
    const settled = [...this.#stopped].filter(([, { at }]) => now - at >= settling).map(([name]) => name)
    for (const { config } of started) if (isCurrent() && !signal.aborted) await desired.add(config.name)
    for (const name of settled) if (isCurrent() && !signal.aborted) await desired.remove(name)
    return this.#stopped.size > settled.length
  }
}

/** The earlier sighting, if the process has been stopped ever since. */
const sighting = ({ restarts }: ProcessInfo, before: { readonly restarts: number; readonly at: number } | undefined) =>
  before?.restarts === restarts ? before : { restarts, at: performance.now() }
