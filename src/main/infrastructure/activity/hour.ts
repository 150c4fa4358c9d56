/** The last hour, in memory: one small sample a minute, however often someone looks. */
import { rememberedMinutes, type ActivityHistory } from '../../../shared/database-activity'

/** PostgreSQL's counters, which only grow until it crashes or someone resets them. */
export interface Counters {
  readonly transactions: number
  readonly hits: number
  readonly reads: number
  readonly deadlocks: number
}

/** One database, or all of them. */
export interface Sample extends Counters {
  readonly connections: number
  /** Bytes, if they were looked at. */
  readonly size?: number | undefined
}

export interface Totals extends Sample {
  /** Clients that wait in PgBouncer, and milliseconds that the first of them has waited. */
  readonly waiting: number
  readonly longestWait: number
}

interface Minute {
  /** Since 1970. */
  readonly minute: number
  readonly totals: Totals
  readonly databases: ReadonlyMap<string, Sample>
}

const minuteLength = 60_000

export class Hour {
  /** Oldest first. */
  #minutes: readonly Minute[] = []

  /** @param at milliseconds since 1970 */
  add(at: number, totals: Totals, databases: ReadonlyMap<string, Sample>): void {
    const minute = Math.floor(at / minuteLength)
    const last = this.#minutes.at(-1)
    const same = last?.minute === minute ? last : undefined
    const added: Minute = {
      minute,
      totals: {
        ...peak(same?.totals, totals),
        waiting: Math.max(same?.totals.waiting ?? 0, totals.waiting),
        longestWait: Math.max(same?.totals.longestWait ?? 0, totals.longestWait),
      },
      databases: new Map([...databases].map(([name, it]) => [name, peak(same?.databases.get(name), it)])),
    }
    const kept = same ? this.#minutes.slice(0, -1) : this.#minutes
    // a clock that was set back begins a new hour
    this.#minutes = [...kept.filter(it => it.minute < minute && it.minute > minute - rememberedMinutes), added]
  }

  get history(): ActivityHistory {
    const totals = this.#minutes.map(it => it.totals)
    return {
      minutes: this.#minutes.map(it => it.minute * minuteLength),
      connections: totals.map(it => it.connections),
      waiting: totals.map(it => it.waiting),
      longestWait: totals.map(it => it.longestWait),
      transactionsPerSecond: this.#minutes.slice(1).map((it, index) => {
        const before = this.#minutes[index] ?? it
        const seconds = ((it.minute - before.minute) * minuteLength) / 1000
        return Math.round((gainOf(before.totals, it.totals)?.transactions ?? 0) / seconds)
      }),
    }
  }

  /** The connections of one database. */
  connectionsOf(database: string): readonly number[] {
    return this.#minutes.map(it => it.databases.get(database)?.connections ?? 0)
  }

  /** What one database, or all of them, did in the hour. @param database undefined: all */
  changeOf(database?: string): { growth?: number; cacheHits?: number; deadlocks?: number } {
    const samples = this.#minutes
      .map(it => (database === undefined ? it.totals : it.databases.get(database)))
      .filter(it => it !== undefined)
    const sizes = samples.map(it => it.size).filter(it => it !== undefined)
    const sum = { hits: 0, reads: 0, deadlocks: 0 }
    for (const [index, it] of samples.slice(1).entries()) {
      const gain = gainOf(samples[index] ?? it, it)
      sum.hits += gain?.hits ?? 0
      sum.reads += gain?.reads ?? 0
      sum.deadlocks += gain?.deadlocks ?? 0
    }
    const blocks = sum.hits + sum.reads
    return {
      ...(sizes.length > 1 && { growth: (sizes.at(-1) ?? 0) - (sizes[0] ?? 0) }),
      ...(blocks > 0 && { cacheHits: sum.hits / blocks }),
      deadlocks: sum.deadlocks,
    }
  }
}

/** The newer sample, with the most connections of the two. */
const peak = (before: Sample | undefined, it: Sample): Sample => ({
  ...it,
  connections: Math.max(before?.connections ?? 0, it.connections),
  size: it.size ?? before?.size,
})

/** What was counted between two samples; undefined if the counters restarted in between. */
export function gainOf(before: Counters, after: Counters): Counters | undefined {
  const gain = {
    transactions: after.transactions - before.transactions,
    hits: after.hits - before.hits,
    reads: after.reads - before.reads,
    deadlocks: after.deadlocks - before.deadlocks,
  }
  return Object.values(gain).some(it => it < 0) ? undefined : gain
}
