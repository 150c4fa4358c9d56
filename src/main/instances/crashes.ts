/** How often applications have crashed recently. PM2 only counts restarts, so their times are remembered from look to look. */
import type { ProcessInfo } from '../processes/client'

/** Milliseconds. Crashes further back are history. */
const crashWindow = 5 * 60_000
/** Milliseconds. An application that started this recently, after crashes that nobody saw, is taken to be in a loop. */
const recentStart = 60_000

type Counted = Pick<ProcessInfo, 'id' | 'restarts' | 'startedAt'>

interface Sample {
  readonly at: number
  readonly restarts: number
}

export class Crashes {
  /** By instance: PM2's id of its process, and its count whenever that had changed, oldest first. */
  #known: ReadonlyMap<string, { readonly id: number; readonly samples: readonly Sample[] }> = new Map()

  /** Call it at each look. @param processes all that are listed, by instance */
  observe(processes: ReadonlyMap<string, Counted>, now = Date.now()): void {
    this.#known = new Map(
      [...processes].map(([name, { id, restarts, startedAt }]) => {
        const before = this.#known.get(name)
        const last = before?.samples.at(-1)
        if (!before || !last || before.id !== id || restarts < last.restarts) {
          const unseen = startedAt !== undefined && now - startedAt < recentStart
          return [
            name,
            {
              id,
              samples: [
                { at: now, restarts: unseen ? 0 : restarts },
                { at: now, restarts },
              ],
            },
          ]
        }
        if (restarts === last.restarts) return [name, before]
        const samples = [...before.samples, { at: now, restarts }]
        const oldest = samples.findLastIndex(it => now - it.at >= crashWindow)
        return [name, { id, samples: samples.slice(Math.max(0, oldest)) }]
      }),
    )
  }

  /** How often an instance has crashed in the last five minutes, as far as that is known. */
  of(name: string, now = Date.now()): number {
    const samples = this.#known.get(name)?.samples ?? []
    const base = samples.findLast(it => now - it.at >= crashWindow) ?? samples[0]
    return (samples.at(-1)?.restarts ?? 0) - (base?.restarts ?? 0)
  }
}
