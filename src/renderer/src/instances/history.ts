/** The last minutes of each instance's processor and memory, kept while the window is open. */
import type { InstanceView } from '../../../shared/instance'

export interface Series {
  readonly cpu: readonly number[]
  readonly memory: readonly number[]
}

/** Samples kept of each: five minutes. */
export const sampleLimit = 60
/** Milliseconds between what is measured. */
export const sampleInterval = 5000
/** Milliseconds: what comes sooner was told by an event and is no sample. */
const minInterval = 1500

const empty: Series = { cpu: [], memory: [] }

export class UsageHistory {
  #series = new Map<string, Series>()
  #sampledAt = -Infinity
  #shown: readonly InstanceView[] = []
  readonly #listeners = new Set<() => void>()

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** The same object until there is a new sample. */
  of(name: string): Series {
    return this.#series.get(name) ?? empty
  }

  /** A list was pushed. @param at milliseconds, of any clock that goes forward */
  sample(instances: readonly InstanceView[], at = performance.now()): void {
    this.#shown = instances
    const passed = at - this.#sampledAt
    if (passed < minInterval) return
    this.#sampledAt = at
    // a hidden window's timers are slow
    const unchanged = Math.min(Math.max(Math.round(passed / sampleInterval) - 1, 0), sampleLimit)
    const before = this.#series
    this.#series = new Map()
    for (const { name, cpu, memory } of instances) {
      if (cpu === undefined || memory === undefined) continue // it does not run: the next run begins anew
      const its = before.get(name) ?? empty
      this.#series.set(name, {
        cpu: extended(its.cpu, unchanged, cpu),
        memory: extended(its.memory, unchanged, memory),
      })
    }
    for (const listener of this.#listeners) listener()
  }

  /** To be called every `sampleInterval`: nothing is pushed while nothing changes, and the lines go on level. */
  tick(at = performance.now()): void {
    if (at - this.#sampledAt >= sampleInterval) this.sample(this.#shown, at)
  }
}

/** The last value went on for so many samples, then there was the next. */
const extended = (series: readonly number[], unchanged: number, next: number): readonly number[] =>
  [...series, ...Array.from({ length: unchanged }, () => series.at(-1)).filter(it => it !== undefined), next].slice(
    -sampleLimit,
  )
