/** State shared by the parts of a reader: the filter, what the view shows, and the work in progress. */
import type { LogAnchor, LogPage } from '../../../shared/log'
import { problemOf } from '../app/problem-of'
import type { LogClient } from './client'
import { pageSize } from './pages'
import { nothingRead, type ReaderState } from './reader-state'
import { queryOf, type LogChoice } from './wanted'

const searchProblems = new Set(['log-search-invalid', 'log-search-slow'])

export class Reading {
  readonly client: LogClient
  wanted: LogChoice
  #state = nothingRead
  #work = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #searchRefused: () => void

  /** @param searchRefused called when the search can't be carried out */
  constructor(client: LogClient, wanted: LogChoice, searchRefused: () => void) {
    this.client = client
    this.wanted = wanted
    this.#searchRefused = searchRefused
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
  readonly state = (): ReaderState => this.#state

  set(change: Partial<ReaderState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }

  /** Aborted when other work begins. */
  get signal(): AbortSignal {
    return this.#work.signal
  }

  /** Begins new work and cancels the previous. @returns the new work's signal */
  begin(): AbortSignal {
    this.#work.abort()
    this.#work = new AbortController()
    this.set({ searching: false, looked: undefined })
    return this.#work.signal
  }

  end(): void {
    this.#work.abort()
  }

  page(anchor: LogAnchor, signal: AbortSignal): Promise<LogPage> {
    return this.client.page({ ...queryOf(this.wanted), anchor, count: pageSize }, signal)
  }

  /** Shows why the work failed, unless it has been cancelled. */
  failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return
    const problem = problemOf(error)
    if (searchProblems.has(problem.code)) {
      this.#searchRefused()
      this.set({ searchProblem: problem, count: undefined, opening: false, looked: undefined })
    } else this.set({ problem, opening: false, looked: undefined })
  }
}
