/** Each instance's recent CPU and memory usage: what the engine remembers, continued by what it pushes. */
import type { InstanceView } from '../../../shared/instance'
import { measureEvery, type RecentUsage } from '../../../shared/usage'

export interface Usage {
  readonly cpu: readonly number[]
  readonly memory: readonly number[]
}

/** Samples kept per instance: five minutes. */
export const sampleLimit = 60
/** Milliseconds between samples. */
export const sampleInterval = measureEvery
/** Milliseconds. A list that arrives sooner was triggered by an event and isn't a sample. */
const minInterval = 1500

const empty: Usage = { cpu: [], memory: [] }

export class UsageHistory {
  #series = new Map<string, Usage>()
  #sampledAt = -Infinity
  #shown: readonly InstanceView[] = []
  readonly #listeners = new Set<() => void>()

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Returns the same object until there is a new sample. */
  of(name: string): Usage {
    return this.#series.get(name) ?? empty
  }

  /** Begins with what the engine remembers, at most `sampleLimit` samples of each. */
  seed(recent: readonly RecentUsage[], at = performance.now()): void {
    this.#sampledAt = at
    this.#series = new Map(recent.map(({ name, cpu, memory }) => [name, { cpu, memory }]))
    for (const listener of this.#listeners) listener()
  }

  /** Records a pushed list. @param at milliseconds on any monotonic clock */
  sample(instances: readonly InstanceView[], at = performance.now()): void {
    this.#shown = instances
    const passed = at - this.#sampledAt
    if (passed < minInterval) return
    this.#sampledAt = at
    // timers of hidden windows are throttled
    const unchanged = Math.min(Math.max(Math.round(passed / sampleInterval) - 1, 0), sampleLimit)
    const before = this.#series
    this.#series = new Map()
    for (const { name, cpu, memory } of instances) {
      if (cpu === undefined || memory === undefined) continue // it isn't running: the next run starts a new series
      const its = before.get(name) ?? empty
      this.#series.set(name, {
        cpu: extended(its.cpu, unchanged, cpu),
        memory: extended(its.memory, unchanged, memory),
      })
    }
    for (const listener of this.#listeners) listener()
  }

  /** Call every `sampleInterval`. While nothing changes, nothing is pushed, so this extends the lines horizontally. */
  tick(at = performance.now()): void {
    if (at - this.#sampledAt >= sampleInterval) this.sample(this.#shown, at)
  }
}

/** Repeats the last value `unchanged` times, then appends `next`. */
const extended = (series: readonly number[], unchanged: number, next: number): readonly number[] =>
  [...series, ...Array.from({ length: unchanged }, () => series.at(-1)).filter(it => it !== undefined), next].slice(
    -sampleLimit,
  )
