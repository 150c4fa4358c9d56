/** Receives and keeps the newest lines of a log, so that following can stop without a request. */
import { lineOf, type LogLine, type LogNews, type LogPosition } from '../../../shared/log'
import type { LogClient } from './client'
import { queryOf, type LogChoice } from './wanted'

/** Number of lines kept. */
const kept = 1000

export class Newest {
  #lines: LogLine[] = []
  #filled = false
  #whole = false
  #end: (() => void) | undefined
  readonly #client: LogClient
  readonly #onNews: (news: LogNews) => void
  readonly #failed: (error: unknown) => void

  constructor(client: LogClient, onNews: (news: LogNews) => void, failed: (error: unknown) => void) {
    this.#client = client
    this.#onNews = onNews
    this.#failed = failed
  }

  /** The lines, without gaps. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }
  /** Whether they fill a window. */
  get filled(): boolean {
    return this.#filled
  }
  /** Whether they are all the lines there are. */
  get whole(): boolean {
    return this.#whole
  }
  get watching(): boolean {
    return this.#end !== undefined
  }

  /** Subscribes to lines written from now on, or after the given line. */
  watch(wanted: LogChoice, after: LogPosition | undefined): void {
    if (this.#end) return
    let last = after
    const listen = (): (() => void) =>
      this.#client.follow(
        { ...queryOf(wanted), after: last },
        {
          data: news => {
            last = news.lines.at(-1)?.position ?? last
            this.#take(news)
          },
          error: error => {
            this.#end = undefined
            this.#failed(error)
          },
          lost: () => {
            this.#end?.()
            this.#end = listen()
          },
        },
      )
    this.#end = listen()
  }

  /** Prepends the lines before those received. @param whole there are none before them */
  fill(before: readonly LogLine[], whole: boolean): void {
    const known = new Set(before.map(it => lineOf(it.position)))
    this.#lines = [...before, ...this.#lines.filter(it => !known.has(lineOf(it.position)))].slice(-kept)
    this.#whole = whole && before.length <= kept
    this.#filled = true
  }

  /** Unsubscribes and forgets all lines. */
  clear(): void {
    this.#end?.()
    this.#end = undefined
    this.#lines = []
    this.#filled = this.#whole = false
  }

  #take(news: LogNews): void {
    if (news.skipped > 0) {
      this.#lines = []
      this.#filled = this.#whole = false
    }
    this.#lines.push(...news.lines)
    if (this.#lines.length > 2 * kept) {
      this.#lines = this.#lines.slice(-kept)
      this.#whole = false
    }
    this.#onNews(news)
  }
}
