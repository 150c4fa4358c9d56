/**
 * The lines of a journal, as bytes: JSON, a tab, a checksum, a newline. Each checksum also covers the previous one (the
 * first covers the operation's id), so a line that was changed, dropped, moved or taken from another journal is
 * detected. Journals from 0.1 have no checksums and continue without them. A file with both kinds of lines is corrupt.
 */
import { createHash } from 'node:crypto'
import { fold, type JournalLine, type OperationState } from '../../shared/operation'
import { journalLineSchema } from '../../shared/operation-schema'
import type { Claim } from '../../shared/things'
import { problem, toProblem, type Problem } from '../../shared/problem'
import { isLegal } from './moves'

export type OpenedLine = Extract<JournalLine, { type: 'opened' }>

/** Where the next line is written, and the checksum that it continues; undefined in a journal without checksums. */
export interface End {
  readonly length: number
  readonly sum: string | undefined
}

/** What is known of a refused journal if its first line is intact. */
export interface About {
  readonly subject: string | undefined
  readonly claims: readonly Claim[] | undefined
}

/** A journal's content: usable or refused. */
export type Decoded =
  | { readonly opened: OpenedLine; readonly state: OperationState; readonly end: End; readonly problem?: undefined }
  | (About & { readonly problem: Problem })

/** The end of a new journal. */
export const startOf = (id: string): End => ({ length: 0, sum: id })

/** The bytes to write at `end`, and the end after them. */
export function encode(line: JournalLine, end: End): { data: Buffer; end: End } {
  const json = JSON.stringify(line)
  const sum = end.sum === undefined ? undefined : sumOf(json, end.sum)
  const data = Buffer.from(sum === undefined ? `${json}\n` : `${json}\t${sum}\n`)
  return { data, end: { length: end.length + data.length, sum } }
}

/**
 * Checks every line and their order. A torn last line (a crash during the write) is ignored.
 * @returns undefined if not even `opened` is complete: then nothing was done yet (another process may just be writing)
 */
export function decode(id: string, data: Buffer): Decoded | undefined {
  const whole: WholeLine[] = []
  try {
    for (const it of wholeLines(id, data)) whole.push(it) // all checksums before any content
    let opened: OpenedLine | undefined
    let state: OperationState | undefined
    for (const [index, { json }] of whole.entries()) {
      const line = parse(json, index + 1)
      if (line.id !== id) throw corrupt(`Line ${index + 1} belongs to operation ${line.id}.`)
      if (state ? !isLegal(state, line) : line.type !== 'opened')
        throw corrupt(`Line ${index + 1} (${line.type}) is out of order.`)
      if (line.type === 'opened') opened = line
      state = fold(state, line)
    }
    const end = whole.at(-1)?.end
    return opened && state && end && { opened, state, end }
  } catch (error) {
    return { ...aboutOf(whole[0]?.json), problem: toProblem(error) }
  }
}

/** @param first the first line */
function aboutOf(first: Buffer | undefined): About {
  try {
    const line = first && parse(first, 1)
    return line?.type === 'opened' ? { subject: line.subject, claims: line.claims } : nothing
  } catch {
    return nothing
  }
}
const nothing: About = { subject: undefined, claims: undefined }

/** What a settled journal's first and last lines contain. */
export interface Glance {
  readonly kind: string
  readonly settledAt: string
}

/**
 * Checks quickly whether a journal has settled: its last line says so, and its checksum follows from the line before.
 * The other lines aren't checked.
 * @returns undefined if it hasn't settled, or if this check can't tell
 */
