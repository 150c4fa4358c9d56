/**
 * Counts matching lines in an entire log, reporting progress. Scans raw bytes and decodes only lines that may match.
 */
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { LogProgress } from '../../shared/log'
import type { Inflated, Touch } from './inflate'
import { continues, looksLikeError } from './judge'
import { inRange } from './log-view'
import { searchedBytes } from './matcher'
import { parsePosition } from './merged'
import { openStreams, type LogView, type OpenStream } from './open'
import { seekTime } from './seek'
import { show } from './show'
import { stampOf } from './stamps'

/** Milliseconds between progress reports. */
const reportEvery = 100
/** How far out of time order a line may be. Bytes. */
const disorder = 65_536
const block = 1 << 19
const newline = 0x0a
const escape = 0x1b

/** @param until the last line to count, inclusive. A hit is a line. */
export async function* countMatches(
  view: LogView,
  until: string | undefined,
  inflated: Inflated,
  touch: Touch,
): AsyncGenerator<LogProgress, void, undefined> {
  const streams = await inflated.during(() => openStreams(view, inflated, touch, Infinity))
  const limits = until === undefined ? undefined : parsePosition(until, streams.length)
  const total = streams.reduce((sum, it) => sum + it.lines.file.size, 0)
  const buffer = Buffer.allocUnsafe(block)
  let hits = 0
  let before = 0
  let reportedAt = performance.now()
  try {
    for (const [index, stream] of streams.entries()) {
      const { file } = stream.lines
      const range = await inflated.during(() => rangeOf(stream))
      // Includes the line itself.
      const limit = limits ? (limits.cursors[index] ?? 0) + (limits.stream === index ? 1 : 0) : Infinity
      for (let at = range.from; at < Math.min(range.to, limit);) {
        const step = await inflated.during(() => countBlock(stream, at, Math.min(range.to, limit), buffer))
        touch.alive()
        await othersTurn()
        if (touch.signal.aborted) return
        if (!file.unmoved) {
          // rotation doesn't change offsets
          await inflated.during(() => file.refresh())
          stream.lines.forget()
          continue
        }
        hits += step.hits
        at = step.at
        if (performance.now() - reportedAt > reportEvery) {
          yield { hits, scanned: before + file.before(at), total, done: false }
          reportedAt = performance.now()
        }
      }
      before += file.size
    }
  } finally {
    for (const it of streams) it.lines.file.close()
  }
  yield { hits, scanned: total, total, done: true }
}

/** The byte range that can hold lines in the filter's time range. */
function rangeOf({ lines, query: { filter } }: OpenStream): { from: number; to: number } {
  const { file } = lines
  return {
    from:
      filter.from === undefined
        ? file.start
        : lines.startOf(Math.max(file.start, seekTime(lines, filter.from) - disorder)),
    to: filter.to === undefined ? file.end : Math.min(file.end, seekTime(lines, filter.to + 1) + disorder),
  }
}

/** Counts matches among the lines of one block, which starts at an offset where a line begins. */
function countBlock(stream: OpenStream, at: number, to: number, buffer: Buffer): { hits: number; at: number } {
  const { file } = stream.lines
  const got = file.read(buffer, at)
  if (got === 0) return { hits: 0, at: Math.max(file.run(at).start, at + 1) }
  const last = buffer.lastIndexOf(newline, got - 1)
  const whole = last >= 0 ? last + 1 : got
  if (last < 0 && got === buffer.length) {
    // longer than a block
    const line = stream.lines.lineAt(at)
    return line ? { hits: matches(stream, line.bytes, at) ? 1 : 0, at: line.end } : { hits: 0, at: at + got }
  }
  const end = at + got >= file.end && last < 0 ? got : whole
  const bytes = buffer.subarray(0, Math.min(end, to - at + lineRest(buffer, to - at, end)))
  const candidates = stream.query.matcher?.candidates?.(bytes)
  let hits = 0
  let escaped = candidates ? bytes.indexOf(escape) : 0
  for (let from = 0; from < bytes.length;) {
    let place = from
    if (candidates) {
      if (escaped >= 0 && escaped < from) escaped = bytes.indexOf(escape, from)
      const next = candidates.next(from)
      if (next < 0 && escaped < 0) break
      place = next < 0 ? escaped : escaped < 0 ? next : Math.min(next, escaped)
    }
    const start = place === from ? from : Math.max(from, bytes.lastIndexOf(newline, place - 1) + 1)
    const found = bytes.indexOf(newline, place)
    const stop = found < 0 ? bytes.length : found
    if (matches(stream, bytes.subarray(start, stop > start && bytes[stop - 1] === 0x0d ? stop - 1 : stop), at + start))
      hits++
    from = stop + 1
  }
  return { hits, at: at + end }
}

/** Bytes up to the end of the line that begins before an offset. */
function lineRest(buffer: Buffer, place: number, end: number): number {
  if (place >= end) return 0
  const found = buffer.indexOf(newline, Math.max(0, place - 1))
  return found < 0 ? end - place : Math.max(0, found + 1 - place)
}

function matches(
  { lines, query: { matcher, masks, filter, allErrors } }: OpenStream,
  bytes: Buffer,
  offset: number,
): boolean {
  const stamp = stampOf(bytes)
  const { plain } = masks.apply(show(bytes.toString('utf8', stamp?.length ?? 0, Math.min(bytes.length, searchedBytes))))
  if (!matcher?.test(plain)) return false
  const timed = filter.from !== undefined || filter.to !== undefined
  const judged = filter.errorsOnly && !allErrors
  if (!timed && !judged) return true
  if (!continues(plain) && (stamp || !timed))
    return (!timed || inRange(filter, stamp?.at)) && (!judged || looksLikeError(plain))
  const line = lines.lineAt(offset) // its record depends on the lines before it
  return line !== undefined && inRange(filter, line.recordAt) && (!judged || line.error)
}
