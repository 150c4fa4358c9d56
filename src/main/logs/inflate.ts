/** Compressed segments are inflated into a private folder the first time they are read, for random access. */
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

/** The most bytes kept; the least recently used file is evicted first. */
const mostKept = 2 ** 31

/** Connects a running task to its caller. */
export interface Touch {
  /** Reports progress; a task that stays silent too long is terminated. */
  alive(): void
  readonly signal: AbortSignal
}

export class Inflated implements InflatedFiles {
  readonly #folder: string
  readonly #touch: Touch

  /**
   * @param folder created (0700) on demand, and emptied when the workspace is opened. @param touch of the task that
   * needs the files
   */
  constructor(folder: string, touch: Touch) {
    this.#folder = folder
    this.#touch = touch
  }

  path(segment: Segment): string | undefined {
    const path = this.#place(segment)
    return existsSync(path) ? path : undefined
  }

  /** Runs the work, and reruns it after inflating each segment that it needs, and while the log is being rotated. */
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

  /** At most as many bytes as the segment should hold; if it is damaged, whatever precedes the damage. */
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
      this.#touch.signal.throwIfAborted() // incomplete
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

/** Changes if another file takes its place. */
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

/**
 * Ends the stream after this many bytes, since a small file can inflate without limit. @param alive called for each
 * chunk
 */
function upTo(maxBytes: number, alive: () => void): Transform {
  let left = maxBytes
  return new Transform({
    transform(chunk: Buffer, _, done) {
      alive()
      const part = chunk.subarray(0, left)
      left -= part.length
      done(left === 0 && part.length < chunk.length ? new Error('longer than its declared size') : null, part)
    },
  })
}
