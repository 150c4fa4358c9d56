/** The end of a log, for a Problem’s details. */
import { open } from 'node:fs/promises'
import { maskSecrets } from '../../shared/secret-names'

const readAtMost = 16_384 // bytes
const lineCount = 20

/** The last lines of a log file, its secrets masked; undefined if there are none. */
export async function lastLines(path: string): Promise<string | undefined> {
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
