/** Work that is scheduled by cron patterns, in the machine's time zone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Cron } from 'croner'
import { toProblem, type Problem } from '../../shared/problem'
import { Latest } from './latest'

export interface ScheduledWork {
  /** When it is due; undefined: never. */
  pattern(): Promise<string | undefined>
  /** When it last began, or since when there has been anything to do; undefined: there is nothing to do yet. */
  since(): Promise<Date | undefined>
  /** Begins the work, and returns once it has ended. @throws a Problem if it can't begin now: it is retried */
  run(): Promise<void>
}

export interface ScheduleTimes {
  /** Milliseconds after our start before missed work begins: the machine may still be booting. */
  readonly settle: number
  /** Milliseconds between two attempts to begin. What is due is worked out again at least this often. */
  readonly retry: number
}
const defaultTimes: ScheduleTimes = { settle: 300_000, retry: 60_000 }

export interface ScheduleState {
  /** In the past: it is about to begin. */
  readonly next?: Date | undefined
  /** Why it can't begin although it is due. */
  readonly problem?: Problem | undefined
}

/** The first moment of a pattern after another moment; undefined if there is none. @throws if it isn't a pattern */
export const nextAfter = (pattern: string, after: Date): Date | undefined =>
  new Cron(pattern).nextRun(after) ?? undefined

/**
 * Work is due once a moment of its pattern has passed since it last began. So a run that was missed, because the
 * machine was off or asleep, is made up once.
 */
export class Schedule {
  readonly #state = new Latest<ScheduleState>({})
  readonly #changes = new Latest<Date | undefined>(undefined)
  readonly #work: ScheduledWork
  readonly #times: ScheduleTimes

  constructor(work: ScheduledWork, times = defaultTimes) {
    this.#work = work
    this.#times = times
  }

  /** Now, and whenever it changes, until the signal is aborted. */
  watch(signal: AbortSignal): AsyncGenerator<ScheduleState, void, undefined> {
    return this.#state.follow(signal)
  }

  /** Call it when the pattern has changed. Only moments from now on count, so a change doesn't make up any run. */
  changed(): void {
    this.#changes.set(new Date())
  }

  /** Call it when the work was begun in another way, or when there is something to do for the first time. */
  look(): void {
    this.#changes.set(this.#changes.value)
  }

  /** Runs the work whenever it is due, until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const settled = Date.now() + this.#times.settle
    while (!signal.aborted) {
      const begun = this.#isDue(await this.#next(), settled) && (await this.#tried())
      if (!begun) await this.#pause(signal)
    }
  }

  readonly #isDue = (next: Date | undefined, settled: number): boolean =>
    next !== undefined && next.getTime() <= Date.now() && Date.now() >= settled

  /** @returns whether the work was done */
  async #tried(): Promise<boolean> {
    try {
      await this.#work.run()
      return true
    } catch (error) {
      this.#show({ ...this.#state.value, problem: toProblem(error) })
      return false
    }
  }

  /** Works out when it is due, and shows that. Nothing is due while that is unknown. */
  async #next(): Promise<Date | undefined> {
    try {
      const [pattern, since] = await Promise.all([this.#work.pattern(), this.#work.since()])
      const from = [since, since && this.#changes.value].filter(it => it !== undefined)
      const after = from.length > 0 ? new Date(Math.max(...from.map(it => it.getTime()))) : undefined
      const next = pattern !== undefined && after ? nextAfter(pattern, after) : undefined
      this.#show({ next, problem: next && next.getTime() <= Date.now() ? this.#state.value.problem : undefined })
      return next
    } catch (error) {
      this.#show({ problem: toProblem(error) })
      return undefined
    }
  }

  #show(state: ScheduleState): void {
    if (JSON.stringify(state) !== JSON.stringify(this.#state.value)) this.#state.set(state)
  }

  /** Until the next attempt, the next moment, or a change. Short, so that a change of the clock is noticed. */
  async #pause(signal: AbortSignal): Promise<void> {
    const left = (this.#state.value.next?.getTime() ?? Infinity) - Date.now()
    const pause = left > 0 ? Math.min(left, this.#times.retry) : this.#times.retry
    const ended = new AbortController()
    const both = AbortSignal.any([signal, ended.signal])
    await Promise.race([sleep(pause, undefined, { signal: both }).catch(() => undefined), this.#nextChange(both)])
    ended.abort()
  }

  async #nextChange(signal: AbortSignal): Promise<void> {
    let first = true
    for await (const _ of this.#changes.follow(signal)) {
      if (!first) return
      first = false
    }
  }
}
