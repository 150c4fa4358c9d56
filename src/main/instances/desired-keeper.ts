/**
 * Keeps desired.json true when an instance is started or stopped from outside, e.g. by `pm2 stop` or by the older
 * command line tool. Jobs write there themselves.
 *
 * What PM2 says of an instance is enough, so nothing has to be witnessed: a `pm2 stop` that happened while no engine
 * had the workspace counts at the next opening. *online*: it should run. *stopped*: it should not, because PM2 says so
 * only after a stop, and no job of ours leaves an instance *stopped* that should run.
 */
import type { ProcessInfo } from '../processes/client'
import type { Desired } from './desired'
import type { Gathered } from './gather'

export interface DesiredKeeperServices {
  readonly desired: Pick<Desired, 'add' | 'remove'>
  /** Instances that open operations own, in lower case: whether those should run is the operation's to say. */
  readonly busy: () => ReadonlySet<string>
  /** The workspace's end: nothing is written after it. */
  readonly signal: AbortSignal
}

/**
 * Milliseconds for which an instance must stay *stopped*: PM2 says so for a moment between a crash and the restart,
 * too, but counts the restart then.
 */
export const settling = 1000

export class DesiredKeeper {
  readonly #services: DesiredKeeperServices
  /** Instances that should run and were found stopped: how often PM2 had restarted them, and when that was seen. */
  #stopped: ReadonlyMap<string, { readonly restarts: number; readonly at: number }> = new Map()

  constructor(services: DesiredKeeperServices) {
    this.#services = services
  }

  /**
   * @param isCurrent false once something has happened since the look: an operation may have stopped what ran then
   * @returns whether another look, `settling` ms later, may tell more
   */
  async saw(found: Gathered, isCurrent: () => boolean): Promise<boolean> {
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

/** The earlier one, if it has been stopped ever since. */
const sighting = ({ restarts }: ProcessInfo, before: { readonly restarts: number; readonly at: number } | undefined) =>
  before?.restarts === restarts ? before : { restarts, at: performance.now() }
