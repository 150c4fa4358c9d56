/**
 * New lines as they are written. Nothing is buffered in memory: lines that the reader has not taken yet stay in the
 * file. A reader that falls too far behind skips lines, and gets their number. Rotation moves bytes to other files but
 * doesn't change offsets; a log that was emptied or replaced is read from its start.
 */
import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogLine, LogNews } from '../../shared/log'
import { FollowFilter } from './follow-filter'
import type { Inflated, Touch } from './inflate'
import type { Line } from './lines'
import { tell } from './log-view'
import { mergeForward, positionOf, type Placed } from './merged'
import { openStreams, type LogTask, type LogView, type OpenStream } from './open'
import { placeOf } from './pages'

/**
 * How lines are delivered: the batch size in lines, the pause after a full batch in milliseconds, how many bytes a
 * reader may fall behind, and how many bytes before the end it resumes if it falls further.
 */
interface Pace {
  readonly batch: number
  readonly pause: number
  readonly mostBehind: number
  readonly resumeAt: number
}

/** For a reader that wants every line and sets the pace itself. */
const whole: Pace = { batch: 500, pause: 0, mostBehind: 8 << 20, resumeAt: 1 << 19 }
/** For a view: a few thousand lines a second, which is smooth, and more than anyone can read. */
const drawn: Pace = { batch: 200, pause: 25, mostBehind: 1 << 19, resumeAt: 1 << 16 }
/** Polling interval, since not every file system reports changes. Milliseconds. */
const lookEvery = 1000
/** Bytes compared at the start of the last delivered line: if they have changed, the log was replaced. */
const printLength = 64

interface Tail {
  readonly stream: OpenStream
  readonly filter: FollowFilter
  /** The first undelivered line, and how the one before it begins. */
  next: number
  print: { readonly offset: number; readonly bytes: Buffer } | undefined
  /** To report with the next news. */
  skipped: number
  restarted: boolean
}

export async function* followLog(
  task: LogTask & { type: 'follow' },
  inflated: Inflated,
  touch: Touch,
): AsyncGenerator<LogNews, void, undefined> {
  const { view, after } = task
  const some = view.filter.errorsOnly || (view.filter.search !== undefined && view.filter.matchesOnly)
  const pace = task.drawn && !some ? drawn : whole // a filtered view must not skip its few lines in a flood of others
  const change = watchChanges(view, touch.signal)
  const streams = await inflated.during(() => openStreams(view, inflated, touch, Infinity))
  try {
    const start = await inflated.during(() =>
      after === undefined ? streams.map(it => it.lines.startOf(it.lines.file.end)) : placeOf(streams, after).behind,
    )
    const tails = streams.map((stream, index): Tail => ({
      stream,
      filter: new FollowFilter(stream.query),
      next: start[index] ?? 0,
      print: undefined,
      skipped: 0,
      restarted: false,
    }))
    while (!touch.signal.aborted) {
      touch.alive()
      change.clear()
      const { lines, more } = await inflated.during(() => look(tails, pace))
      const skipped = tails.reduce((sum, it) => sum + it.skipped, 0)
      const restarted = tails.some(it => it.restarted)
      for (const it of tails) Object.assign(it, { skipped: 0, restarted: false })
      if (lines.length || skipped || restarted) yield { lines, skipped, ...(restarted && { restarted }) }
      if (!more) await change.next(lookEvery)
      else if (lines.length === pace.batch) await delay(pace.pause)
    }
  } finally {
    change.stop()
    for (const it of streams) it.lines.file.close()
  }
}

