/** The nearest line that matches, before or behind another. */
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Inflated } from './inflate'
import { shownOf } from './log-view'
import { cursorPosition, mergedBackward, mergedForward, positionOf } from './merged'
import { steadily, type LogView, type OpenStream, type Touch } from './open'
import { placeOf } from './pages'
import { WantedLines } from './wanted'

/** Looks so long before other tasks of the thread have their turn. Milliseconds. */
const turn = 25

type Direction = 'next' | 'previous'
type Looked = { readonly found: string | null } | { readonly reached: string }

/** @returns its position, or null */
export async function findMatch(view: LogView, from: string, direction: Direction, inflated: Inflated, touch: Touch): Promise<string | null> {
  let [at, patience] = [from, turn]
  while (!touch.signal.aborted) {
    const looked = await steadily(view, inflated, touch, patience, streams => look(streams, at, direction))
    if ('found' in looked) return looked.found
    patience = looked.reached === at ? patience * 2 : turn // on a slow disk a turn may get nowhere
    at = looked.reached
    await othersTurn()
  }
  return null
}

function look(streams: readonly OpenStream[], from: string, direction: Direction): Looked {
  const wanted = streams.map(({ lines, query }) => new WantedLines(lines, { ...query, filter: { ...query.filter, matchesOnly: true, context: 0 } }))
  const { cursors, behind } = placeOf(streams, from)
  for (const it of direction === 'next' ? mergedForward(wanted, behind) : mergedBackward(wanted, cursors)) {
    if ('at' in it) return { reached: cursorPosition(it.at) }
    const query = streams[it.stream]?.query
    if (query?.matcher?.test(shownOf(it.line, query.masks).plain)) return { found: positionOf(it) }
  }
  return { found: null }
}
