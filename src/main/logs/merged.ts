/**
 * Streams merged by time into one sequence of lines. A place in it (a *position*) holds a cursor for every stream, so
 * that reading can continue from it in either direction without losing or repeating a line, whatever the times say.
 * Streams without times come one after the other.
 */
import type { Line } from './lines'
import type { Pause, WantedLines } from './wanted'

/** Offset of the next line in each stream. */
export type Cursors = readonly number[]

export interface Placed {
  readonly line: Line
  readonly stream: number
  /** All streams' cursors before this line. */
  readonly before: Cursors
  /** How much further the other stream's cursor could be: the filter excludes everything in between. */
  readonly slack?: number
}

/** Patience ran out here. Ask for more to continue, or start again from here. */
export interface Paused {
  readonly at: Cursors
}

/**
 * The written form: `OFFSET` for one stream; for two, `STREAM.OFFSET.OTHER`, where OFFSET is the named stream's, or
 * `STREAM.OFFSET.LOW.HIGH` if, under the filter used, the other's cursor can be anywhere from LOW to HIGH. Cursors that
 * aren't at a line begin with `9.`.
 */
export function positionOf({ stream, before, slack }: Pick<Placed, 'stream' | 'before' | 'slack'>): string {
  const other = before[1 - stream]
  if (other === undefined) return `${before[0]}`
  return `${stream}.${before[stream]}.${other}${slack ? `.${other + slack}` : ''}`
}
export const cursorPosition = (cursors: Cursors): string => `9.${cursors.join('.')}`

/** `stream` is the line's; undefined if it isn't a line. */
export interface Position {
  readonly cursors: Cursors
  readonly stream: number | undefined
  readonly slack: number
}

/** @returns undefined if it isn't a position in a log with this many streams */
export function parsePosition(position: string, streams: number): Position | undefined {
  const parts = position.split('.').map(Number)
  if (parts.some(it => !Number.isSafeInteger(it))) return undefined
  if (parts[0] === 9 && parts.length === streams + 1) return { cursors: parts.slice(1), stream: undefined, slack: 0 }
  if (streams === 1) return parts.length === 1 ? { cursors: parts, stream: 0, slack: 0 } : undefined
  const [stream, own, other, high = other] = parts
  if (
    parts.length > 4 ||
    own === undefined ||
    other === undefined ||
    high === undefined ||
    (stream !== 0 && stream !== 1)
  )
    return undefined
  return { cursors: stream === 0 ? [own, other] : [other, own], stream, slack: Math.max(0, high - other) }
}

const key = (line: Line): number => line.recordAt ?? -Infinity

/** Lines after the cursors; at equal times, the first stream comes first. */
export const mergedForward = (
  streams: readonly WantedLines[],
  cursors: Cursors,
): Generator<Placed | Paused, void, undefined> =>
  mergeForward(
    streams.map((it, index) => it.forward(cursors[index] ?? 0)),
    cursors,
    streams.map(it => it.end),
  )

/** @param ends the streams' ends */
export const mergeForward = (
  streams: readonly Iterator<Line | Pause, void>[],
  cursors: Cursors,
  ends: Cursors,
): Generator<Placed | Paused, void, undefined> =>
  merge(
    streams,
    cursors,
    ends,
    it => it.end,
    (a, b) => key(a) <= key(b),
  )

/** Lines before the cursors, nearest first. */
export const mergedBackward = (
  streams: readonly WantedLines[],
  cursors: Cursors,
): Generator<Placed | Paused, void, undefined> =>
  merge(
    streams.map((it, index) => it.backward(cursors[index] ?? 0)),
    cursors,
    streams.map(it => it.start),
    it => it.offset,
    (a, b) => key(a) > key(b),
  )

function* merge(
  streams: readonly Iterator<Line | Pause, void>[],
  start: Cursors,
  ends: Cursors,
  passed: (line: Line) => number,
  first: (a: Line, b: Line) => boolean,
): Generator<Placed | Paused, void, undefined> {
  const cursors = [...start]
  const heads = streams.map(it => it.next().value ?? undefined)
  for (;;) {
    let paused = false
    for (const [index, head] of heads.entries()) {
      if (head && 'pausedAt' in head) {
        cursors[index] = head.pausedAt
        yield { at: [...cursors] }
        heads[index] = streams[index]?.next().value ?? undefined
        paused = true
      }
    }
    if (paused) continue
    const lines = heads as (Line | undefined)[]
    const [a, b] = lines
    const stream = a && b ? (first(a, b) ? 0 : 1) : a ? 0 : 1
    const line = lines[stream]
    if (!line) return
    // Forward, the line follows the cursors; backward, they come to lie before it once they have passed it.
    const [before, slack] = spanOf(
      cursors.with(stream, line.offset),
      1 - stream,
      lines[1 - stream],
      ends[1 - stream],
      passed,
    )
    cursors[stream] = passed(line)
    yield { line, stream, before, slack }
    heads[stream] = streams[stream]?.next().value ?? undefined
  }
}

/** The cursors, with the other stream's at its lowest possible place, and how much higher it could be. */
function spanOf(
  cursors: Cursors,
  other: number,
  head: Line | undefined,
  edge: number | undefined,
  passed: (line: Line) => number,
): [Cursors, number] {
  const cursor = cursors[other]
  if (cursor === undefined) return [cursors, 0]
  const limit = head ? (passed(head) === head.end ? head.offset : head.end) : (edge ?? cursor)
  const low = Math.min(cursor, limit)
  return [cursors.with(other, low), Math.max(cursor, limit) - low]
}
