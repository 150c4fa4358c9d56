/** Counts the lines that match in the whole of a log, telling how far it is. */
import type { LogProgress } from '../../shared/log'
import type { Inflated } from './inflate'
import { shownOf } from './log-view'
import { parsePosition } from './merged'
import { openStreams, type LogView, type OpenStream, type Touch } from './open'
import { WantedLines } from './wanted'

/** Between two tellings. Milliseconds. */
const tellEvery = 100

/** @param until counts up to and with this line. Hits are lines. */
export async function* countMatches(view: LogView, until: string | undefined, inflated: Inflated, touch: Touch): AsyncGenerator<LogProgress, void, undefined> {
  const limits = until === undefined ? undefined : parsePosition(until, view.streams.length)
  const only = { ...view, filter: { ...view.filter, matchesOnly: true, context: 0 } }
  let hits = 0
  let scannedBefore = 0
  const total = openStreams(only, inflated, touch, Infinity).reduce((sum, { lines: { file } }) => { file.close(); return sum + file.size }, 0)
  for (const index of view.streams.keys()) {
    // The line itself is counted too: its offset is within.
    const limit = limits ? (limits.cursors[index] ?? 0) + (limits.stream === index ? 1 : 0) : Infinity
    let at: number | undefined
    for (let done = false; !done;) {
      const step = await inflated.during(() => countSome(only, inflated, touch, index, at, limit))
      hits += step.hits
      done = step.done
      at = step.at
      yield { hits, scanned: scannedBefore + step.scanned, total, done: false }
      if (done) scannedBefore += step.scanned
    }
  }
  yield { hits, scanned: total, total, done: true }
}

interface Step { readonly hits: number; readonly at: number; readonly scanned: number; readonly done: boolean }

/** Goes on from an offset (undefined: the beginning) for a while. Rotation in between changes no offset. */
function countSome(view: LogView, inflated: Inflated, touch: Touch, index: number, from: number | undefined, limit: number): Step {
  const streams = openStreams(view, inflated, touch, tellEvery)
  const stream = streams[index] as OpenStream
  const { lines: { file }, query } = stream
  try {
    let hits = 0
    let at = from ?? file.start
    for (const it of new WantedLines(stream.lines, query).forward(at)) {
      if ('pausedAt' in it) return { hits, at: it.pausedAt, scanned: file.before(it.pausedAt), done: false }
      if (it.offset >= limit) return { hits, at, scanned: file.size, done: true }
      if (query.matcher?.test(shownOf(it, query.masks).plain)) hits++
      at = it.end
      if (query.patience.spent) return { hits, at, scanned: file.before(at), done: false }
    }
    return { hits, at: file.end, scanned: file.size, done: true }
  } finally { for (const it of streams) it.lines.file.close() }
}
