/** The documents that come with the app, by their paths in the project: part of the pages, so they need no network. */
const files = import.meta.glob<string>(
  ['../../../../README.md', '../../../../docs/*.md', '../../../../docs/decisions/*.md'],
  { query: '?raw', import: 'default', eager: true },
)

const documents: ReadonlyMap<string, string> = new Map(
  Object.entries(files).map(([path, text]) => [path.replaceAll('../', ''), text]),
)

export const documentAt = (path: string): string | undefined => documents.get(path)

/**
 * Where a document's link leads: to another document, or to one of its headings (`README.md?section=backups`).
 * Undefined: elsewhere. @param from the document's own path
 */
export function linkedFrom(from: string, to: string): string | undefined {
  const { pathname, hash } = new URL(to, `file:///${from}`)
  const path = pathname.slice(1)
  if (!documents.has(path) || /^[a-z]+:/.test(to)) return undefined
  return hash === '' ? path : `${path}?section=${hash.slice(1)}`
}

/** What links call a heading, as GitHub does. */
export const sectionOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
