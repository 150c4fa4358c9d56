/** Finds a time by binary search over the bytes: lines are in time order, with small exceptions. */
import type { Line, Lines } from './lines'

/** Below this range, every line is checked. Bytes. */
const near = 65_536
/** How far past a place to look for a line with a time. Bytes. */
const sight = 1 << 20

/** The offset of the first record written at or after a time; the end if there is none, or if no line has a time. */
export function seekTime(lines: Lines, time: number): number {
  const { file } = lines
  let low = 0 // bytes present before the result
  let high = file.size
  while (high - low > near) {
    const middle = Math.floor((low + high) / 2)
    const at = timeNear(lines, file.at(middle), file.at(high))
    if (at !== undefined && at < time) low = middle
    else high = middle // also where no line has a time: an earlier one may
  }
  const end = file.at(high) + sight
  let timed = false
  for (const line of lines.forward(file.at(low))) {
    const at = timeOf(line)
    if (at !== undefined) {
      if (at >= time) return line.head
      timed = true
    }
    if (line.offset > end && !timed) return file.end
  }
  return file.end
}

/** The record's time, or the line's own if the record has none. */
const timeOf = (line: Line): number | undefined => line.recordAt ?? line.at

function timeNear(lines: Lines, offset: number, to: number): number | undefined {
  for (const line of lines.forward(offset)) {
    if (line.stamp > 0) return timeOf(line)
    if (line.offset >= to || line.offset - offset > sight) return undefined
  }
  return undefined
}
