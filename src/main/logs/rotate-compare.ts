/** Checks whether the front of a live log is still what was archived. Uses constant memory. */
import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

const piece = 65_536

/** Reads a range in pieces and remembers the first and last. */
export class Witness {
  length = 0
  first: Buffer = Buffer.alloc(0)
  last: Buffer = Buffer.alloc(0)

  /** Stops early at the end of the file. */
  async *read(file: FileHandle, offset: number, length: number): AsyncGenerator<Buffer, void> {
    while (this.length < length) {
      const chunk = await bytes(file, offset + this.length, Math.min(piece, length - this.length))
      if (chunk.length === 0) return
      if (this.length === 0) this.first = chunk
      this.last = chunk
      this.length += chunk.length
      yield chunk
    }
  }
}

/** Whether the whole range was read and its ends are unchanged: a log emptied since then begins with something else. */
export async function stillThere(
  file: FileHandle,
  offset: number,
  length: number,
  { length: read, first, last }: Witness,
): Promise<boolean> {
  if (read !== length) return false
  return (
    (await bytes(file, offset, first.length)).equals(first) &&
    (await bytes(file, offset + length - last.length, last.length)).equals(last)
  )
}

/**
 * Whether the range holds the same bytes as the archive. Parts of it may be a hole already, after a power cut while
 * punching it.
 */
export async function holds(file: FileHandle, offset: number, length: number, archive: string): Promise<boolean> {
  return pipeline(createReadStream(archive), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    let [position, same] = [0, true]
    for await (const chunk of chunks) {
      // read to the end: leaving a pipeline early makes it fail
      const there = await bytes(file, offset + position, chunk.length)
      same &&= there.equals(chunk) || matchesOrZero(there, chunk)
      position += chunk.length
    }
    return same && position === length
  })
}

const matchesOrZero = (there: Buffer, chunk: Buffer): boolean =>
  there.length === chunk.length && there.every((byte, index) => byte === chunk[index] || byte === 0)

/** Whether the file has at least this many bytes, and they are all zero. */
export async function isHole(file: FileHandle, length: number): Promise<boolean> {
  if ((await file.stat()).size < length) return false
  for (let position = 0; position < length; position += piece)
    if (!(await isZero(file, position, Math.min(piece, length - position)))) return false
  return true
}

/** A quick `isHole`, for everyday use: checks only the ends. A log emptied since then begins with text. */
export async function seemsHole(file: FileHandle, length: number): Promise<boolean> {
  return (
    (await file.stat()).size >= length && (await isZero(file, 0, piece)) && (await isZero(file, length - piece, piece))
  )
}

const isZero = async (file: FileHandle, position: number, length: number): Promise<boolean> =>
  (await bytes(file, position, length)).every(it => it === 0)

async function bytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
