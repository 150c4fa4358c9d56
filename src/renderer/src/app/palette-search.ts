/** Search in the command palette: every typed word must match, and prefix matches come first. */
export interface SearchEntry {
  readonly id: string
  readonly label: string
  /** Other words to find it by. */
  readonly keywords?: string
  /** Shown below the label. */
  readonly description?: string
  readonly group: string
  /** Listed before anything is typed. */
  readonly offered: boolean
}

/** @returns at most `limit`, the best first; groups stay together in the order of their best entry */
export function findEntries<T extends SearchEntry>(
  entries: readonly T[],
  query: string,
  limit: number,
): { readonly group: string; readonly entries: readonly T[] }[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const found = words.length
    ? entries
        .map(entry => ({ entry, score: scoreOf(entry, words) }))
        .filter(it => it.score > 0)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, limit)
        .map(it => it.entry)
    : entries.filter(it => it.offered).slice(0, limit)
  const groups = new Map<string, T[]>()
  for (const entry of found) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry])
  return [...groups].map(([group, its]) => ({ group, entries: its }))
}

/**
 * 0 if it doesn't match. A match at the start of a word in the label scores highest, then elsewhere in the label, then
 * in the keywords.
 */
function scoreOf({ label, keywords = '' }: SearchEntry, words: readonly string[]): number {
  const text = label.toLowerCase()
  const more = keywords.toLowerCase()
  let score = 0
  for (const word of words) {
    const at = text.indexOf(word)
    if (at === 0 || (at > 0 && /[^a-z0-9]/.test(text.charAt(at - 1)))) score += 100
    else if (at > 0) score += 60
    else if (more.includes(word)) score += 30
    else return 0
  }
  const [first = ''] = words
  return score + (text === words.join(' ') ? 50 : 0) + (text.startsWith(first) ? 20 : 0)
}
