/** The nearest line that matches, before or behind another. */
import type { OpenStream } from './open'
import { placeOf } from './pages'
import { shownOf } from './log-view'
import { mergedBackward, mergedForward, positionOf } from './merged'
import { WantedLines } from './wanted'

/** @returns its position, or null */
export function findMatch(streams: readonly OpenStream[], from: string, direction: 'next' | 'previous'): string | null {
  const wanted = streams.map(({ lines, query }) => new WantedLines(lines, { ...query, filter: { ...query.filter, matchesOnly: true, context: 0 } }))
  const { cursors, behind } = placeOf(streams, from)
  for (const it of direction === 'next' ? mergedForward(wanted, behind) : mergedBackward(wanted, cursors)) {
    if ('at' in it) continue
    const query = streams[it.stream]?.query
    if (query?.matcher?.test(shownOf(it.line, query.masks).plain)) return positionOf(it)
  }
  return null
}
