/**
 * Streams merged by time into one row of lines. A place in it (a *position*) holds a cursor for every stream, so that reading goes on
 * from it either way without losing or doubling a line, whatever the times say. Streams without times come one after the other.
 */
import type { Line } from './lines'
import type { Pause, WantedLines } from './wanted'

/** Before which line of each stream: offsets. */
export type Cursors = readonly number[]

export interface Placed {
  readonly line: Line
  readonly stream: number
  /** Before this line: all streams' cursors. */
  readonly before: Cursors
}

/** Patience is spent; reading may go on from here. */
export interface Paused { readonly at: Cursors }

/** In writing: one stream `OFFSET`; two `STREAM.OFFSET.OTHER`, OFFSET being that of the stream named. A cursor, which is no line, begins with `9.`. */
export function positionOf({ stream, before }: Pick<Placed, 'stream' | 'before'>): string {
  return before.length === 1 ? `${before[0]}` : `${stream}.${before[stream]}.${before[1 - stream]}`
}
export const cursorPosition = (cursors: Cursors): string => `9.${cursors.join('.')}`

/** @returns `stream`: the line's, undefined if it is no line; undefined if this is no position in a log of so many streams */
export function parsePosition(position: string, streams: number): { cursors: Cursors; stream: number | undefined } | undefined {
  const parts = position.split('.').map(Number)
  if (parts.some(it => !Number.isSafeInteger(it))) return undefined
  if (parts[0] === 9 && parts.length === streams + 1) return { cursors: parts.slice(1), stream: undefined }
  if (streams === 1) return parts.length === 1 ? { cursors: parts, stream: 0 } : undefined
  const [stream, own, other] = parts
  if (parts.length !== 3 || own === undefined || other === undefined || (stream !== 0 && stream !== 1)) return undefined
  return { cursors: stream === 0 ? [own, other] : [other, own], stream }
}

const key = (line: Line): number => line.recordAt ?? -Infinity

/** From the cursors on; in the same moment the first stream goes first. */
export function* mergedForward(streams: readonly WantedLines[], cursors: Cursors): Generator<Placed | Paused, void, undefined> {
  yield* mergeForward(streams.map((it, index) => it.forward(cursors[index] ?? 0)), cursors)
}

export const mergeForward = (streams: readonly Iterator<Line | Pause, void>[], cursors: Cursors): Generator<Placed | Paused, void, undefined> =>
  merge(streams, cursors, it => it.end, (a, b) => key(a) <= key(b))

/** Before the cursors, the nearest first. */
export function* mergedBackward(streams: readonly WantedLines[], cursors: Cursors): Generator<Placed | Paused, void, undefined> {
  yield* merge(streams.map((it, index) => it.backward(cursors[index] ?? 0)), cursors, it => it.offset, (a, b) => key(a) > key(b))
}

function* merge(
  streams: readonly Iterator<Line | Pause, void>[], start: Cursors, passed: (line: Line) => number, first: (a: Line, b: Line) => boolean,
): Generator<Placed | Paused, void, undefined> {
  const cursors = [...start]
  const heads = streams.map(it => it.next().value ?? undefined)
  for (;;) {
    for (const [index, head] of heads.entries()) {
      if (head && 'pausedAt' in head) {
        cursors[index] = head.pausedAt
        yield { at: cursors }
        return
      }
    }
    const lines = heads as (Line | undefined)[]
    const [a, b] = lines
    const stream = a && b ? (first(a, b) ? 0 : 1) : a ? 0 : 1
    const line = lines[stream]
    if (!line) return
    // Forward the line is behind the cursors, backward it is before them once they have passed it.
    const before = cursors.with(stream, line.offset)
    cursors[stream] = passed(line)
    yield { line, stream, before }
    heads[stream] = streams[stream]?.next().value ?? undefined
  }
}
