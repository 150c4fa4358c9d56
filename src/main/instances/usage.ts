/** CPU and memory of many processes, measured between two samples. */
import { usageOf } from '../system/proc'

export interface Usage {
  /** Per cent of one core, as a whole number. */
  readonly cpu: number
  /** Bytes, rounded to whole mebibytes. */
  readonly memory: number
}

interface Sample {
  readonly at: number
  readonly cpuTime: number
  readonly usage?: Usage
}

const mebibyte = 2 ** 20

export class UsageMeter {
  #samples: ReadonlyMap<number, Sample> = new Map()

  /** Measures these processes and forgets all others. @returns whether any usage has changed */
  measure(pids: readonly number[]): boolean {
    const at = performance.now()
    const before = this.#samples
    this.#samples = new Map(
      pids.flatMap(pid => {
        const found = usageOf(pid)
        if (!found) return []
        const last = before.get(pid)
        const usage = last && {
          cpu: steady(Math.max(0, ((found.cpuTime - last.cpuTime) / (at - last.at)) * 100), last.usage?.cpu, 1),
          memory: steady(found.memory, last.usage?.memory, mebibyte),
        }
        return [[pid, { at, cpuTime: found.cpuTime, usage }]]
      }),
    )
    return [...this.#samples].some(([pid, { usage }]) => {
      const old = before.get(pid)?.usage
      return usage?.cpu !== old?.cpu || usage?.memory !== old?.memory
    })
  }

  /** The latest measurement; undefined until the process has been measured twice. */
  of(pid: number | undefined): Usage | undefined {
    return pid === undefined ? undefined : this.#samples.get(pid)?.usage
  }
}

/**
 * Rounds to whole units, but keeps the previous value until the new one is clearly different: wavering between two
 * units isn't worth reporting, and of a hundred instances some always do (the kernel counts CPU time in 10 ms units).
 */
export const steady = (value: number, before: number | undefined, unit: number): number =>
  before !== undefined && Math.abs(value - before) < 0.75 * unit ? before : Math.round(value / unit) * unit
