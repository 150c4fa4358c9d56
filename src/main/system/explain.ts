/** Why a file's content is not of its schema, in words. Values are never quoted: they may be secrets. */
import { z } from 'zod'

/** @param schema names the keys that there are, for one that is misspelt */
export const explain = (error: z.ZodError, schema: z.ZodType): string =>
  error.issues
    .map(issue => {
      const place = (key?: string): string =>
        [...issue.path.map(String), ...(key === undefined ? [] : [key.slice(0, longestShown)])].join('.')
      if (issue.code !== 'unrecognized_keys') return `${place() || 'the file'}: ${issue.message}`
      const known = keysAt(schema, issue.path)
      return issue.keys
        .map(key => {
          const meant = nearest(key.slice(0, longestShown), known)
          return `${place(key)} is not a known key${meant === undefined ? '' : `; did you mean ${place(meant)}?`}`
        })
        .join('; ')
    })
    .join('; ')

const longestShown = 60

/** The keys that an object has there. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.JSONSchema.BaseSchema = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  for (const key of path) {
    const next = at.properties?.[String(key)]
    at = typeof next === 'object' ? next : {}
  }
  return Object.keys(at.properties ?? {})
}

/** The known key that takes the fewest changes, at most in a third of its letters. */
function nearest(key: string, known: readonly string[]): string | undefined {
  const rated = known
    .map(it => ({ it, changes: distance(key.toLowerCase(), it.toLowerCase()) }))
    .filter(({ it, changes }) => changes <= Math.ceil(it.length / 3))
  return rated.toSorted((a, b) => a.changes - b.changes)[0]?.it
}

/** Levenshtein: letters added, left out or exchanged. */
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
