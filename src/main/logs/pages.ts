/** Pages of a log: a few lines around a place, and their position in the whole. Reads little more than it shows. */
import type { LogAnchor, LogLine, LogPage } from '../../shared/log'
import { tell } from './log-view'
import {
  cursorPosition,
  mergedBackward,
  mergedForward,
  parsePosition,
  positionOf,
  type Cursors,
  type Paused,
  type Placed,
} from './merged'
import type { OpenStream } from './open'
import { seekTime } from './seek'
import { WantedLines } from './wanted'

interface Taken {
  readonly lines: readonly LogLine[]
  readonly first: Cursors
  readonly last: Cursors
  readonly end: boolean
  readonly pausedAt?: Cursors
}

export function readPage(streams: readonly OpenStream[], anchor: LogAnchor, count: number): LogPage {
  const wanted = streams.map(it => new WantedLines(it.lines, it.query))
  const forward = (from: Cursors, maxLines: number): Taken => take(streams, mergedForward(wanted, from), from, maxLines)
  const backward = (from: Cursors, maxLines: number): Taken => {
    const { lines, first, last, ...more } = take(streams, mergedBackward(wanted, from), from, maxLines)
    return { lines: lines.toReversed(), first: last, last: first, ...more }
  }
  const starts = streams.map(it => it.lines.file.start)
  const ends = streams.map(it => it.lines.file.end)
  switch (anchor.type) {
    case 'start':
      return page(streams, undefined, forward(starts, count), starts)
    case 'end':
      return page(streams, backward(ends, count), undefined, ends)
    case 'time':
      return fromHere(streams.map(it => seekTime(it.lines, anchor.time)))
    case 'fraction':
      return fromHere(atFraction(streams, anchor.fraction))
    case 'before': {
      const { cursors } = placeOf(streams, anchor.position)
      return page(streams, backward(cursors, count), undefined, cursors)
    }
    case 'after': {
      const { behind } = placeOf(streams, anchor.position)
      return page(streams, undefined, forward(behind, count), behind)
    }
    case 'around': {
      const { cursors } = placeOf(streams, anchor.position)
      const half = Math.floor(count / 2)
      const after = forward(cursors, count - half)
      const before = backward(cursors, count - after.lines.length)
      return page(
        streams,
        before,
        after.lines.length + before.lines.length === count ? after : forward(cursors, count - before.lines.length),
        cursors,
      )
    }
  }

  /** A page that begins here; near the end of the log, it is filled up with earlier lines. */
  function fromHere(cursors: Cursors): LogPage {
    const after = forward(cursors, count)
    if (!after.end || after.lines.length === count) return page(streams, undefined, after, cursors)
    return page(streams, backward(cursors, count - after.lines.length), after, cursors)
  }
}

/** Reads at most this many lines. */
function take(
  streams: readonly OpenStream[],
  lines: Iterable<Placed | Paused>,
  from: Cursors,
  maxLines: number,
): Taken {
  const found: LogLine[] = []
  let first: Cursors = from
  let last: Cursors = from
  for (const it of maxLines > 0 ? lines : []) {
    if ('at' in it) return { lines: found, first, last, end: false, pausedAt: it.at }
    if (found.length === maxLines) return { lines: found, first, last, end: false }
    const stream = streams[it.stream]
    if (!stream) continue
    if (found.length === 0) first = it.before
    last = it.before
    found.push(tell(it.line, stream.query.masks, stream.query.matcher, positionOf(it), stream.name))
  }
  return { lines: found, first, last, end: maxLines > 0 }
}

function page(
  streams: readonly OpenStream[],
  before: Taken | undefined,
  after: Taken | undefined,
  place: Cursors,
): LogPage {
  const lines = [...(before?.lines ?? []), ...(after?.lines ?? [])]
  const size = streams.reduce((sum, it) => sum + it.lines.file.size, 0)
  const fractionAt = (cursors: Cursors): number =>
    size === 0 ? 0 : streams.reduce((sum, it, index) => sum + it.lines.file.before(cursors[index] ?? 0), 0) / size
  const paused = before?.pausedAt ?? after?.pausedAt
  return {
    lines,
    size,
    atStart: before ? before.end : atEdge(streams, place, 'start'),
    atEnd: after ? after.end : atEdge(streams, place, 'end'),
    from: fractionAt((before?.lines.length ? before : after)?.first ?? place),
    to: fractionAt((after?.lines.length ? after : before)?.last ?? place),
    ...(paused && { more: cursorPosition(paused) }),
  }
}

const atEdge = (streams: readonly OpenStream[], place: Cursors, edge: 'start' | 'end'): boolean =>
  streams.every(({ lines: { file } }, index) =>
    edge === 'start' ? (place[index] ?? 0) <= file.start : (place[index] ?? 0) >= file.end,
  )

/**
 * The cursors of a position, and those after its line. A position no longer in the log becomes the nearest one that is.
 */
export function placeOf(streams: readonly OpenStream[], position: string): { cursors: Cursors; behind: Cursors } {
  const parsed = parsePosition(position, streams.length)
  const { stream, slack = 0 } = parsed ?? {}
  const found = streams.map(({ lines: { file } }, index) =>
    Math.min(Math.max(parsed?.cursors[index] ?? file.end, file.start), file.end),
  )
  const line = stream === undefined ? undefined : streams[stream]?.lines.lineAt(found[stream] ?? 0)
  const cursors =
    stream === undefined || slack === 0
      ? found
      : found.map((low, index) =>
          index === stream ? low : momentIn(streams[index], line?.recordAt, index, low, slack),
        )
  return { cursors, behind: stream === undefined || !line ? cursors : cursors.with(stream, line.end) }
}

/**
 * A stream's place at a given time, between two others: the filter has changed, so what lies between may be wanted now.
 */
function momentIn(
  other: OpenStream | undefined,
  at: number | undefined,
  index: number,
  low: number,
  slack: number,
): number {
  if (!other || at === undefined) return low
  // At equal times, the first stream comes first.
  return Math.min(
    Math.max(seekTime(other.lines, index === 0 ? at + 1 : at), low),
    Math.min(low + slack, other.lines.file.end),
  )
}

/** A place with about this share of all bytes before it, at the same time in every stream. */
function atFraction(streams: readonly OpenStream[], fraction: number): Cursors {
  const [largest] = streams.toSorted((a, b) => b.lines.file.size - a.lines.file.size)
  if (!largest) return []
  const { lines } = largest
  const offset = lines.startOf(lines.file.at(Math.floor(lines.file.size * fraction)))
  const at = lines.lineAt(offset)?.recordAt
  return streams.map(it =>
    it === largest
      ? offset
      : at === undefined
        ? it.lines.startOf(it.lines.file.at(Math.floor(it.lines.file.size * fraction)))
        : seekTime(it.lines, at),
  )
}