export function glance(data: Buffer): Glance | undefined {
  const start = data.lastIndexOf(newline, -2) + 1
  const before = data.lastIndexOf(newline, start - 2) + 1
  if (before === 0 || data.at(-1) !== newline) return undefined
  const [earlier, last] = [data.subarray(before, start - 1), data.subarray(start, -1)]
  const [sums, sum] = [splitSum(earlier), splitSum(last)]
  if (sum?.sum !== (sums && sumOf(sum?.json ?? last, sums.sum))) return undefined
  try {
    const { type, at } = JSON.parse((sum?.json ?? last).toString()) as {
      readonly type?: unknown
      readonly at?: unknown
    }
    const first = data.subarray(0, data.indexOf(newline))
    const { kind } = JSON.parse((splitSum(first)?.json ?? first).toString()) as { readonly kind?: unknown }
    return type === 'settled' && typeof at === 'string' && typeof kind === 'string'
      ? { kind, settledAt: at }
      : undefined
  } catch {
    return undefined
  }
}

/** The entries of a journal that may still be written, to be shown. @throws Problem `journal-corrupt` */
export const entriesOf = (id: string, data: Buffer): JournalLine[] =>
  [...wholeLines(id, data)].map((it, index) => parse(it.json, index + 1))

const corruptHint = 'It was left as it is. Put things right by hand, then abandon the operation.'

export const corrupt = (cause: string) =>
  problem({
    code: 'journal-corrupt',
    message: 'An operation’s journal can’t be read.',
    cause,
    hint: corruptHint,
  })

/** 64 bits of SHA-256: against damage only. Anyone who can write our files needs no journal to do harm. */
const sumOf = (json: string | Buffer, before: string): string =>
  createHash('sha256').update(`${before}\n`).update(json).digest('hex').slice(0, sumLength)
const sumLength = 16

const newline = 0x0a
const tab = 0x09

interface WholeLine {
  readonly json: Buffer
  readonly end: End
}

/** The lines that are complete on disk, with their checksums checked. */
function* wholeLines(id: string, data: Buffer): Generator<WholeLine, void> {
  let at: End = startOf(id)
  let count = 0
  for (let stop = data.indexOf(newline); stop >= 0; stop = data.indexOf(newline, at.length)) {
    const line = data.subarray(at.length, stop)
    // Never skip the first line: without it, nothing is known.
    if (count > 0 && stop + 1 === data.length && isUnwritten(line)) return
    count++
    const split = splitSum(line)
    if (count === 1 && !split) at = { ...at, sum: undefined }
    if ((split !== undefined) !== (at.sum !== undefined))
      throw corrupt(`Line ${count} ${split ? 'has a' : 'has no'} checksum, unlike those before it.`)
    if (split && at.sum !== undefined && split.sum !== sumOf(split.json, at.sum))
      throw corrupt(`Line ${count} was changed after it was written: its checksum differs.`)
    at = { length: stop + 1, sum: split?.sum }
    yield { json: split?.json ?? line, end: at }
  }
  // A write that was cut short ends before the newline. If another byte stands in its place, the file is damaged, and
  // the line has been acted on.
  const rest = data.subarray(at.length)
  const damaged = rest.at(-1) === 0 ? undefined : splitSum(rest.subarray(0, -1))
  if (damaged && at.sum !== undefined && damaged.sum === sumOf(damaged.json, at.sum))
    throw corrupt(`The end of line ${count + 1} was changed after it was written.`)
}

/**
 * A power cut may preserve a line's length and newline but not all of its content, which then reads as zeros. A single
 * zero may be a flipped bit.
 */
const isUnwritten = (line: Buffer): boolean => line.includes('\0\0')

/** The JSON and the checksum after it; undefined if there is none. JSON never contains a tab: strings escape it. */
function splitSum(line: Buffer): { json: Buffer; sum: string } | undefined {
  const place = line.length - sumLength - 1
  return line[place] === tab ? { json: line.subarray(0, place), sum: line.toString('latin1', place + 1) } : undefined
}

function parse(json: Buffer, number: number): JournalLine {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch {
    throw corrupt(`Line ${number} is not valid JSON.`)
  }
  const result = journalLineSchema.safeParse(value)
  if (!result.success)
    throw corrupt(`Line ${number}: ${result.error.issues.map(it => `${it.path.join('.')} ${it.message}`).join('; ')}`)
  return result.data
}
