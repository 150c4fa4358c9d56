/**
 * Compressed segments are inflated once, when they are first read, into a private folder: any place in them can then be
 * read at once.
 */
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, createWriteStream, existsSync, fstatSync, createReadStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { NeedsInflating, type InflatedFiles } from './log-file'
import { openRegular, Rotating, type Segment } from './segments'

/** Bytes that are kept; the least lately used goes first. */
const mostKept = 2 ** 31

/** How a task and whoever waits for it keep in touch. */
export interface Touch {
  /** Shows that it makes progress: a task that is silent for long is ended. */
  alive(): void
  readonly signal: AbortSignal
}

export class Inflated implements InflatedFiles {
  readonly #folder: string
  readonly #touch: Touch

  /**
   * @param folder made (0700) when it is needed; whoever opens the workspace empties it. @param touch with the task
   * that needs them
   */
  constructor(folder: string, touch: Touch) {
    this.#folder = folder
    this.#touch = touch
  }

  path(segment: Segment): string | undefined {
    const path = this.#place(segment)
    return existsSync(path) ? path : undefined
  }

  /** Does the work, and again after each segment that it turns out to need, and while the log is being rotated. */
  async during<T>(work: () => T): Promise<T> {
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (error instanceof NeedsInflating) await this.#inflate(error.segment)
        else if (error instanceof Rotating) await delay(5)
        else throw error
      }
    }
  }

  /** No more than the segment should have; of a damaged one, what comes before the damage. */
  async #inflate(segment: Segment): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const file = openRegular(segment.path)
    const temporary = join(this.#folder, `${randomBytes(6).toString('hex')}.part`)
    const output = createWriteStream(temporary, { mode: 0o600, flags: 'wx' })
    try {
      if (file === undefined) output.end()
      else
        await pipeline(
          createReadStream('', { fd: file, autoClose: false }),
          createGunzip(),
          upTo(segment.end - segment.start, this.#touch.alive),
          output,
          { signal: this.#touch.signal },
        ).catch(() => undefined)
      this.#touch.signal.throwIfAborted() // it is not whole
      await rename(temporary, this.#place(segment))
    } finally {
      if (file !== undefined) closeSync(file)
      await rm(temporary, { force: true })
    }
    await this.#tidy()
  }

  async #tidy(): Promise<void> {
    const names = (await readdir(this.#folder)).filter(it => it.endsWith('.log'))
    const files = await Promise.all(
      names.map(async it => ({
        path: join(this.#folder, it),
        info: await stat(join(this.#folder, it)).catch(() => undefined),
      })),
    )
    let kept = 0
    for (const { path, info } of files.toSorted((a, b) => (b.info?.mtimeMs ?? 0) - (a.info?.mtimeMs ?? 0))) {
      kept += info?.size ?? 0
      if (kept > mostKept) await rm(path, { force: true })
    }
  }

  #place({ path, start, end }: Segment): string {
    return join(
      this.#folder,
      `${createHash('sha256')
        .update(`${path}\0${start}\0${end}\0${identityOf(path)}`)
        .digest('hex')
        .slice(0, 32)}.log`,
    )
  }
}

/** Another file in its place has another one. */
function identityOf(path: string): string {
  const file = openRegular(path)
  if (file === undefined) return ''
  try {
    const { ino, size, mtimeMs } = fstatSync(file)
    return `${ino} ${size} ${mtimeMs}`
  } finally {
    closeSync(file)
  }
}

/** Ends the stream after so many bytes: a small file can hold an endless one. @param alive called for each piece */
function upTo(most: number, alive: () => void): Transform {
  let left = most
  return new Transform({
    transform(chunk: Buffer, _, done) {
      alive()
      const part = chunk.subarray(0, left)
      left -= part.length
      done(left === 0 && part.length < chunk.length ? new Error('it is longer than it says') : null, part)
    },
  })
}
