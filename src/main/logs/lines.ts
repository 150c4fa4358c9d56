/**
 * A log's lines, forward and backward from anywhere, each with the *record* that it belongs to: a continuation line
 * (such as a stack frame) has the time of the line it continues, and is an error if that one is. How a line is
 * classified depends only on the bytes before it, at most `reach` of them, never on where reading began.
 */
import { continues as seemsToContinue, looksLikeError } from './judge'
import type { LogFile } from './log-file'
import { show } from './show'
import { stampOf } from './stamps'

/** How far back to look for a record's first line or a stamp. Bytes. */
export const reach = 65_536
/** Bytes per read. Where only one line may be wanted, the first read is smaller. */
const block = 262_144
const little = 8192
/** Bytes of a line used to classify it. */
const judged = 2048
const newline = 0x0a

interface Raw {
  /** Offsets of its first byte and of the next line's. */
  readonly offset: number
  readonly end: number
  /** Without the line break; a long line is cut to the requested length. */
  readonly bytes: Buffer
  /** Full length in bytes, without the line break. */
  readonly length: number
  /** False if the log ends part-way through it. */
  readonly whole: boolean
}

export class Line implements Raw {
  readonly offset: number
  readonly end: number
  readonly bytes: Buffer
  readonly length: number
  readonly whole: boolean
  readonly #first: Head | undefined

  /**
   * @param stamp the stamp's length in bytes
   * @param at when it was written, or a line before it
   * @param first the first line of its record; absent if it is too far away, or is this line
   */
  constructor(
    raw: Raw,
    readonly stamp: number,
    readonly at: number | undefined,
    readonly continues: boolean,
    first: Head | undefined,
  ) {
    this.#first = first

    this.offset = raw.offset
    this.end = raw.end
    this.bytes = raw.bytes
    this.length = raw.length
    this.whole = raw.whole
  }

  /** Where its record begins. */
  get head(): number {
    return this.#first?.offset ?? this.offset
  }
  /** When its record was written: the sort key. */
  get recordAt(): number | undefined {
    return this.#first ? this.#first.at : this.at
  }
  /** Whether its record is an error. */
  get error(): boolean {
    return this.#first?.error ?? false
  }
}

/** The first line of a record. Whether it looks like an error is worked out on demand. */
class Head {
  #error: boolean | undefined
  #text: string | undefined

  constructor(
    readonly offset: number,
    readonly at: number | undefined,
    text: string | undefined,
  ) {
    this.#text = text
  }

  /** Without a text: the line is in an error stream. */
  get error(): boolean {
    this.#error ??= this.#text === undefined || looksLikeError(this.#text)
    this.#text = ''
    return this.#error
  }
}

/** What earlier lines mean for the next one. */
interface Before {
  head?: Head
  stamp?: { readonly offset: number; readonly at: number }
}

export class Lines {
  /** The state before the last line returned, so that reading on from there need not look back. */
  #known: (Before & { readonly offset: number }) | undefined
  readonly #keep: number
  readonly #allErrors: boolean

  /** @param keep how many bytes of each line to keep. @param allErrors it is an error stream */
  constructor(
    readonly file: LogFile,
    keep: number,
    allErrors: boolean,
  ) {
    this.#keep = keep
    this.#allErrors = allErrors
  }

  /** Call when the file's bytes have changed. */
  forget(): void {
    this.#known = undefined
  }

  /** Lines from the one that begins at, or contains, an offset. */
  *forward(offset: number): Generator<Line, void, undefined> {
    const from = this.startOf(offset)
    const before = this.#before(from)
    for (const raw of this.#raw(from, Infinity)) {
      this.#known = { ...before, offset: raw.offset }
      yield this.#judge(raw, before)
    }
  }

