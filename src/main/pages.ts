/** The built pages, and what one of them may do, in a window and in a browser. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'

/** By the extension of a file. */
export const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
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
 * All files of a folder (some 3 MB), by their paths below it. Served from memory, so that no number of requests opens
 * files, and no
 * path leads elsewhere.
 */
export async function readPages(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(it => it.isFile())
  return new Map(
    await Promise.all(
      entries.map(async ({ parentPath, name }): Promise<[string, PageFile]> => {
        const path = join(parentPath, name)
        const content = await readFile(path)
        const etag = `"${createHash('sha256').update(content).digest('base64url')}"`
        return [
          relative(folder, path),
          { type: contentTypes[extname(name)] ?? 'application/octet-stream', content, etag },
        ]
      }),
    ),
  )
}
