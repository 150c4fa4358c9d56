/** What an app said last, for a Problem's details. */
import { open } from 'node:fs/promises'

const readAtMost = 16_384 // bytes
const lineCount = 20

/** The last lines of a log file, its secrets masked; undefined if there are none. */
export async function lastWords(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return undefined
  try {
    const { size } = await file.stat()
    const length = Math.min(size, readAtMost)
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: size - length })
    const lines = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-lineCount)
    return maskSecrets(lines.join('\n')) || undefined
  } finally {
    await file.close()
  }
}

/** Hides passwords in URLs and the values of what is called password, secret, token or key. */
export const maskSecrets = (text: string): string =>
  text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):\S*@/gi, '$1:***@') // to the last @: a password may hold one
    .replace(
      /((?:password|passwd|pwd|secret|token|api_?key)[\w-]*["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;]+)/gi,
      '$1***',
    )
