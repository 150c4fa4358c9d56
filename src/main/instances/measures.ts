/** Measures instances: their processes' CPU and memory, and facts that are slower to look up. */
import { setTimeout as delay } from 'node:timers/promises'
import { measureEvery, type RecentUsage, type UsageUpdate } from '../../shared/usage'
import { usageOf } from '../system/proc'
import { Latest } from '../system/latest'
import { Watched } from '../system/watched'
import type { Measured } from './list'
import { lookUpSlowFacts, noFacts, type SlowFacts, type SlowFactServices } from './slow-facts'
import { UsageMeter, type Usage } from './usage'
import { UsageHistory } from './usage-history'

// Milliseconds. Asking PM2 takes 9 ms of ours and 10 of its daemon's for a hundred processes; reading /proc takes 3.
const factsEvery = 60_000

export class Measures implements Measured {
  readonly #meter = new UsageMeter()
  readonly #history = new UsageHistory()
  readonly #measured = new Latest(Date.now())
  readonly #slow: Watched<SlowFacts>
  #facts = noFacts
  #pids: ReadonlyMap<string, number> = new Map()

  /** @param revive whether PM2's daemon may be started @param closed aborted when the workspace is closed */
  constructor(services: SlowFactServices, revive: () => boolean, closed: AbortSignal) {
    this.#slow = new Watched(
      {
        look: () => lookUpSlowFacts(services, [...this.#pids.values()], revive()),
        due: signal => delay(factsEvery, undefined, { signal }).catch(() => undefined),
      },
      closed,
    )
  }

  get facts(): SlowFacts {
    return this.#facts
  }

  readonly usageOf: Measured['usageOf'] = pid => this.#meter.of(pid)

  /** What the running instances used most recently. @param limit samples of each */
  recent(limit: number): readonly RecentUsage[] {
    return this.#history.recent(limit, Date.now())
  }

  /** What it used in the last hour, and then each measurement, until the signal is aborted. */
  async *watchUsage(name: string, signal: AbortSignal): AsyncGenerator<UsageUpdate, void, undefined> {
    let before = 0
    for await (const at of this.#measured.follow(signal)) {
      yield { at, samples: this.#history.since(name, before) }
      before = at
    }
  }

  /** The instances' processes to measure from now on, by name. */
  follow(pids: ReadonlyMap<string, number>): void {
    this.#pids = pids
  }

  /** Looks the slow facts up again: they may have changed. */
  again(): void {
    this.#slow.again()
  }

  /** Measures until the signal is aborted. @param changed called when a measurement shows anything new */
  async run(signal: AbortSignal, changed: () => void): Promise<void> {
    if (signal.aborted) return
    const timer = setInterval(() => {
      const differs = this.#measure()
      if (this.#facts.lost.some(it => !usageOf(it.pid))) this.again() // it has ended
      if (differs) changed()
    }, measureEvery)
    signal.addEventListener('abort', () => clearInterval(timer))
    for await (const facts of this.#slow.watch(signal)) {
      this.#facts = facts
      changed()
    }
  }

  /** @returns whether any usage has changed */
  #measure(): boolean {
    const differs = this.#meter.measure([...this.#pids.values()])
    const usages = new Map<string, Usage>()
    for (const [name, pid] of this.#pids) {
      const usage = this.#meter.of(pid)
      if (usage) usages.set(name, usage)
    }
    const at = Date.now()
    this.#history.record(usages, at)
    this.#measured.set(at)
    return differs
  }
}
