/** The rows around any place in a log: one page at first, then more in either direction. */
import type { LogAnchor, LogPosition } from '../../../shared/log'
import { loadedOf, lookedOf, screenful, withAfter, withBefore } from './pages'
import type { ScrollTarget } from './reader-state'
import type { Reading } from './reading'

export class LogHistory {
  readonly #reading: Reading
  readonly #watch: (after: LogPosition | undefined) => void
  /** The work that a page is being fetched for. */
  #loading: { before?: AbortSignal; after?: AbortSignal } = {}
  #going: number | undefined

  /** @param watch starts counting new lines, after the given line or from now on */
  constructor(reading: Reading, watch: (after: LogPosition | undefined) => void) {
    this.#reading = reading
    this.#watch = watch
  }

  jump(
    anchor: LogAnchor,
    to: ScrollTarget['to'] = anchor.type === 'end' ? 'bottom' : anchor.type === 'around' ? 'middle' : 'top',
  ): void {
    void this.load(anchor, to, this.#reading.begin())
  }

  /** Jumps to a fraction of the whole log, 0 to 1. During a drag, only the latest position counts. */
  go(fraction: number): void {
    const idle = this.#going === undefined
    this.#going = fraction
    if (idle) void this.#go()
  }

  /** Loads more rows when the view nears the first or last one. */
  more(side: 'before' | 'after'): void {
    const reading = this.#reading
    const { signal } = reading
    const { loaded, mode, opening, searchProblem } = reading.state()
    const position = side === 'before' ? loaded?.first : loaded?.last
    if (
      !loaded ||
      mode !== 'history' ||
      opening ||
      searchProblem ||
      this.#loading[side] === signal ||
      position === undefined ||
      (side === 'before' ? loaded.atStart : loaded.atEnd)
    )
      return
    this.#loading[side] = signal
    if (loaded.lines.length < screenful) reading.set({ looked: lookedOf(loaded, side) })
    reading.page({ type: side, position }, signal).then(
      page => {
        const now = reading.state().loaded
        if (signal.aborted || !now) return
        this.#loading[side] = undefined
        const next = side === 'before' ? withBefore(now, page) : withAfter(now, page)
        const empty = page.lines.length === 0 && !(side === 'before' ? page.atStart : page.atEnd)
        reading.set({ loaded: next, looked: !empty ? undefined : side === 'before' ? 1 - page.from : page.to })
      },
      (error: unknown) => {
        if (this.#loading[side] === signal) this.#loading[side] = undefined
        reading.failed(error, signal)
      },
    )
  }

  /** Replaces the rows with those around the anchor. */
  async load(anchor: LogAnchor, to: ScrollTarget['to'], signal: AbortSignal): Promise<void> {
    const reading = this.#reading
    reading.set({ mode: 'history', opening: !reading.state().loaded, looked: undefined, problem: undefined })
    try {
      const page = await reading.page(anchor, signal)
      if (signal.aborted) return
      // Near the end, a page is filled up with earlier lines.
      const position =
        'position' in anchor
          ? anchor.position
          : anchor.type === 'time'
            ? page.lines.find(it => it.at !== undefined && it.at >= anchor.time)?.position
            : undefined
      reading.set({
        loaded: loadedOf(page, anchor),
        opening: false,
        target: { to, position },
        fresh: page.atEnd ? 0 : reading.state().fresh,
      })
      this.#watch(page.atEnd ? page.lines.at(-1)?.position : undefined)
    } catch (error) {
      reading.failed(error, signal)
    }
  }

  async #go(): Promise<void> {
    while (this.#going !== undefined) {
      const fraction = this.#going
      await this.load(
        fraction >= 1 ? { type: 'end' } : { type: 'fraction', fraction },
        fraction >= 1 ? 'bottom' : 'top',
        this.#reading.begin(),
      )
      if (this.#going === fraction) this.#going = undefined
    }
  }
}
