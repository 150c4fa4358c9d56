/** CPU and memory of many processes, measured between two looks. */
import { usageOf } from '../system/proc'

export interface Usage {
  /** Per cent of one core. */
  readonly cpu: number
  /** Bytes, to a tenth of a megabyte: what wobbles below that is no change to show. */
  readonly memory: number
}

interface Sample { readonly at: number; readonly cpuTime: number; readonly usage?: Usage }

export class UsageMeter {
  #samples: ReadonlyMap<number, Sample> = new Map()

  /** Looks at the processes, and forgets all others. */
  measure(pids: readonly number[]): void {
    const at = performance.now()
    this.#samples = new Map(pids.flatMap(pid => {
      const found = usageOf(pid)
      if (!found) return []
      const before = this.#samples.get(pid)
      const cpu = before && Math.max(0, Math.round((found.cpuTime - before.cpuTime) / (at - before.at) * 1000) / 10)
      const usage = cpu === undefined ? undefined : { cpu, memory: Math.round(found.memory / 1e5) * 1e5 }
      return [[pid, { at, cpuTime: found.cpuTime, usage }]]
    }))
  }

  /** As measured last; undefined until the process was looked at twice. */
  of(pid: number | undefined): Usage | undefined { return pid === undefined ? undefined : this.#samples.get(pid)?.usage }
}
