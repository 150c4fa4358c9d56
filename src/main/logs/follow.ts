/**
 * New lines as they come. Nothing waits in memory: what the reader has not taken yet is in the file. A reader that is
 * far behind is told how many lines it missed. Rotation moves bytes to other files and changes no offset; a log that
 * was emptied or replaced begins anew.
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
 * How lines are given: so many in one batch, with so many milliseconds after a full one; the bytes that a reader may be
 * behind, and where it goes on when it is further.
 */
interface Pace {
  readonly batch: number
  readonly pause: number
  readonly mostBehind: number
  readonly goOnAt: number
}

/** A reader that wants every line: it is held up by what it does with them. */
const whole: Pace = { batch: 500, pause: 0, mostBehind: 8 << 20, goOnAt: 1 << 19 }
/** A view, which draws a few thousand in a second and stays smooth: more than anyone can read. */
const drawn: Pace = { batch: 200, pause: 25, mostBehind: 1 << 19, goOnAt: 1 << 16 }
/** Looks without being told of a change: not every file system tells. Milliseconds. */
const lookEvery = 1000
/** Bytes before the last line that was given: when they have changed, the log was replaced. */
const printLength = 64

interface Tail {
  readonly stream: OpenStream
  readonly filter: FollowFilter
  /** The first line that was not given, and how the one before it begins. */
  next: number
  print: { readonly offset: number; readonly bytes: Buffer } | undefined
  /** What is to be told with the next news. */
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
  const pace = task.drawn && !some ? drawn : whole // who looks for some lines misses none in a flood of others
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

/** The next lines; `more`: there may be others already. */
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
 * Sees what there is now. `gone`: ours is no longer in its place, and none is; `old`: another one is. What is left of
 * ours is read first.
 */
function catchUp(tail: Tail, { mostBehind, goOnAt }: Pace): 'gone' | 'old' | 'current' {
  const { file } = tail.stream.lines
  const { replaced } = file
  if (replaced !== undefined) {
    file.grow()
    return replaced
  }
  file.refresh()
  if (file.end < tail.next || !sameAsBefore(tail)) begin(tail)
  if (file.end - tail.next > mostBehind) skipAhead(tail, goOnAt)
  return 'current'
}

/** A file that was emptied, or another one. */
function begin(tail: Tail): void {
  const { lines } = tail.stream
  lines.file.refresh()
  lines.forget()
  Object.assign(tail, { next: lines.file.liveStart, print: undefined, restarted: true })
}

/** Emptied and written again it may be as long as before. */
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

/** Counts the lines that are left out. */
function skipAhead(tail: Tail, goOnAt: number): void {
  const { lines } = tail.stream
  const target = lines.startOf(lines.file.end - goOnAt)
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

/** A line without its end may still grow. */
function* wholeLines({ stream, next }: Tail): Generator<Line, void, undefined> {
  for (const line of stream.lines.forward(next)) {
    if (!line.whole) return
    yield line
  }
}

interface Changes {
  /** From here on changes count. */
  clear(): void
  /** Resolves at a change, at the end, or after so many milliseconds. */
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
    } // the folder may come later
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
