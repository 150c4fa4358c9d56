/** Finds and counts the search's matches, and scrolls one into view. */
import { lineOf, type LogAnchor, type LogLine, type LogPosition } from '../../../shared/log'
import { Count } from './count'
import type { LogHistory } from './history'
import { loadedOf } from './pages'
import type { Reading } from './reading'
import { queryOf } from './wanted'

export class LogSearch {
  readonly #reading: Reading
  readonly #history: LogHistory
  readonly #watch: () => void
  readonly #count: Count

  /** @param watch starts counting lines written from now on */
  constructor(reading: Reading, history: LogHistory, watch: () => void) {
    this.#reading = reading
    this.#history = history
    this.#watch = watch
    this.#count = new Count(
      reading.client,
      count => reading.set({ count }),
      (position, rank) => {
        if (reading.state().current === position) reading.set({ rank })
      },
      error => reading.failed(error, reading.signal),
    )
  }

  count(): void {
    this.#count.begin(this.#reading.wanted)
  }

  endCount(): void {
    this.#count.end()
  }

  /** Starts a new search: shows the match in view, or the last one before it, or else the first one after. */
  async begin(seen: LogLine | undefined): Promise<void> {
    const reading = this.#reading
    const signal = reading.begin()
    reading.set({ mode: 'history', searching: true, fresh: 0 })
    this.#watch()
    this.count()
    try {
      const query = queryOf(reading.wanted)
      const anchor: LogAnchor = seen ? { type: 'around', position: seen.position } : { type: 'end' }
      const page = await reading.page(anchor, signal)
      const at = seen?.position ?? page.lines.at(-1)?.position ?? page.more
      const near = page.lines.findLast(it => it.matches.length > 0)?.position
      const found =
        near ??
        (at === undefined
          ? null
          : ((await reading.client.find({ ...query, from: at, direction: 'previous' }, signal)) ??
            (await reading.client.find({ ...query, from: at, direction: 'next' }, signal))))
      if (signal.aborted) return
      if (found === null || near !== undefined)
        reading.set({
          loaded: loadedOf(page, anchor),
          opening: false,
          target: { to: 'middle', position: near ?? seen?.position },
        })
      if (found === null) reading.set({ current: undefined })
      else await this.#show(found, signal)
    } catch (error) {
      reading.failed(error, signal)
    } finally {
      if (!signal.aborted) reading.set({ searching: false })
    }
  }

  /** Goes to the next match after the current one or, without a current match, after the line in view. */
  async find(direction: 'next' | 'previous', seen: LogLine | undefined): Promise<void> {
    const reading = this.#reading
    const from = reading.state().current ?? seen?.position
    if (reading.wanted.search === '' || from === undefined || reading.state().searching) return
    const signal = reading.begin()
    reading.set({ searching: true, ended: undefined })
    try {
      const found = await reading.client.find({ ...queryOf(reading.wanted), from, direction }, signal)
      if (signal.aborted) return
      if (found === null) {
        reading.set({ ended: direction })
        return
      }
      const { rank, current } = reading.state()
      reading.set({
        rank: rank === undefined || current === undefined ? undefined : rank + (direction === 'next' ? 1 : -1),
      })
      await this.#show(found, signal)
    } catch (error) {
      reading.failed(error, signal)
    } finally {
      if (!signal.aborted) reading.set({ searching: false })
    }
  }

  /** Scrolls a match into view. */
  async #show(position: LogPosition, signal: AbortSignal): Promise<void> {
    const reading = this.#reading
    if (reading.state().loaded?.lines.some(it => lineOf(it.position) === lineOf(position)))
      reading.set({ current: position, target: { to: 'middle', position } })
    else {
      await this.#history.load({ type: 'around', position }, 'middle', signal)
      if (signal.aborted) return
      reading.set({ current: position })
    }
    if (reading.state().rank === undefined) this.#count.rank(reading.wanted, position)
  }
}
