/**
 * Reads one log for one view. Two modes that feel as one:
 *   follow:  new lines are handed on as they come; the newest are kept here.
 *   history: pages around where one looks; new lines are counted.
 * Following stops into the history at the very lines that are on the screen, since these are kept here.
 */
import { lineOf, type LogAnchor, type LogLine, type LogNews, type LogPage, type LogPosition } from '../../../shared/log'
import { problemOf } from '../app/problem-of'
import type { LogClient } from './client'
import { Count } from './count'
import { Newest } from './newest'
import { grown, loadedOf, loadedOfLive, lookedOf, pageSize, withAfter, withBefore } from './pages'
import { nothingRead, type ReaderState, type ScrollTarget } from './reader-state'
import { isPast, queryOf, type LogChoice } from './wanted'

/** Lines that are looked for, at least, before one is shown the end of a log of which only some are wanted. */
const screenful = 100

type NewsListener = (news: LogNews | 'anew') => void

const searchProblems = new Set(['log-search-invalid', 'log-search-slow'])

export class LogReader {
  #state = nothingRead
  readonly #newest: Newest
  #work = new AbortController()
  #loading = { before: false, after: false }
  #going: number | undefined
  readonly #count: Count
  readonly #listeners = new Set<() => void>()
  readonly #newsListeners = new Set<NewsListener>()
  readonly #client: LogClient
  #wanted: LogChoice

  constructor(client: LogClient, wanted: LogChoice) {
    this.#client = client
    this.#wanted = wanted

    this.#newest = new Newest(
      client,
      news => this.#take(news),
      error => this.#failed(error, this.#work.signal),
    )
    this.#count = new Count(
      client,
      count => this.#set({ count }),
      (position, rank) => {
        if (this.#state.current === position) this.#set({ rank })
      },
      error => this.#failed(error, this.#work.signal),
    )
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
  readonly state = (): ReaderState => this.#state

  /** @param listener gets what comes, or `anew` when all that it drew is to be drawn again from `newest` */
  onNews(listener: NewsListener): () => void {
    this.#newsListeners.add(listener)
    return () => {
      this.#newsListeners.delete(listener)
    }
  }
  get newest(): readonly LogLine[] {
    return this.#newest.lines
  }

