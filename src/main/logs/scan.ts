/** Scans many bytes for the few places that may be wanted. */
import type { LogFile } from './log-file'
import type { Candidates } from './matcher'

/** The first read is short, in case the next place is near; each further one is larger. Bytes. */
const least = 65_536
const maxBlock = 1 << 20
/** Matches may span two blocks, so blocks overlap. Bytes. */
const overlap = 4096
const escape = 0x1b

/**
 * A time limit on work between progress reports. The clock starts at the first check, and again at the next check after
 * it ran out.
 */
export class TimeSlice {
  #end: number | undefined
  #asked = 0
  readonly #milliseconds: number
  readonly #alive: () => void

  /** @param alive called at each check */
  constructor(milliseconds: number, alive: () => void) {
    this.#milliseconds = milliseconds
    this.#alive = alive
  }

  get spent(): boolean {
    this.#alive()
    if (this.#end === undefined) {
      this.#end = performance.now() + this.#milliseconds
      this.#asked = 0
    }
    if (++this.#asked % 16 > 0 || performance.now() <= this.#end) return false
    this.#end = undefined
    return true
  }
}

/** `spent`: time ran out, with everything up (or down) to this offset scanned. */
export type ScanResult = { readonly type: 'found' | 'spent'; readonly at: number } | { readonly type: 'none' }

const buffer = Buffer.allocUnsafe(maxBlock)

/** The next place at or after `from` that may match. Escape sequences always count, since the shown text has none. */
export function nextCandidate(
  file: LogFile,
  candidates: Candidates,
  from: number,
  to: number,
  patience: TimeSlice,
): ScanResult {
  let size = least
  for (let at = from; at < to; size = Math.min(maxBlock, size * 2)) {
    if (patience.spent) return { type: 'spent', at }
    const got = file.read(buffer.subarray(0, Math.min(size, to - at)), at)
    if (got === 0) {
      const next = file.run(at).start
      if (next <= at) break
      at = next
      continue
    }
    const found = firstIn(buffer.subarray(0, got), candidates)
    if (found >= 0) return { type: 'found', at: at + found }
    at += got > overlap && at + got < to ? got - overlap : got
  }
  return { type: 'none' }
}

/** Like `nextCandidate`, but before `from`: a place at most `least` bytes after the last one that may match. */
export function previousCandidate(
  file: LogFile,
  candidates: Candidates,
  from: number,
  to: number,
  patience: TimeSlice,
): ScanResult {
  let size = least
  for (let end = file.back(from); end > to; size = Math.min(maxBlock, size * 2)) {
    if (patience.spent) return { type: 'spent', at: end }
    const begin = Math.max(to, file.run(end - 1).start)
    const start = Math.max(begin, end - size)
    const bytes = buffer.subarray(0, file.read(buffer.subarray(0, end - start), start))
    for (let high = bytes.length; high > 0; high -= least) {
      if (firstIn(bytes.subarray(Math.max(0, high - least - overlap), high), candidates) >= 0)
        return { type: 'found', at: start + high - 1 }
    }
    end = start === begin ? file.back(start) : start + Math.min(overlap, (end - start) >> 1)
  }
  return { type: 'none' }
}

function firstIn(bytes: Buffer, candidates: Candidates): number {
  const [a, b] = [candidates(bytes).next(0), bytes.indexOf(escape)]
  return a < 0 ? b : b < 0 ? a : Math.min(a, b)
}
