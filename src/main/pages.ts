/** The built pages, and what they may do in a window or a browser. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, normalize, relative } from 'node:path'
import { lookup } from 'mrmime'

/** The content type for a file's extension. All our text is UTF-8. */
export function contentTypeOf(path: string): string {
  const type = lookup(path) ?? 'application/octet-stream'
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}

/** @param sockets the WebSockets' origin, which not every browser includes in `'self'` */
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
 * All files in a folder (about 4 MB) by their relative paths. Served from memory, so that requests never open files and
 * no path leads elsewhere.
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

/** What a window is answered. @param origin the pages' own @param folder of the pages: no path leads out of it */
export async function pageResponse(folder: string, origin: string, { host, pathname }: URL): Promise<Response> {
  const path = normalize(join(folder, decodeURIComponent(pathname)))
  if (host !== new URL(origin).host || !path.startsWith(`${folder}/`)) return new Response('Not found', { status: 404 })
  const content = await readFile(path).catch(() => undefined)
  if (!content) return new Response('Not found', { status: 404 })
  return new Response(new Uint8Array(content), {
    headers: {
      'content-type': contentTypeOf(path),
      'content-security-policy': contentSecurityPolicy(),
      'x-content-type-options': 'nosniff',
    },
  })
}
