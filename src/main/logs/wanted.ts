/**
 * The lines of one stream that pass a filter, forward and backward. A record passes or fails as a whole; context lines
 * are added around it.
 */
import type { LogFilter } from '../../shared/log'
import { hint } from './judge'
import type { Line, Lines } from './lines'
import { inRange, shownOf } from './log-view'
import { byPattern, type Candidates, type Matcher } from './matcher'
import { nextCandidate, previousCandidate, type ScanResult, type TimeSlice } from './scan'
import type { Masks } from './show'
import { seekTime } from './seek'

/** Time ran out: everything up to (or, backward, down to) here has been checked. */
export interface Pause {
  readonly pausedAt: number
}

export interface StreamQuery {
  readonly filter: LogFilter
  readonly matcher: Matcher | undefined
  readonly masks: Masks
  /** It is an error stream. */
  readonly allErrors: boolean
  readonly patience: TimeSlice
}

/** Jumping ahead pays off only beyond this many bytes, because it must first read what precedes the target. */
const jump = 262_144
/** Possible matches cluster, so this many bytes after one, every line is checked. */
const near = 65_536
/** How far out of time order a line may be. Bytes. */
const disorder = 65_536

type Record = readonly Line[]

export class WantedLines {
  /** No line outside this range is in the filter's time range. Offsets. */
  readonly #from: number
  readonly #to: number
  readonly #candidates: Candidates | undefined
  readonly #lines: Lines
  readonly #query: StreamQuery

  constructor(lines: Lines, query: StreamQuery) {
    this.#lines = lines
    this.#query = query

    const { file } = lines
    const { filter, matcher, allErrors } = query
    this.#from =
      filter.from === undefined
        ? file.start
        : Math.max(file.start, lines.startOf(seekTime(lines, filter.from) - disorder))
    this.#to = filter.to === undefined ? file.end : Math.min(file.end, seekTime(lines, filter.to + 1) + disorder)
    this.#candidates =
      (filter.matchesOnly ? matcher?.candidates : undefined) ??
      (filter.errorsOnly && !allErrors ? looksLikeError : undefined)
  }

  /** The stream's range. */
  get start(): number {
    return this.#lines.file.start
  }
  get end(): number {
    return this.#lines.file.end
  }

  get #everything(): boolean {
    return !this.#sparse && this.#query.filter.from === undefined && this.#query.filter.to === undefined
  }
  get #sparse(): boolean {
    return this.#query.filter.errorsOnly || (this.#query.filter.matchesOnly && this.#query.matcher !== undefined)
  }
  get #context(): number {
    return this.#query.matcher && this.#query.filter.matchesOnly ? this.#query.filter.context : 0
  }

  /** Whether a record is wanted. */
  wants(record: Record): boolean {
    const { filter, matcher, masks } = this.#query
    const [first] = record
    if (!first || !inRange(filter, first.recordAt)) return false
    if (filter.errorsOnly && !first.error) return false
    return !filter.matchesOnly || !matcher || record.some(it => matcher.test(shownOf(it, masks).plain))
  }

  *forward(offset: number): Generator<Line | Pause, void, undefined> {
    if (this.#everything) return yield* this.#lines.forward(offset)
    // A line before the offset may have its match after it: as context, or in its record.
    const start = this.#headOf(this.#back(Math.max(offset, this.#from), this.#context))
    for (const it of this.#walk(start, 1)) if ('pausedAt' in it || it.offset >= offset) yield it
  }

  /** Nearest first. */
  *backward(offset: number): Generator<Line | Pause, void, undefined> {
    if (this.#everything) return yield* this.#lines.backward(offset)
    for (const it of this.#walk(this.#ahead(Math.min(offset, this.#to), this.#context), -1))
      if ('pausedAt' in it || it.offset < offset) yield it
  }

  *#walk(begin: number, direction: 1 | -1): Generator<Line | Pause, void, undefined> {
    const { patience } = this.#query
    let records = this.#records(begin, direction)
    let beside: Line[] = [] // seen last, and context if the next record is wanted
    let owed = 0
    let lookAgainAt = begin
    for (let next = records.next(); !next.done; next = records.next()) {
      const record = next.value
      if (this.wants(record)) {
        yield* beside
        beside = []
        yield* inOrder(record, direction)
        owed = this.#context
        continue
      }
      for (const line of inOrder(record, direction)) {
        if (owed > 0 && inRange(this.#query.filter, line.recordAt)) {
          owed--
          yield line
          continue
        }
        if (this.#context === 0) break
        if (inRange(this.#query.filter, line.recordAt)) beside.push(line)
        if (beside.length > this.#context) beside.shift()
      }
      const reached = direction > 0 ? (record.at(-1)?.end ?? begin) : (record[0]?.offset ?? begin)
      if (owed > 0) continue
      if (this.#candidates && (reached - lookAgainAt) * direction >= 0) {
        let candidate = this.#candidate(reached, direction)
        while (candidate.type === 'spent') {
          yield { pausedAt: direction > 0 ? this.#lines.startOf(candidate.at) : this.#ahead(candidate.at, 1) }
          candidate = this.#candidate(candidate.at, direction)
        }
        if (candidate.type === 'none') return
        lookAgainAt = candidate.at + direction * near
        if (Math.abs(candidate.at - reached) > jump) {
          const landing =
            direction > 0
              ? this.#back(this.#headOf(candidate.at), this.#context)
              : this.#ahead(candidate.at, this.#context + 1)
          records = this.#records(direction > 0 ? Math.max(landing, reached) : Math.min(landing, reached), direction)
          beside = []
          continue
        }
      }
      if (patience.spent) yield { pausedAt: reached }
    }
  }

  /** The start of the record that contains a place. */
  #headOf(offset: number): number {
    return this.#lines.lineAt(offset)?.head ?? offset
  }

  /** The start of the nth line before an offset. */
  #back(offset: number, count: number): number {
    let start = this.#lines.startOf(offset)
    if (count === 0) return start
    let left = count
    for (const line of this.#lines.backward(start)) {
      start = line.offset
      if (--left <= 0) break
    }
    return start
  }

  /** The end of the nth line from an offset, or of the record it belongs to. */
  #ahead(offset: number, count: number): number {
    let end = offset
    let left = count
    for (const line of this.#lines.forward(offset)) {
      if (left-- <= 0 && line.head === line.offset) break
      end = line.end
    }
    return end
  }

  #candidate(reached: number, direction: 1 | -1): ScanResult {
    const { file } = this.#lines
    const candidates = this.#candidates
    if (!candidates) return { type: 'none' }
    return direction > 0
      ? nextCandidate(file, candidates, reached, this.#to, this.#query.patience)
      : previousCandidate(file, candidates, reached, this.#from, this.#query.patience)
  }

  /** Lines grouped by record, oldest first within each. */
  *#records(begin: number, direction: 1 | -1): Generator<Record, void, undefined> {
    let record: Line[] = []
    for (const line of direction > 0 ? this.#lines.forward(begin) : this.#lines.backward(begin)) {
      if (direction > 0 ? line.offset >= this.#to : line.end <= this.#from) break
      if (record.length && record[0]?.head !== line.head) {
        yield inOrder(record, direction)
        record = []
      }
      record.push(line)
    }
    if (record.length) yield inOrder(record, direction)
  }
}

const inOrder = (record: Record, direction: 1 | -1): Record => (direction > 0 ? record : record.toReversed())

/** 32 exceeds the longest word of the pattern. */
const looksLikeError = byPattern(new RegExp(hint, 'g'), 32)