  /** Lines before an offset (the start of a line, or the end of the log), nearest first. */
  *backward(offset: number): Generator<Line, void, undefined> {
    for (let end = this.file.back(offset); end > this.file.start;) {
      const start = this.startOf(Math.max(this.file.start, end - block))
      const before = this.#before(start)
      const lines: Line[] = []
      for (const raw of this.#raw(start, end)) lines.push(this.#judge(raw, before))
      yield* lines.toReversed()
      end = this.file.back(start)
    }
  }

  /** The line that begins at an offset. */
  lineAt(offset: number): Line | undefined {
    return this.forward(offset).next().value ?? undefined
  }

  /** The start of the line that contains the byte at an offset. */
  startOf(offset: number): number {
    const { start } = this.file.run(offset)
    if (offset <= start) return Math.min(Math.max(start, this.file.start), this.file.end)
    let buffer = Buffer.allocUnsafe(little)
    for (let end = Math.min(offset, this.file.end); end > start;) {
      const from = Math.max(start, end - buffer.length)
      const got = this.file.read(buffer.subarray(0, end - from), from)
      const found = buffer.subarray(0, got).lastIndexOf(newline)
      if (found >= 0) return from + found + 1
      end = from
      if (buffer.length < reach) buffer = Buffer.allocUnsafe(reach)
    }
    return start
  }

  /** The context that the bytes before a line give it. */
  #before(start: number): Before {
    const known =
      this.#known && this.#known.offset <= start && start - this.#known.offset <= 2 * reach ? this.#known : undefined
    const before: Before = { head: known?.head, stamp: known?.stamp }
    const from = known?.offset ?? this.startOf(Math.max(this.file.start, start - 2 * reach))
    if (from < start) for (const raw of this.#raw(from, start)) this.#judge(raw, before)
    return before
  }

  #judge(raw: Raw, before: Before): Line {
    const stamp = stampOf(raw.bytes)
    if (stamp) before.stamp = { offset: raw.offset, at: stamp.at }
    const text = show(raw.bytes.toString('utf8', stamp?.length ?? 0, Math.min(raw.bytes.length, judged))).plain
    const continues = seemsToContinue(text)
    const at = before.stamp && raw.offset - before.stamp.offset <= reach ? before.stamp.at : undefined
    if (!continues) before.head = new Head(raw.offset, at, this.#allErrors ? undefined : text)
    const head = before.head && raw.offset - before.head.offset <= reach ? before.head : undefined
    return new Line(
      raw,
      stamp?.length ?? 0,
      at,
      continues,
      head ?? (this.#allErrors ? new Head(raw.offset, at, undefined) : undefined),
    )
  }

  /** @param to where a line begins, or Infinity */
  *#raw(from: number, to: number): Generator<Raw, void, undefined> {
    let at = from
    let buffer = Buffer.allocUnsafe(Math.min(to === Infinity ? little : block, Math.max(1, to - from)))
    while (at < Math.min(to, this.file.end)) {
      const got = this.file.read(buffer.subarray(0, Math.min(buffer.length, to - at)), at)
      if (got === 0) {
        const next = this.file.run(at).start // after a gap
        if (next <= at) return
        at = next
        continue
      }
      let start = 0
      for (
        let found = buffer.subarray(0, got).indexOf(newline);
        found >= 0;
        found = buffer.subarray(0, got).indexOf(newline, start)
      ) {
        yield cutOut(buffer, start, found, at, this.#keep, true)
        start = found + 1
      }
      if (start === 0 && buffer.length < Math.min(block, to - at) && got === buffer.length) {
        buffer = Buffer.allocUnsafe(Math.min(block, to - at))
        continue
      }
      if (start === 0) {
        const long = this.#long(at, to)
        yield long
        at = long.end
        continue
      }
      at += start
      // lines in the old buffer may still be in use
      buffer = Buffer.allocUnsafe(Math.min(block, to === Infinity ? buffer.length * 4 : buffer.length))
    }
  }

  /** A line longer than a block, or an unterminated last line: read to its end, kept in part. */
  #long(offset: number, to: number): Raw {
    const kept = Buffer.allocUnsafe(Math.min(this.#keep, Math.max(1, Math.min(to, this.file.end) - offset)))
    const keptBytes = this.file.read(kept, offset)
    const buffer = Buffer.allocUnsafe(block)
    for (let at = offset; ;) {
      const got = this.file.read(buffer.subarray(0, Math.min(block, to - at)), at)
      const found = buffer.subarray(0, got).indexOf(newline)
      if (found < 0 && got > 0) {
        at += got
        continue
      }
      const contentEnd = found < 0 ? at : at + found
      return cutOut(
        kept,
        0,
        Math.min(keptBytes, contentEnd - offset),
        offset,
        this.#keep,
        found >= 0,
        contentEnd - offset,
      )
    }
  }
}

function cutOut(
  buffer: Buffer,
  start: number,
  end: number,
  base: number,
  keep: number,
  whole: boolean,
  length = end - start,
): Raw {
  const returned = whole && length === end - start && end > start && buffer[end - 1] === 0x0d ? 1 : 0 // \r\n
  const content = length - returned
  return {
    offset: base + start,
    end: base + start + length + (whole ? 1 : 0),
    bytes: buffer.subarray(start, start + Math.min(content, keep, end - start)),
    length: content,
    whole,
  }
}
