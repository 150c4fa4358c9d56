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
import { inTurns, openStreams, type LogTask, type OpenStream, type Touch } from './open'
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
    let total = 0
    const open = (): OpenStream[] => openStreams(view, inflated, touch, tellEvery, searchedBytes)
    for await (const step of inTurns<Cursors | undefined, Step>(open, inflated, undefined, (streams, from) => readOn(streams, from, colours))) {
      try { writeSync(file, step.text) } catch (error) { throw failed(error) }
      total = step.total
      yield { hits: 0, scanned: step.scanned, total, done: false }
      if (touch.signal.aborted) return
    }
    try {
      fsyncSync(file)
      renameSync(part, path)
    } catch (error) { throw failed(error) }
    yield { hits: 0, scanned: total, total, done: true }
  } finally {
    closeSync(file)
    rmSync(part, { force: true })
  }
}

interface Step { readonly text: string; readonly at: Cursors; readonly scanned: number; readonly total: number }

/** Characters that are written at once. */
const chunk = 1 << 20

function* readOn(streams: readonly OpenStream[], from: Cursors | undefined, colours: boolean): Generator<Step, void, undefined> {
  const total = streams.reduce((sum, it) => sum + it.lines.file.size, 0)
  const so = (text: string, at: Cursors): Step =>
    ({ text, at, total, scanned: streams.reduce((sum, it, index) => sum + it.lines.file.before(at[index] ?? 0), 0) })
  let text = ''
  let at = from ?? streams.map(it => it.lines.file.start)
  for (const it of mergedForward(streams.map(({ lines, query }) => new WantedLines(lines, query)), at)) {
    if ('at' in it) at = it.at
    else {
      const { query } = streams[it.stream] as OpenStream
      text += written(it.line, query.masks, colours)
      at = it.before.with(it.stream, it.line.end)
      if (text.length < chunk && !query.patience.spent) continue
    }
    yield so(text, at)
    text = ''
  }
  yield so(text, streams.map(it => it.lines.file.end))
}

function written(line: Line, masks: Masks, colours: boolean): string {
  const shown = shownOf(line, masks)
  const rest = line.length > line.bytes.length ? ` … (${line.length} bytes)` : ''
  return `${line.bytes.toString('latin1', 0, line.stamp)}${colours ? coloured(shown) : shown.plain}${rest}\n`
}