  /** Begins at the end and follows; or in the history at a moment, or at the last line. */
  open({ at, follow = true }: { readonly at?: number; readonly follow?: boolean } = {}): void {
    if (at !== undefined) this.jump({ type: 'time', time: at })
    else if (follow && !isPast(this.#wanted)) this.follow()
    else this.jump({ type: 'end' })
  }

  close(): void {
    this.#work.abort()
    this.#newest.clear()
    this.#count.end()
  }

  /**
   * Other lines are wanted: one stays where one is, as far as these have it. @param seen the line at the top of the
   * window
   */
  change(wanted: LogChoice, seen: LogLine | undefined): void {
    const { mode } = this.#state
    const sameFiles = JSON.stringify(wanted.source) === JSON.stringify(this.#wanted.source)
    const searched =
      JSON.stringify(queryOf(wanted).filter.search) !== JSON.stringify(queryOf(this.#wanted).filter.search)
    const search = searched && wanted.search !== ''
    if (search) this.stop() // what is on the screen stays until there is something else
    this.#wanted = wanted
    this.close()
    this.#set({
      count: undefined,
      rank: undefined,
      current: undefined,
      ended: undefined,
      searchProblem: undefined,
      problem: undefined,
    })
    if (search) {
      void this.#searchFrom(sameFiles ? seen : undefined)
      return
    }
    if (mode === 'follow' && !isPast(wanted)) this.follow()
    else if (sameFiles && seen) this.jump({ type: 'around', position: seen.position })
    else if (seen?.at !== undefined) this.jump({ type: 'time', time: seen.at })
    else this.jump({ type: 'end' })
    if (wanted.search !== '') this.#count.begin(this.#wanted)
  }

  /** To the end, and on with what comes. */
  follow(): void {
    if (isPast(this.#wanted)) {
      this.jump({ type: 'end' })
      return
    }
    const ready = this.#newest.watching && this.#newest.filled
    const signal = this.#anew()
    this.#set({ mode: 'follow', loaded: undefined, fresh: 0, opening: !ready, problem: undefined })
    if (ready) this.#tell('anew')
    else void this.#fill(signal)
  }

  /** One is at the end and wants to see more. */
  goOn(): void {
    if (!isPast(this.#wanted)) this.follow()
  }

  /** Stops following, where one is. @param by pixels to scroll from there */
  stop(by = 0): void {
    if (this.#state.mode !== 'follow' || this.#state.opening) return
    const { lines: newest, whole } = this.#newest
    const lines = newest.slice(-2 * pageSize)
    this.#set({
      mode: 'history',
      fresh: 0,
      loaded: loadedOfLive(lines, whole && lines.length === newest.length),
      target: { to: 'bottom', by },
    })
    this.more('before') // where these lines lie in the whole is known with the page before them
  }

  jump(
    anchor: LogAnchor,
    to: ScrollTarget['to'] = anchor.type === 'end' ? 'bottom' : anchor.type === 'around' ? 'middle' : 'top',
  ): void {
    void this.#jump(anchor, to, this.#anew())
  }

  /** To a share of the whole, 0 to 1. While one drags, only the newest wish counts. */
  go(fraction: number): void {
    const idle = this.#going === undefined
    this.#going = fraction
    if (idle) void this.#go()
  }

  /** More rows, when one comes near the first or the last. */
  more(side: 'before' | 'after'): void {
    const { loaded, mode, opening, searchProblem } = this.#state
    const position = side === 'before' ? loaded?.first : loaded?.last
    if (
      !loaded ||
      mode !== 'history' ||
      opening ||
      searchProblem ||
      this.#loading[side] ||
      position === undefined ||
      (side === 'before' ? loaded.atStart : loaded.atEnd)
    )
      return
    this.#loading[side] = true
    if (loaded.lines.length < screenful) this.#set({ looked: lookedOf(loaded, side) })
    const { signal } = this.#work
    this.#page({ type: side, position }, signal).then(
      page => {
        if (signal.aborted || !this.#state.loaded) return
        this.#loading[side] = false
        const next = side === 'before' ? withBefore(this.#state.loaded, page) : withAfter(this.#state.loaded, page)
        const empty = page.lines.length === 0 && !(side === 'before' ? page.atStart : page.atEnd)
        this.#set({ loaded: next, looked: !empty ? undefined : side === 'before' ? 1 - page.from : page.to })
      },
      error => this.#failed(error, signal),
    )
  }

  /** To the next line that is found, from where one is. */
  async find(direction: 'next' | 'previous', seen: LogLine | undefined): Promise<void> {
    const from = this.#state.current ?? seen?.position
    if (this.#wanted.search === '' || from === undefined || this.#state.searching) return
    const signal = this.#anew()
    this.#set({ searching: true, ended: undefined })
    try {
      const found = await this.#client.find({ ...queryOf(this.#wanted), from, direction }, signal)
      if (signal.aborted) return
      if (found === null) {
        this.#set({ ended: direction })
        return
      }
      const { rank } = this.#state
      this.#set({
        rank:
          rank === undefined || this.#state.current === undefined ? undefined : rank + (direction === 'next' ? 1 : -1),
      })
      await this.#show(found, signal)
    } catch (error) {
      this.#failed(error, signal)
    } finally {
      if (!signal.aborted) this.#set({ searching: false })
    }
  }

  dismissRestart(): void {
    this.#set({ restartedAt: undefined })
  }

  async #go(): Promise<void> {
    while (this.#going !== undefined) {
      const fraction = this.#going
      await this.#jump(
        fraction >= 1 ? { type: 'end' } : { type: 'fraction', fraction },
        fraction >= 1 ? 'bottom' : 'top',
        this.#anew(),
      )
      if (this.#going === fraction) this.#going = undefined
    }
  }

  /** A new search: the match that one sees or that was last before it, else the first after it. */
  async #searchFrom(seen: LogLine | undefined): Promise<void> {
    const signal = this.#anew()
    this.#set({ mode: 'history', searching: true, fresh: 0 })
    this.#watch(undefined)
    this.#count.begin(this.#wanted)
    try {
      const query = queryOf(this.#wanted)
      const anchor: LogAnchor = seen ? { type: 'around', position: seen.position } : { type: 'end' }
      const page = await this.#page(anchor, signal)
      const at = seen?.position ?? page.lines.at(-1)?.position ?? page.more
      const near = page.lines.findLast(it => it.matches.length > 0)?.position
      const found =
        near ??
        (at === undefined
          ? null
          : ((await this.#client.find({ ...query, from: at, direction: 'previous' }, signal)) ??
            (await this.#client.find({ ...query, from: at, direction: 'next' }, signal))))
      if (signal.aborted) return
      if (found === null || near !== undefined)
        this.#set({
          loaded: loadedOf(page, anchor),
          opening: false,
          target: { to: 'middle', position: near ?? seen?.position },
        })
      if (found === null) this.#set({ current: undefined })
      else await this.#show(found, signal)
    } catch (error) {
      this.#failed(error, signal)
    } finally {
      if (!signal.aborted) this.#set({ searching: false })
    }
  }

  /** Brings a match into view. */
  async #show(position: LogPosition, signal: AbortSignal): Promise<void> {
    const { loaded } = this.#state
    if (loaded?.lines.some(it => lineOf(it.position) === lineOf(position)))
      this.#set({ current: position, target: { to: 'middle', position } })
    else {
      await this.#jump({ type: 'around', position }, 'middle', signal)
      if (signal.aborted) return
      this.#set({ current: position })
    }
    if (this.#state.rank === undefined) this.#count.rank(this.#wanted, position)
  }

  async #jump(anchor: LogAnchor, to: ScrollTarget['to'], signal: AbortSignal): Promise<void> {
    const shown = this.#state.loaded
    this.#set({ mode: 'history', opening: !shown, looked: undefined, problem: undefined })
    try {
      const page = await this.#page(anchor, signal)
      if (signal.aborted) return
      // Near the end a page is filled with what was before.
      const position =
        'position' in anchor
          ? anchor.position
          : anchor.type === 'time'
            ? page.lines.find(it => it.at !== undefined && it.at >= anchor.time)?.position
            : undefined
      this.#set({
        loaded: loadedOf(page, anchor),
        opening: false,
        target: { to, position },
        fresh: page.atEnd ? 0 : this.#state.fresh,
      })
      this.#watch(page.atEnd ? page.lines.at(-1)?.position : undefined)
    } catch (error) {
      this.#failed(error, signal)
    }
  }

  /** The last lines, and from there on what comes. Where few are wanted, as many are looked for as fill a window. */
  async #fill(signal: AbortSignal): Promise<void> {
    try {
      let page = await this.#page({ type: 'end' }, signal)
      if (signal.aborted) return
      let loaded = loadedOf(page, { type: 'end' })
      this.#watch(loaded.lines.at(-1)?.position)
      while (loaded.lines.length < screenful && !loaded.atStart && loaded.first !== undefined) {
        this.#set({ looked: 1 - page.from })
        page = await this.#page({ type: 'before', position: loaded.first }, signal)
        if (signal.aborted) return
        loaded = withBefore(loaded, page)
      }
      this.#newest.fill(loaded.lines, loaded.atStart)
      this.#set({ opening: false, looked: undefined, blank: this.newest.length === 0 })
      this.#tell('anew')
    } catch (error) {
      this.#failed(error, signal)
    }
  }

  #page(anchor: LogAnchor, signal: AbortSignal): Promise<LogPage> {
    return this.#client.page({ ...queryOf(this.#wanted), anchor, count: pageSize }, signal)
  }

  #watch(after: LogPosition | undefined): void {
    if (!isPast(this.#wanted)) this.#newest.watch(this.#wanted, after)
  }

  #take(news: LogNews): void {
    const { lines, skipped, restarted } = news
    const { mode, loaded, fresh, count } = this.#state
    const hits = count ? lines.reduce((sum, it) => sum + (it.matches.length ? 1 : 0), 0) : 0
    const changed: Partial<ReaderState> = {
      ...(this.#state.blank && lines.length > 0 && { blank: false }),
      ...(restarted && { restartedAt: Date.now() }),
      ...(mode === 'history' && { fresh: fresh + lines.length + skipped, loaded: loaded && grown(loaded) }),
      ...(count && hits > 0 && { count: { ...count, hits: count.hits + hits } }),
    }
    if (Object.keys(changed).length) this.#set(changed)
    if (mode === 'follow' && !this.#state.opening) this.#tell(news)
  }

  /** What was asked for before is wanted no more. */
  #anew(): AbortSignal {
    this.#work.abort()
    this.#work = new AbortController()
    this.#loading = { before: false, after: false }
    this.#set({ searching: false, looked: undefined })
    return this.#work.signal
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#loading = { before: false, after: false }
    const problem = problemOf(error)
    if (searchProblems.has(problem.code)) {
      this.#count.end()
      this.#set({ searchProblem: problem, count: undefined, opening: false, looked: undefined })
    } else this.#set({ problem, opening: false, looked: undefined })
  }

  #tell(news: LogNews | 'anew'): void {
    for (const listener of this.#newsListeners) listener(news)
  }

  #set(change: Partial<ReaderState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}
