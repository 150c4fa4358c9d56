/** Looks through many bytes for the few lines that may be wanted, a block at a time. */
import type { LogFile } from './log-file'
import type { Candidates } from './matcher'

const block = 1 << 20
/** A line that begins or ends in another block is looked at in both. */
const overlap = 4096
const escape = 0x1b

/** How long may be looked before something is told. */
export interface Patience { readonly spent: boolean }

export type Found = { readonly type: 'found' | 'spent'; readonly at: number } | { readonly type: 'none' }

/** The next place that may match at or behind `from`. A line with escape sequences always may: what is shown of it has none. */
export function nextCandidate(file: LogFile, candidates: Candidates, from: number, to: number, patience: Patience): Found {
  const buffer = Buffer.allocUnsafe(block)
  for (let at = from; at < to;) {
    if (patience.spent) return { type: 'spent', at }
    const got = file.read(buffer.subarray(0, Math.min(block, to - at)), at)
    if (got === 0) {
      const next = file.run(at).start
      if (next <= at) break
      at = next
      continue
    }
    const bytes = buffer.subarray(0, got)
    const found = earliest(candidates(bytes).next(0), bytes.indexOf(escape))
    if (found >= 0) return { type: 'found', at: at + found }
    at += got > overlap && at + got < to ? got - overlap : got
  }
  return { type: 'none' }
}

/** The nearest place that may match before `from`. */
export function previousCandidate(file: LogFile, candidates: Candidates, from: number, to: number, patience: Patience): Found {
  const buffer = Buffer.allocUnsafe(block)
  for (let end = file.back(from); end > to;) {
    if (patience.spent) return { type: 'spent', at: end }
    const start = Math.max(to, file.run(end - 1).start, end - block)
    const got = file.read(buffer.subarray(0, end - start), start)
    const bytes = buffer.subarray(0, got)
    let last = bytes.lastIndexOf(escape)
    const { next } = candidates(bytes)
    for (let found = next(last + 1); found >= 0; found = next(found + 1)) last = found
    if (last >= 0) return { type: 'found', at: start + last }
    const whole = start === file.run(end - 1).start || start === to
    end = whole ? file.back(start) : start + Math.min(overlap, (end - start) >> 1)
  }
  return { type: 'none' }
}

const earliest = (a: number, b: number): number => (a < 0 ? b : b < 0 ? a : Math.min(a, b))
