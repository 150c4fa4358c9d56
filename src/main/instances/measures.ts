/** Measures instances: their processes' CPU and memory, and facts that are slower to look up. */
import { setTimeout as delay } from 'node:timers/promises'
import { usageOf } from '../system/proc'
import { Watched } from '../system/watched'
import type { Measured } from './list'
import { lookUpSlowFacts, noFacts, type SlowFacts, type SlowFactServices } from './slow-facts'
import { UsageMeter } from './usage'

// Milliseconds. Reading /proc takes 3 ms for a hundred processes; asking PM2 takes 9 of ours and 10 of its daemon's.
const usageEvery = 5000
const factsEvery = 60_000

export class Measures implements Measured {
  readonly #meter = new UsageMeter()
  readonly #slow: Watched<SlowFacts>
  #facts = noFacts
  #pids: readonly number[] = []

  /** @param revive whether PM2's daemon may be started @param closed aborted when the workspace is closed */
  constructor(services: SlowFactServices, revive: () => boolean, closed: AbortSignal) {
    this.#slow = new Watched(
      {
        look: () => lookUpSlowFacts(services, this.#pids, revive()),
        due: signal => delay(factsEvery, undefined, { signal }).catch(() => undefined),
      },
      closed,
    )
  }

  get facts(): SlowFacts {
    return this.#facts
  }

  readonly usageOf: Measured['usageOf'] = pid => this.#meter.of(pid)

  /** The processes to measure from now on. */
  follow(pids: readonly number[]): void {
    this.#pids = pids
  }

  /** Looks the slow facts up again: they may have changed. */
  again(): void {
    this.#slow.again()
  }

  /** Measures until the signal is aborted. @param changed called when a measurement tells anything new */
  async run(signal: AbortSignal, changed: () => void): Promise<void> {
    const timer = setInterval(() => {
      const differs = this.#meter.measure(this.#pids)
      if (this.#facts.lost.some(it => !usageOf(it.pid))) this.again() // it has ended
      if (differs) changed()
    }, usageEvery)
    signal.addEventListener('abort', () => clearInterval(timer))
    for await (const facts of this.#slow.watch(signal)) {
      this.#facts = facts
      changed()
    }
  }
}
