/** The usage of each instance in the last hour. It is kept in memory: a window that opens later still sees it. */
import { usageGap, usageRemembered, type RecentUsage, type UsageSample } from '../../shared/usage'
import type { Usage } from './usage'

export class UsageHistory {
  readonly #samples = new Map<string, UsageSample[]>()

  /** @param usages of the instances that are running @param at milliseconds since 1970 */
  record(usages: ReadonlyMap<string, Usage>, at: number): void {
    for (const [name, { cpu, memory }] of usages) {
      const samples = this.#samples.get(name) ?? []
      samples.push({ at, cpu, memory })
      this.#samples.set(name, samples)
    }
    for (const [name, samples] of this.#samples) {
      const first = samples.findIndex(it => it.at > at - usageRemembered)
      if (first === -1) this.#samples.delete(name)
      else samples.splice(0, first)
    }
  }

  /** Measured after a moment, oldest first. */
  since(name: string, at: number): readonly UsageSample[] {
    return this.#samples.get(name)?.filter(it => it.at > at) ?? []
  }

  /** Of those that are running, at most so many samples each. */
  recent(limit: number, now: number): readonly RecentUsage[] {
    return [...this.#samples].flatMap(([name, all]) => {
      const samples = latestRun(all.slice(-limit), now)
      return samples.length ? [{ name, cpu: samples.map(it => it.cpu), memory: samples.map(it => it.memory) }] : []
    })
  }
}

/** Those since the last gap. */
function latestRun(samples: readonly UsageSample[], now: number): readonly UsageSample[] {
  const broken = samples.findLastIndex((it, index) => (samples[index + 1]?.at ?? now) - it.at > usageGap)
  return samples.slice(broken + 1)
}
