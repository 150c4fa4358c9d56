/** The nearest matching line before or after another. */
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Inflated, Touch } from './inflate'
import { shownOf } from './log-view'
import { cursorPosition, mergedBackward, mergedForward, positionOf } from './merged'
import { inTurns, openStreams, type LogView, type OpenStream } from './open'
import { placeOf } from './pages'
import { WantedLines } from './wanted'

/** How long to search before yielding to the thread's other tasks. Milliseconds. */
const turn = 25

type Direction = 'next' | 'previous'
interface Looked {
  readonly at: string
  readonly found: boolean
}

/** @returns the match's position, or null */
export async function findMatch(
  view: LogView,
  from: string,
  direction: Direction,
  inflated: Inflated,
  touch: Touch,
): Promise<string | null> {
  const turns = inTurns(
    () => openStreams(view, inflated, touch, turn),
    inflated,
    from,
    (streams, at) => look(streams, at, direction),
  )
  for await (const { at, found } of turns) {
    if (found) return at
    await othersTurn()
    if (touch.signal.aborted) return null
  }
  return null
}

function* look(streams: readonly OpenStream[], from: string, direction: Direction): Generator<Looked, void, undefined> {
  const wanted = streams.map(
    ({ lines, query }) =>
      new WantedLines(lines, { ...query, filter: { ...query.filter, matchesOnly: true, context: 0 } }),
  )
  const { cursors, behind } = placeOf(streams, from)
  for (const it of direction === 'next' ? mergedForward(wanted, behind) : mergedBackward(wanted, cursors)) {
    if ('at' in it) {
      yield { at: cursorPosition(it.at), found: false }
      continue
    }
    const query = streams[it.stream]?.query
    if (query?.matcher?.test(shownOf(it.line, query.masks).plain)) yield { at: positionOf(it), found: true }
  }
}
