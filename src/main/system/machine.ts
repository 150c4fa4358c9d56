/** How busy the machine is, as the kernel reports it. */
import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'

/** Bytes. @throws Error if /proc/meminfo can't be read */
export async function memoryOf(): Promise<{ total: number; available: number }> {
  const text = await readFile('/proc/meminfo', 'utf8')
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]
  return { total: totalmem(), available: Number(available ?? 0) * 1024 }
}

export const cores = (): number => availableParallelism()

/** Measures how much of the processor time was used between two calls. */
export class CpuMeter {
  #before: { busy: number; all: number } | undefined

  /** Percent of all cores since the last call, as a whole number; undefined at the first one. */
  measure(): number | undefined {
    const times = cpus().map(it => it.times)
    const idle = times.reduce((sum, it) => sum + it.idle, 0)
    const all = times.reduce((sum, it) => sum + it.idle + it.user + it.nice + it.sys + it.irq, 0)
    const before = this.#before
    this.#before = { busy: all - idle, all }
    if (!before || all <= before.all) return undefined
    return Math.round((100 * (all - idle - before.busy)) / (all - before.all))
  }
}
