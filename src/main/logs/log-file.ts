/**
 * One log as a single run of bytes, whichever files it consists of. Reads are synchronous, since they happen in a
 * worker thread.
 */
import { closeSync, fstatSync, readSync, statSync } from 'node:fs'
import { openRegular, segmentsOf, unchanged, type Segment, type Segments } from './segments'

/** A compressed segment is needed: inflate it (see `Inflated`), then retry. */
export class NeedsInflating extends Error {
  override readonly name = 'NeedsInflating'
  constructor(readonly segment: Segment) {
    super(`${segment.path} is compressed`)
  }
}

export interface InflatedFiles {
  /** The file with a segment's content; undefined if it isn't inflated yet. */
  path(segment: Segment): string | undefined
}

export class LogFile {
  #now: Segments = { all: [], state: '' }
  readonly #files = new Map<string, number | undefined>()
  readonly #inflated: InflatedFiles

  /** @param path the live file. @throws Rotating; Problem `log-unreadable` */
  constructor(
    readonly path: string,
    inflated: InflatedFiles,
  ) {
    this.#inflated = inflated

    this.refresh()
  }

  /** Refreshes the list of segments. @throws like the constructor */
  refresh(): void {
    const now = segmentsOf(this.path)
    this.close()
    this.#now = now
  }

  get #segments(): readonly Segment[] {
    return this.#now.all
  }

  /** The first byte's offset, and the one after the last. */
  get start(): number {
    return this.#segments[0]?.start ?? 0
  }
  get end(): number {
    return this.#segments.at(-1)?.end ?? 0
  }

  /** Where the live file begins. */
  get liveStart(): number {
    return this.#segments.at(-1)?.start ?? 0
  }

  /** Bytes present; between segments some may have been deleted. */
  get size(): number {
    return this.#segments.reduce((sum, it) => sum + it.end - it.start, 0)
  }

  /** Bytes present before an offset. */
  before(offset: number): number {
    return this.#segments.reduce((sum, it) => sum + Math.max(0, Math.min(offset, it.end) - it.start), 0)
  }

  /** The offset with this many bytes present before it. */
  at(bytes: number): number {
    let left = bytes
    for (const it of this.#segments) {
      if (left < it.end - it.start) return it.start + left
      left -= it.end - it.start
    }
    return this.end
  }

  /** The contiguous range that contains an offset, or the next one if it lies in a gap. */
  run(offset: number): { readonly start: number; readonly end: number } {
    let found: { start: number; end: number } | undefined
    for (const it of this.#segments) {
      if (it.end === it.start) continue
      if (found?.end === it.start) found.end = it.end
      else if (found && offset < found.end) break
      else found = { start: it.start, end: it.end }
    }
    return found ?? { start: this.end, end: this.end }
  }

  /** The end of the last contiguous range that begins before an offset, or the offset if that is less. */
  back(offset: number): number {
    const last = this.#segments.findLast(it => it.start < offset && it.end > it.start)
    return last ? Math.min(offset, last.end) : this.start
  }

  /**
   * Fills the buffer from an offset, up to the next gap.
   * @returns bytes read; 0 at the end and in a gap
   * @throws NeedsInflating
   */
  read(buffer: Buffer, offset: number): number {
    let filled = 0
    while (filled < buffer.length) {
      const at = offset + filled
      const segment = this.#segments.find(it => at >= it.start && at < it.end)
      if (!segment) break
      const wanted = Math.min(buffer.length - filled, segment.end - at)
      const got = this.#readFrom(segment, buffer, filled, wanted, at - segment.start + segment.skip)
      filled += got
      if (got < wanted) break // truncated meanwhile
    }
    return filled
  }

  #readFrom(segment: Segment, buffer: Buffer, into: number, length: number, position: number): number {
    const path = segment.compressed ? this.#inflated.path(segment) : segment.path
    if (path === undefined) throw new NeedsInflating(segment)
    if (!this.#files.has(path)) this.#open(path, segment)
    const file = this.#files.get(path)
    if (file === undefined) return 0
    let got = 0
    while (got < length) {
      const bytes = readSync(file, buffer, into + got, length - got, position + got)
      if (bytes === 0) break
      got += bytes
    }
    return got
  }

  /** A damaged archive holds less than it should, which leaves a gap after it. */
  #open(path: string, segment: Segment): void {
    const file = openRegular(path)
    this.#files.set(path, file)
    const size = segment.compressed && file !== undefined ? fstatSync(file).size : Infinity
    if (segment.start + size < segment.end)
      this.#now = {
        ...this.#now,
        all: this.#segments.map(it => (it === segment ? { ...it, end: it.start + size } : it)),
      }
  }

  /** Whether what was read matches the segments: the live file was neither rotated nor emptied meanwhile. */
  get unmoved(): boolean {
    const file = this.#files.get(this.path)
    const live = this.#segments.at(-1)
    return (
      unchanged(this.path, this.#now) &&
      (file === undefined || live === undefined || fstatSync(file).size - live.skip >= live.end - live.start)
    )
  }

  /** Whether the live file that was read has been replaced by another (`old`) or removed (`gone`). */
  get replaced(): 'old' | 'gone' | undefined {
    const file = this.#files.get(this.path)
    if (file === undefined) return undefined
    const there = statSync(this.path, { throwIfNoEntry: false })
    return there === undefined ? 'gone' : there.ino === fstatSync(file).ino ? undefined : 'old'
  }

  /** Picks up what has been written to the open live file since, even if it was moved. */
  grow(): void {
    const file = this.#files.get(this.path)
    const live = this.#segments.at(-1)
    if (file !== undefined && live)
      this.#now = {
        ...this.#now,
        all: [
          ...this.#segments.slice(0, -1),
          { ...live, end: live.start + Math.max(0, fstatSync(file).size - live.skip) },
        ],
      }
  }

  close(): void {
    for (const file of this.#files.values()) if (file !== undefined) closeSync(file)
    this.#files.clear()
  }
}