/** The next lines; `more`: more may be ready. */
function look(tails: readonly Tail[], pace: Pace): { lines: LogLine[]; more: boolean } {
  const drained = tails.map(it => catchUp(it, pace))
  const placed: Placed[] = []
  for (const it of mergeForward(
    tails.map(wholeLines),
    tails.map(it => it.next),
    tails.map(it => it.next),
  )) {
    if (!('at' in it)) placed.push(it)
    if (placed.length === pace.batch) break
  }
  if (!tails.every((it, index) => drained[index] !== 'current' || it.stream.lines.file.unmoved))
    return { lines: [], more: true }
  const lines: LogLine[] = []
  for (const { line, stream, before } of placed) {
    const tail = tails[stream] as Tail
    const { name, query } = tail.stream
    tail.next = line.end
    tail.print = { offset: line.offset, bytes: Buffer.from(line.bytes.subarray(0, printLength)) }
    for (const it of tail.filter.push(line)) {
      lines.push(
        tell(it, query.masks, query.matcher, positionOf({ stream, before: before.with(stream, it.offset) }), name),
      )
    }
  }
  const over = tails.filter((_, index) => drained[index] === 'old' && !placed.some(it => it.stream === index))
  for (const it of over) begin(it)
  return { lines, more: placed.length > 0 || over.length > 0 }
}

/**
 * Refreshes the view of the file. `gone`: the file has been removed; `old`: another one has replaced it. The rest of
 * the open file is read first.
 */
function catchUp(tail: Tail, { mostBehind, resumeAt }: Pace): 'gone' | 'old' | 'current' {
  const { file } = tail.stream.lines
  const { replaced } = file
  if (replaced !== undefined) {
    file.grow()
    return replaced
  }
  file.refresh()
  if (file.end < tail.next || !sameAsBefore(tail)) begin(tail)
  if (file.end - tail.next > mostBehind) skipAhead(tail, resumeAt)
  return 'current'
}

/** Starts over in a file that was emptied or replaced. */
function begin(tail: Tail): void {
  const { lines } = tail.stream
  lines.file.refresh()
  lines.forget()
  Object.assign(tail, { next: lines.file.liveStart, print: undefined, restarted: true })
}

/** Compares content too, because a file that was emptied and rewritten may have its old length. */
function sameAsBefore({
  print,
  stream: {
    lines: { file },
  },
}: Tail): boolean {
  if (!print || print.offset < file.liveStart) return true
  const bytes = Buffer.alloc(print.bytes.length)
  return file.read(bytes, print.offset) === bytes.length && bytes.equals(print.bytes)
}

/** Counts the lines skipped. */
function skipAhead(tail: Tail, resumeAt: number): void {
  const { lines } = tail.stream
  const target = lines.startOf(lines.file.end - resumeAt)
  const buffer = Buffer.allocUnsafe(1 << 20)
  let skipped = 0
  for (let at = tail.next; at < target;) {
    const got = lines.file.read(buffer.subarray(0, Math.min(buffer.length, target - at)), at)
    if (got === 0) break
    for (
      let found = buffer.subarray(0, got).indexOf(0x0a);
      found >= 0;
      found = buffer.subarray(0, got).indexOf(0x0a, found + 1)
    )
      skipped++
    at += got
  }
  Object.assign(tail, { next: target, print: undefined, skipped: tail.skipped + skipped })
}

/** Complete lines only: one without a line break may still grow. */
function* wholeLines({ stream, next }: Tail): Generator<Line, void, undefined> {
  for (const line of stream.lines.forward(next)) {
    if (!line.whole) return
    yield line
  }
}

interface Changes {
  /** Forgets earlier changes. */
  clear(): void
  /** Resolves on a change, when stopped, or after this many milliseconds. */
  next(milliseconds: number): Promise<void>
  stop(): void
}

function watchChanges({ streams }: LogView, signal: AbortSignal): Changes {
  let changed = false
  let wake = (): void => undefined
  const mark = (): void => {
    changed = true
    wake()
  }
  signal.addEventListener('abort', mark)
  const watchers = [...new Set(streams.map(it => dirname(it.path)))].flatMap(folder => {
    const names = streams.map(it => basename(it.path))
    try {
      return [
        watch(folder, (_, name) => {
          if (name === null || names.includes(name)) mark()
        }).on('error', () => undefined),
      ]
    } catch {
      return []
    } // the folder may not exist yet
  })
  return {
    clear() {
      changed = false
    },
    async next(milliseconds) {
      if (changed) return
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, milliseconds)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
    stop() {
      signal.removeEventListener('abort', mark)
      for (const it of watchers) it.close()
    },
  }
}
