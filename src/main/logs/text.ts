/** Filtered lines as text for a file, as shown: masked, made safe, with or without colours, each with its stamp. */
import type { LogText } from '../../shared/log'
import type { Inflated, Touch } from './inflate'
import type { Line } from './lines'
import { shownOf } from './log-view'
import { searchedBytes } from './matcher'
import { mergedForward, type Cursors } from './merged'
import { coloured, type Masks } from './show'
import { inTurns, openStreams, type LogTask, type OpenStream } from './open'
import { WantedLines } from './wanted'

/** Milliseconds between progress reports. */
const tellEvery = 100
/** Characters per chunk. */
const chunk = 1 << 19

interface Step extends LogText {
  readonly at: Cursors
}

/** Reads up to the end as of the start; the last value has no text and is `done`. */
export async function* logText(
  { view, colours }: Extract<LogTask, { type: 'text' }>,
  inflated: Inflated,
  touch: Touch,
): AsyncGenerator<LogText, void, undefined> {
  let total = 0
  const open = (): OpenStream[] => openStreams(view, inflated, touch, tellEvery, searchedBytes)
  for await (const { at: _, ...progress } of inTurns<Cursors | undefined, Step>(
    open,
    inflated,
    undefined,
    (streams, from) => readOn(streams, from, colours),
  )) {
    if (touch.signal.aborted) return
    total = progress.total
    yield progress
  }
  yield { text: '', hits: 0, scanned: total, total, done: true }
}

function* readOn(
  streams: readonly OpenStream[],
  from: Cursors | undefined,
  colours: boolean,
): Generator<Step, void, undefined> {
  const total = streams.reduce((sum, it) => sum + it.lines.file.size, 0)
  const so = (text: string, at: Cursors): Step => ({
    text,
    at,
    hits: 0,
    total,
    done: false,
    scanned: streams.reduce((sum, it, index) => sum + it.lines.file.before(at[index] ?? 0), 0),
  })
  let text = ''
  let at = from ?? streams.map(it => it.lines.file.start)
  for (const it of mergedForward(
    streams.map(({ lines, query }) => new WantedLines(lines, query)),
    at,
  )) {
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
  yield so(
    text,
    streams.map(it => it.lines.file.end),
  )
}

function written(line: Line, masks: Masks, colours: boolean): string {
  const shown = shownOf(line, masks)
  const rest = line.length > line.bytes.length ? ` … (${line.length} bytes)` : ''
  return `${line.bytes.toString('latin1', 0, line.stamp)}${colours ? coloured(shown) : shown.plain}${rest}\n`
}
