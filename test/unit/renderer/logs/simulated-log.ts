/** A log in memory that answers as the router does: positions, filters, pages that give up, news. */
import type {
  LogAnchor,
  LogLine,
  LogNews,
  LogPage,
  LogPosition,
  LogProgress,
  LogQuery,
} from '../../../../src/shared/log'
import type { LogClient } from '../../../../src/renderer/src/logs/client'

export interface Written {
  readonly text: string
  readonly error?: boolean
  readonly continues?: boolean
}

/** Lines that one page looks at, at most, when only some are wanted. */
const bound = 1000

export class SimulatedLog implements LogClient {
  readonly written: Written[] = []
  readonly asked: LogAnchor[] = []
  /** What answers next is refused with. */
  refusal: Error | undefined
  /** Who follows, with what. */
  readonly followers = new Set<{
    input: LogQuery & { after?: LogPosition }
    lost: () => void
    data: (news: LogNews) => void
  }>()

  constructor(lines: readonly Written[] = []) {
    this.written.push(...lines)
  }

  write(...lines: Written[]): void {
    const from = this.written.length
    this.written.push(...lines)
    for (const { input, data } of this.followers)
      data({ lines: this.#wanted(input, from, this.written.length), skipped: 0 })
  }

  /** So many more came that only the last is told. */
  burst(count: number): void {
    this.written.push(...Array.from({ length: count }, (_, index) => ({ text: `burst ${index}` })))
    for (const { input, data } of this.followers)
      data({ lines: this.#wanted(input, this.written.length - 1, this.written.length), skipped: count - 1 })
  }

  loseConnection(): void {
    for (const { lost } of Array.from(this.followers)) lost()
  }

  async page(input: LogQuery & { anchor: LogAnchor; count: number }, signal: AbortSignal): Promise<LogPage> {
    this.asked.push(input.anchor)
    await Promise.resolve()
    signal.throwIfAborted()
    if (this.refusal) throw this.refusal
    const { anchor, count } = input
    const total = this.written.length
    if (anchor.type === 'around') {
      const at = Number(anchor.position)
      const before = this.#back(input, at, Math.floor(count / 2))
      const after = this.#on(input, at, Math.ceil(count / 2))
      return this.#told([...before.lines, ...after.lines], before.from === 0, after.to === total, before.from, after.to)
    }
    if (anchor.type === 'end' || anchor.type === 'before') {
      const { lines, from } = this.#back(input, 'position' in anchor ? Number(anchor.position) : total, count)
      const more = from > 0 && lines.length < count ? String(from) : undefined
      return { ...this.#told(lines, from === 0, anchor.type === 'end', from, total), ...(more && { more }) }
    }
    const begin =
      'position' in anchor
        ? Number(anchor.position) + 1
        : anchor.type === 'fraction'
          ? Math.floor(anchor.fraction * total)
          : 0
    const { lines, to } = this.#on(input, begin, count)
    const more = to < total && lines.length < count ? String(to - 1) : undefined
    return { ...this.#told(lines, begin === 0, to === total, begin, to), ...(more && { more }) }
  }

  async find({
    from,
    direction,
    ...query
  }: LogQuery & { from: LogPosition; direction: 'next' | 'previous' }): Promise<LogPosition | null> {
    await Promise.resolve()
    const hits = this.#wanted(query, 0, this.written.length)
      .filter(it => it.matches.length)
      .map(it => Number(it.position))
    const found = direction === 'next' ? hits.find(it => it > Number(from)) : hits.findLast(it => it < Number(from))
    return found === undefined ? null : String(found)
  }

  count(input: LogQuery & { until?: LogPosition }, on: { data: (told: LogProgress) => void }): () => void {
    const end = input.until === undefined ? this.written.length : Number(input.until) + 1
    const hits = this.#wanted(input, 0, end).filter(it => it.matches.length).length
    queueMicrotask(() => on.data({ hits, scanned: end, total: end, done: true }))
    return () => undefined
  }

  follow(
    input: LogQuery & { after?: LogPosition },
    on: { data: (news: LogNews) => void; lost: () => void },
  ): () => void {
    const follower = { input, ...on }
    this.followers.add(follower)
    return () => {
      this.followers.delete(follower)
    }
  }

  #wanted({ filter }: LogQuery, from: number, to: number): LogLine[] {
    const lines: LogLine[] = []
    for (let index = Math.max(0, from); index < to; index++) {
      const { text, error = false, continues = false } = this.written[index] ?? { text: '' }
      const at = filter.search ? text.indexOf(filter.search.text) : -1
      if ((filter.errorsOnly && !error) || (filter.matchesOnly && at < 0)) continue
      lines.push({
        position: String(index),
        text,
        error,
        continues,
        matches: at < 0 || !filter.search ? [] : [[at, at + filter.search.text.length]],
      })
    }
    return lines
  }

  #back(query: LogQuery, end: number, count: number): { lines: LogLine[]; from: number } {
    const bottom = Math.max(0, end - bound)
    const lines = this.#wanted(query, bottom, end)
    return lines.length > count
      ? { lines: lines.slice(-count), from: Number(lines.at(-count)?.position) }
      : { lines, from: bottom }
  }

  #on(query: LogQuery, begin: number, count: number): { lines: LogLine[]; to: number } {
    const top = Math.min(this.written.length, begin + bound)
    const lines = this.#wanted(query, begin, top)
    return lines.length > count
      ? { lines: lines.slice(0, count), to: Number(lines[count - 1]?.position) + 1 }
      : { lines, to: top }
  }

  #told(lines: LogLine[], atStart: boolean, atEnd: boolean, from: number, to: number): LogPage {
    const total = Math.max(1, this.written.length)
    return { lines, atStart, atEnd, from: from / total, to: to / total, size: total * 100 }
  }
}

/** e.g. `line 0`, `line 1` … */
export const numbered = (
  count: number,
  make: (index: number) => Written = index => ({ text: `line ${index}` }),
): Written[] => Array.from({ length: count }, (_, index) => make(index))
