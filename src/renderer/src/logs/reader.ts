/**
 * Reads one log for one view, in two modes that feel like one:
 *   follow:  new lines are passed on as they arrive; the newest are kept here.
 *   history: pages around the visible lines; new lines are counted.
 * Because the newest lines are kept, following switches to the history at the very lines on the screen.
 */
import type { LogLine, LogNews, LogPosition } from '../../../shared/log'
import type { LogClient } from './client'
import { LogHistory } from './history'
import { Newest } from './newest'
import { grown, loadedOf, loadedOfLive, pageSize, screenful, withBefore } from './pages'
import type { ReaderState } from './reader-state'
import { Reading } from './reading'
import { LogSearch } from './search'
import { isPast, queryOf, type LogChoice } from './wanted'

type NewsListener = (news: LogNews | 'redraw') => void

export class LogReader {
  readonly history: LogHistory
  readonly search: LogSearch
  readonly subscribe: Reading['subscribe']
  readonly state: Reading['state']
  readonly #reading: Reading
  readonly #newest: Newest
  readonly #newsListeners = new Set<NewsListener>()

  constructor(client: LogClient, wanted: LogChoice) {
    const reading = new Reading(client, wanted, () => this.search.endCount())
    this.#reading = reading
    this.subscribe = reading.subscribe
    this.state = reading.state
    this.#newest = new Newest(
      client,
      news => this.#take(news),
      error => reading.failed(error, reading.signal),
    )
    this.history = new LogHistory(reading, after => this.#watch(after))
    this.search = new LogSearch(reading, this.history, () => this.#watch(undefined))
  }

  /** @param listener gets new lines, or `redraw` if it must redraw everything from `newest` */
  onNews(listener: NewsListener): () => void {
    this.#newsListeners.add(listener)
    return () => {
      this.#newsListeners.delete(listener)
    }
  }
  get newest(): readonly LogLine[] {
    return this.#newest.lines
  }

  /** Opens at the end and follows, or in the history at a moment or the last line. */
  open({ at, follow = true }: { readonly at?: number; readonly follow?: boolean } = {}): void {
    if (at !== undefined) this.history.jump({ type: 'time', time: at })
    else if (follow && !isPast(this.#reading.wanted)) this.follow()
    else this.history.jump({ type: 'end' })
  }

  close(): void {
    this.#reading.end()
    this.#newest.clear()
    this.search.endCount()
  }

  /**
   * Changes the filters, keeping the position if possible.
   * @param seen the line at the top of the window
   */
  change(wanted: LogChoice, seen: LogLine | undefined): void {
    const { mode } = this.state()
    const before = this.#reading.wanted
    const sameFiles = JSON.stringify(wanted.source) === JSON.stringify(before.source)
    const searched = JSON.stringify(queryOf(wanted).filter.search) !== JSON.stringify(queryOf(before).filter.search)
    const search = searched && wanted.search !== ''
    if (search) this.stop() // the lines on the screen stay until others arrive
    this.#reading.wanted = wanted
    this.close()
    this.#reading.set({
      count: undefined,
      rank: undefined,
      current: undefined,
      ended: undefined,
      searchProblem: undefined,
      problem: undefined,
    })
    if (search) {
      void this.search.begin(sameFiles ? seen : undefined)
      return
    }
    if (mode === 'follow' && !isPast(wanted)) this.follow()
    else if (sameFiles && seen) this.history.jump({ type: 'around', position: seen.position })
    else if (seen?.at !== undefined) this.history.jump({ type: 'time', time: seen.at })
    else this.history.jump({ type: 'end' })
    if (wanted.search !== '') this.search.count()
  }

  /** Goes to the end and shows what comes. */
  follow(): void {
    if (isPast(this.#reading.wanted)) {
      this.history.jump({ type: 'end' })
      return
    }
    const ready = this.#newest.watching && this.#newest.filled
    const signal = this.#reading.begin()
    this.#reading.set({ mode: 'follow', loaded: undefined, fresh: 0, opening: !ready, problem: undefined })
    if (ready) this.#tell('redraw')
    else void this.#fill(signal)
  }

  /** Follows when the view scrolls past the end. */
  goOn(): void {
    if (!isPast(this.#reading.wanted)) this.follow()
  }

  /** Stops following and stays at the same place. @param by pixels to scroll from there */
  stop(by = 0): void {
    const { mode, opening } = this.state()
    if (mode !== 'follow' || opening) return
    const { lines: newest, whole } = this.#newest
    const lines = newest.slice(-2 * pageSize)
    this.#reading.set({
      mode: 'history',
      fresh: 0,
      loaded: loadedOfLive(lines, whole && lines.length === newest.length),
      target: { to: 'bottom', by },
    })
    this.history.more('before') // where these lines are in the whole log is known only with the page before them
  }

  dismissRestart(): void {
    this.#reading.set({ restartedAt: undefined })
  }

  /** Reads the last lines and watches for new ones. If few are wanted, reads on until they fill a window. */
  async #fill(signal: AbortSignal): Promise<void> {
    const reading = this.#reading
    try {
      let page = await reading.page({ type: 'end' }, signal)
      if (signal.aborted) return
      let loaded = loadedOf(page, { type: 'end' })
      this.#watch(loaded.lines.at(-1)?.position)
      while (loaded.lines.length < screenful && !loaded.atStart && loaded.first !== undefined) {
        reading.set({ looked: 1 - page.from })
        page = await reading.page({ type: 'before', position: loaded.first }, signal)
        if (signal.aborted) return
        loaded = withBefore(loaded, page)
      }
      this.#newest.fill(loaded.lines, loaded.atStart)
      reading.set({ opening: false, looked: undefined, blank: this.newest.length === 0 })
      this.#tell('redraw')
    } catch (error) {
      reading.failed(error, signal)
    }
  }

  #watch(after: LogPosition | undefined): void {
    const { wanted } = this.#reading
    if (!isPast(wanted)) this.#newest.watch(wanted, after)
  }

  #take(news: LogNews): void {
    const { lines, skipped, restarted } = news
    const { mode, loaded, fresh, count, blank, opening } = this.state()
    const hits = count ? lines.reduce((sum, it) => sum + (it.matches.length ? 1 : 0), 0) : 0
    const changed: Partial<ReaderState> = {
      ...(blank && lines.length > 0 && { blank: false }),
      ...(restarted && { restartedAt: Date.now() }),
      ...(mode === 'history' && { fresh: fresh + lines.length + skipped, loaded: loaded && grown(loaded) }),
      ...(count && hits > 0 && { count: { ...count, hits: count.hits + hits } }),
    }
    if (Object.keys(changed).length) this.#reading.set(changed)
    if (mode === 'follow' && !opening) this.#tell(news)
  }

  #tell(news: LogNews | 'redraw'): void {
    for (const listener of this.#newsListeners) listener(news)
  }
}
