/** The built pages, and what one of them may do, in a window and in a browser. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { lookup } from 'mrmime'

/** A content type, by the extension of the file. All text of ours is UTF-8. */
export function contentTypeOf(path: string): string {
  const type = lookup(path) ?? 'application/octet-stream'
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}

/** @param sockets where it may open WebSockets besides its own origin, which not every browser counts as `'self'` */
export const contentSecurityPolicy = (sockets = ''): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    `connect-src 'self' ${sockets}`.trim(),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

export interface PageFile {
  readonly type: string
  readonly content: Buffer
  readonly etag: string
}

/**
 * All files of a folder (some 4 MB), by their paths below it. Served from memory, so that no number of requests opens
 * files, and no path leads elsewhere.
 */
export async function readPages(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(it => it.isFile())
  return new Map(
    await Promise.all(
      entries.map(async ({ parentPath, name }): Promise<[string, PageFile]> => {
        const path = join(parentPath, name)
        const content = await readFile(path)
        const etag = `"${createHash('sha256').update(content).digest('base64url')}"`
        return [relative(folder, path), { type: contentTypeOf(name), content, etag }]
      }),
    ),
  )
}
