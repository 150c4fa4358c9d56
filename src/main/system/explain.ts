/** Explains in words why a file's content doesn't match its schema. Never quotes values: they may be secrets. */
import type { z } from 'zod'
import { nearest } from '../../shared/nearest'

/** @param schema lists the known keys, to suggest one for a misspelt key */
export const explain = (error: z.ZodError, schema: z.ZodType): string =>
  error.issues
    .map(issue => {
      const place = (key?: string): string =>
        [...issue.path.map(String), ...(key === undefined ? [] : [key.slice(0, maxShown)])].join('.')
      if (issue.code !== 'unrecognized_keys') return `${place() || 'the file'}: ${issue.message}`
      const known = keysAt(schema, issue.path)
      return issue.keys
        .map(key => {
          const meant = nearest(key.slice(0, maxShown), known)
          return `${place(key)} isn’t a known key${meant === undefined ? '' : `; did you mean ${place(meant)}?`}`
        })
        .join('; ')
    })
    .join('; ')

const maxShown = 60

/** The keys of the object at a path. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.JSONSchema.BaseSchema = schema.toJSONSchema({ io: 'input', unrepresentable: 'any' })
  for (const key of path) {
    const next = at.properties?.[String(key)]
    at = typeof next === 'object' ? next : {}
  }
  return Object.keys(at.properties ?? {})
}
