/** Filters lines as they arrive. A record's lines are held back until one of them matches. */
import type { Line } from './lines'
import { inRange, shownOf } from './log-view'
import type { StreamQuery } from './wanted'

/** The most lines of one record held back. */
const mostWaiting = 200

export class FollowFilter {
  #head = NaN
  #matched = false
  /** Lines of this record, and the lines before it that are context. */
  #waiting: Line[] = []
  #before: Line[] = []
  #owed = 0
  readonly #query: StreamQuery

  constructor(query: StreamQuery) {
    this.#query = query
  }

  /** The lines now known to be wanted, oldest first. */
  push(line: Line): Line[] {
    const { filter, matcher, masks } = this.#query
    if (!inRange(filter, line.recordAt) || (filter.errorsOnly && !line.error)) return []
    if (!filter.matchesOnly || !matcher) return [line]
    if (line.head !== this.#head) {
      this.#before = filter.context ? [...this.#before, ...this.#waiting].slice(-filter.context) : []
      this.#waiting = []
      this.#head = line.head
      this.#matched = false
    }
    if (this.#matched || matcher.test(shownOf(line, masks).plain)) {
      const wanted = [...this.#before, ...this.#waiting, line]
      this.#before = []
      this.#waiting = []
      this.#matched = true
      this.#owed = filter.context
      return wanted
    }
    if (this.#owed > 0) {
      this.#owed--
      return [line]
    }
    if (this.#waiting.length < mostWaiting) this.#waiting.push(line)
    return []
  }
}
