/** “Did you mean …?” */

/** The known key with the smallest edit distance, at most a third of its length. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  const rated = known
    .map(it => ({ it, changes: distance(key.toLowerCase(), it.toLowerCase()) }))
    .filter(({ it, changes }) => changes <= Math.ceil(it.length / 3))
  return rated.toSorted((a, b) => a.changes - b.changes)[0]?.it
}

/** Levenshtein distance. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (let at = 1; at <= other.length; at++) {
      next.push(
        Math.min((next[at - 1] ?? 0) + 1, (row[at] ?? 0) + 1, (row[at - 1] ?? 0) + (letter === other[at - 1] ? 0 : 1)),
      )
    }
    row = next
  }
  return row[other.length] ?? 0
}
