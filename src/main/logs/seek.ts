/**
 * Jumps to a time: lines are in order of their time but for small exceptions, so halving the bytes finds it, however
 * many there are.
 */
import type { Line, Lines } from './lines'

/** From here on every line is looked at. Bytes. */
const near = 65_536
/** Bytes behind a place that are looked through for a line with a time. */
const sight = 1 << 20

/** Where the first line is that was written at a time or later; the end if there is none, or if no line has a time. */
export function seekTime(lines: Lines, time: number): number {
  const { file } = lines
  let low = 0 // bytes that are there before it
  let high = file.size
  while (high - low > near) {
    const middle = Math.floor((low + high) / 2)
    const at = timeNear(lines, file.at(middle), file.at(high))
    if (at !== undefined && at < time) low = middle
    else high = middle // also where no line has a time: what lies before may have one
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

/** Its record's, or its own if the record began without one. */
const timeOf = (line: Line): number | undefined => line.recordAt ?? line.at

function timeNear(lines: Lines, offset: number, to: number): number | undefined {
  for (const line of lines.forward(offset)) {
    if (line.stamp > 0) return timeOf(line)
    if (line.offset >= to || line.offset - offset > sight) return undefined
  }
  return undefined
}
