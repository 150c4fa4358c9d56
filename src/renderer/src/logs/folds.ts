/** Folds stack traces to their first line. */
import { lineOf, type LogLine } from '../../../shared/log'

export interface ShownLine {
  readonly line: LogLine
  /** The number of lines that belong to it; 0 if too few to fold. */
  readonly follows: number
  readonly folded: boolean
}

/** Stacks with fewer lines aren't folded. */
const leastFolded = 3

/** @param all fold all stacks except the exceptions; otherwise fold only the exceptions @param exceptions by `lineOf` */
export function foldLines(lines: readonly LogLine[], all: boolean, exceptions: ReadonlySet<string>): ShownLine[] {
  const shown: ShownLine[] = []
  for (let index = 0; index < lines.length;) {
    const line = lines[index]
    if (!line) break
    let end = index + 1
    while (lines[end]?.continues) end += 1
    const follows = end - index - 1 >= leastFolded && !line.continues ? end - index - 1 : 0
    const folded = follows > 0 && all !== exceptions.has(lineOf(line.position))
    shown.push({ line, follows, folded })
    if (!folded) for (const it of lines.slice(index + 1, end)) shown.push({ line: it, follows: 0, folded: false })
    index = end
  }
  return shown
}
