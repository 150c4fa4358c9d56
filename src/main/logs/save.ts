/** Writes the lines of a filter to a file, as they are shown: masked, harmless, with or without colours; each with its stamp. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import type { LogProgress } from '../../shared/log'
import { problem } from '../../shared/problem'
import type { Inflated } from './inflate'
import type { Line } from './lines'
import { shownOf } from './log-view'
import { searchedBytes } from './matcher'
import { mergedForward, type Cursors } from './merged'
import { coloured, type Masks } from './show'
import { openStreams, type LogTask, type LogView, type OpenStream, type Touch } from './open'
import { WantedLines } from './wanted'

/** Milliseconds between two tellings. */
const tellEvery = 100

/** @throws Problem `log-save-failed`; then, and when it is cancelled, nothing is left */
export async function* saveLog({ view, path, part, colours }: Extract<LogTask, { type: 'save' }>, inflated: Inflated, touch: Touch): AsyncGenerator<LogProgress, void, undefined> {
  const failed = (error: unknown) => problem({
    code: 'log-save-failed', message: `The log could not be saved to ${path}.`, cause: error instanceof Error ? error.message : String(error),
    hint: 'Choose another place, or make room there.', field: 'path',
  }, error)
  let file: number
  try { file = openSync(part, 'wx', 0o600) } catch (error) { throw failed(error) }
  try {
    let at: Cursors | undefined
    for (let done = false; !done && !touch.signal.aborted;) {
      const step = await inflated.during(() => readSome(view, inflated, touch, at, colours))
      if (!step) continue // it was rotated meanwhile
      try { writeSync(file, step.text) } catch (error) { throw failed(error) }
      at = step.at
      done = step.done
      yield { hits: 0, scanned: step.scanned, total: step.total, done: false }
      if (done) {
        try {
          fsyncSync(file)
          renameSync(part, path)
        } catch (error) { throw failed(error) }
        yield { hits: 0, scanned: step.total, total: step.total, done: true }
      }
    }
  } finally {
    closeSync(file)
    rmSync(part, { force: true })
  }
}

interface Step { readonly text: string; readonly at: Cursors; readonly scanned: number; readonly total: number; readonly done: boolean }

/** Characters that are written at once. */
const chunk = 1 << 20

function readSome(view: LogView, inflated: Inflated, touch: Touch, from: Cursors | undefined, colours: boolean): Step | undefined {
  const streams = openStreams(view, inflated, touch, tellEvery, searchedBytes)
  try {
    const step = readOn(streams, from ?? streams.map(it => it.lines.file.start), colours)
    return streams.every(it => it.lines.file.unmoved) ? step : undefined
  } finally { for (const it of streams) it.lines.file.close() }
}

function readOn(streams: readonly OpenStream[], from: Cursors, colours: boolean): Step {
  const total = streams.reduce((sum, it) => sum + it.lines.file.size, 0)
  const so = (text: string, at: Cursors, done: boolean): Step =>
    ({ text, at, total, done, scanned: streams.reduce((sum, it, index) => sum + it.lines.file.before(at[index] ?? 0), 0) })
  let text = ''
  let at = from
  for (const it of mergedForward(streams.map(({ lines, query }) => new WantedLines(lines, query)), from)) {
    if ('at' in it) return so(text, it.at, false)
    const { query } = streams[it.stream] as OpenStream
    text += written(it.line, query.masks, colours)
    at = it.before.with(it.stream, it.line.end)
    if (text.length >= chunk || query.patience.spent) return so(text, at, false)
  }
  return so(text, streams.map(it => it.lines.file.end), true)
}

function written(line: Line, masks: Masks, colours: boolean): string {
  const shown = shownOf(line, masks)
  const rest = line.length > line.bytes.length ? ` … (${line.length} bytes)` : ''
  return `${line.bytes.toString('latin1', 0, line.stamp)}${colours ? coloured(shown) : shown.plain}${rest}\n`
}
