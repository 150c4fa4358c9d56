/**
 * Asks running instances for a sign of life, one after the other: whether they answer a request, and whether their login
 * to the database works. Rarely while all is well, soon when something has happened, and never many at once: that is
 * what a hundred instances cost while nothing happens.
 */
import { setMaxListeners } from 'node:events'
import type { Problem } from '../../shared/problem'
import type { HealthCheck } from '../../shared/workspace'
import type { ProcessInfo } from '../processes/client'

/** An instance whose process is running. */
export interface Running {
  readonly name: string
  readonly pid: number
  /** Its server folder. */
  readonly cwd: string
  readonly port: number
  readonly execMode: ProcessInfo['execMode']
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly bootSeconds: number
  readonly health: HealthCheck
}

/** Each returns what is wrong, and is bounded in time. */
export interface Asks {
  readonly answer: (of: Running, signal: AbortSignal) => Promise<Problem | undefined>
  readonly login: (of: Running, signal: AbortSignal) => Promise<Problem | undefined>
  /** The ports on which clients are waiting to be accepted. */
  readonly waiting: () => ReadonlySet<number>
}

/** Milliseconds. */
export interface ProbeTimes {
  /** Between two questions, whomever they go to. */
  readonly pace: number
  /** Between looks at who keeps clients waiting. */
  readonly queues: number
  /** Until the same question again: if all is well, if not, and if that isn't sure yet. */
  readonly answer: Rests
  readonly login: Rests
}
interface Rests {
  readonly well: number
  readonly ill: number
  readonly unsure: number
}
const times: ProbeTimes = {
  pace: 600,
  queues: 5000,
  answer: { well: 30_000, ill: 5000, unsure: 1000 },
  login: { well: 600_000, ill: 5000, unsure: 2000 },
}

/** One failed login may be bad luck: its pool was full. No answer for seconds isn't. */
const counts = { answer: 1, login: 2 } as const
const kinds = ['answer', 'login'] as const
type Kind = (typeof kinds)[number]

interface Asked {
  /** When to ask, by `performance.now()`; Infinity while it is being asked. */
  due: number
  /** How often in a row it failed. */
  failures: number
  at?: number
  problem?: Problem | undefined
}

interface Subject extends Record<Kind, Asked> {
  running: Running
}

export class Probes {
  readonly #asks: Asks
  readonly #times: ProbeTimes
  readonly #subjects = new Map<string, Subject>()

  constructor(asks: Asks, its: ProbeTimes = times) {
    this.#asks = asks
    this.#times = its
  }

  /** The instances to ask from now on. What was known of another process is forgotten. */
  follow(running: readonly Running[]): void {
    const now = performance.now()
    const names = new Set(running.map(it => it.name))
    for (const name of this.#subjects.keys()) if (!names.has(name)) this.#subjects.delete(name)
    for (const it of running) {
      const known = this.#subjects.get(it.name)
      if (known?.running.pid === it.pid) known.running = it
      else this.#subjects.set(it.name, this.#newSubject(it, now))
    }
  }

  /** Asks for all logins again, e.g. because the database is back. */
  loginsAgain(): void {
    for (const { login } of this.#subjects.values()) login.due = Math.min(login.due, performance.now())
  }

  of(name: string): Readonly<Partial<Record<Kind, Problem | undefined>>> {
    const subject = this.#subjects.get(name)
    return { answer: subject?.answer.problem, login: subject?.login.problem }
  }

  /** Asks until the signal is aborted. @param changed called whenever an answer differs */
  run(signal: AbortSignal, changed: () => void): void {
    if (signal.aborted) return
    const ask = async (): Promise<void> => {
      const next = this.#next()
      if (next && (await this.#ask(...next, signal))) changed()
    }
    const timers = [
      setInterval(() => void ask(), this.#times.pace),
      setInterval(() => this.#hurry(), this.#times.queues),
    ]
    signal.addEventListener('abort', () => timers.forEach(it => clearInterval(it)))
  }

  /** Asks at once what nobody has asked lately, and what was wrong: for a single look, while nobody watches. */
  async once(signal: AbortSignal): Promise<void> {
    setMaxListeners(0, signal) // each question listens to it; with more than ten, Node warns of a leak
    const [now, { well }] = [performance.now(), this.#times.answer]
    const questions = [...this.#subjects.values()].flatMap(subject =>
      kinds
        .filter(kind => {
          const { at, failures } = subject[kind]
          return failures > 0 || (kind === 'answer' && (at === undefined || now - at > well))
        })
        .map(kind => this.#ask(subject, kind, signal)),
    )
    await Promise.all(questions)
  }

  /** One that has just started is asked both soon; of the others, logins are spread, because each costs a few ms. */
  #newSubject(running: Running, now: number): Subject {
    const isNew = Date.now() - running.startedAt < this.#times.answer.well
    const spread = isNew ? 0 : Math.random() * this.#times.login.well
    return { running, answer: { due: now, failures: 0 }, login: { due: now + spread, failures: 0 } }
  }

  /** The most overdue question. */
  #next(): [Subject, Kind] | undefined {
    const now = performance.now()
    let next: [Subject, Kind] | undefined
    for (const subject of this.#subjects.values())
      for (const kind of kinds)
        if (subject[kind].due <= now && (!next || subject[kind].due < next[0][next[1]].due)) next = [subject, kind]
    return next
  }

  /** @returns whether the result differs from before */
  async #ask(subject: Subject, kind: Kind, signal: AbortSignal): Promise<boolean> {
    const [asked, before] = [subject[kind], subject[kind].problem]
    asked.due = Infinity
    const found = await this.#asks[kind](subject.running, signal).catch(() => before) // it couldn't be found out
    if (signal.aborted) {
      asked.due = 0
      return false
    }
    asked.failures = found ? asked.failures + 1 : 0
    asked.problem = asked.failures < counts[kind] ? undefined : found
    asked.at = performance.now()
    asked.due = asked.at + this.#times[kind][asked.problem ? 'ill' : found ? 'unsure' : 'well']
    return asked.problem?.message !== before?.message || asked.problem?.cause !== before?.cause
  }

  /** Clients that wait to be accepted are the first sign of an application that is stuck. */
  #hurry(): void {
    const waiting = this.#asks.waiting()
    for (const { running, answer } of this.#subjects.values())
      if (waiting.has(running.port)) answer.due = Math.min(answer.due, performance.now())
  }
}
