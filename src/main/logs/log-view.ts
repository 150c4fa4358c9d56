/** Lines as they are shown: safe text, masked secrets, highlights. */
import type { LogFilter, LogLine } from '../../shared/log'
import type { Line } from './lines'
import type { Matcher } from './matcher'
import { coloured, cutTo, show, shownBytes, type Masks, type SafeLine } from './show'

/** The text of a line, masked, without colours, as searched and shown. */
export function shownOf(line: Line, masks: Masks): SafeLine {
  return masks.apply(show(line.bytes.toString('utf8', line.stamp)))
}

/** @param stream an instance's. @param position among all streams */
export function tell(
  line: Line,
  masks: Masks,
  matcher: Matcher | undefined,
  position: string,
  stream: 'out' | 'err' | undefined,
): LogLine {
  const long = line.length > shownBytes
  // Cutting before masking would expose the start of a secret at the cut.
  const all = long
    ? masks.apply(
        show(line.bytes.toString('utf8', line.stamp, Math.min(line.bytes.length, shownBytes + 4 * masks.longest))),
      )
    : shownOf(line, masks)
  const shown = long ? cutTo(all, charactersWithin(line)) : all
  return {
    position,
    text: coloured(shown),
    error: line.error,
    continues: line.continues,
    matches: matcher?.marks(shown.plain) ?? [],
    ...(stream && { stream }),
    ...(line.at !== undefined && { at: line.at }),
    ...(long && { cut: line.length }),
  }
}

/** How many characters the shown bytes of a long line decode to, leaving out the last, which may be incomplete. */
function charactersWithin(line: Line): number {
  const text = line.bytes.toString('utf8', line.stamp, Math.min(line.bytes.length, shownBytes))
  return text.replace(/\ufffd$/, '').length
}

/** Whether a record's time is within the requested range. */
export const inRange = ({ from, to }: LogFilter, at: number | undefined): boolean =>
  (from === undefined || (at !== undefined && at >= from)) && (to === undefined || (at !== undefined && at <= to))
