/**
 * Journals: what makes an operation survive a power cut. One file an operation, one JSON line an entry,
 * each on disk (fsync) before the engine acts on it.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fold, journalLineSchema, type JournalLine, type OperationState } from '../../shared/operation'
import { problem, toProblem, type Problem } from '../../shared/problem'
import { isLegal } from './moves'

export type OpenedLine = Extract<JournalLine, { type: 'opened' }>

const idPattern = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/
const extension = '.jsonl'

/** A new identifier: sorts by time, safe as a file name. */
export const newId = (now: Date): string => `${now.toISOString().replace(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`

/** The identifier in a journal's file name; undefined if the file is no journal. */
export const idOfFile = (name: string): string | undefined => (name.endsWith(extension) ? name.slice(0, -extension.length) : undefined)

export class Journal {
  /** Bytes that are whole lines, known to be good; whatever follows them is cut off by the next append. */
  #length: number

  private constructor(readonly path: string, length: number) { this.#length = length }

  /** Makes the journal with its first line, durably. @throws Problem `journal-write-failed`, and leaves no file */
  static async create(folder: string, opened: OpenedLine): Promise<Journal> {
    const path = pathOf(folder, opened.id)
    const data = encode(opened)
    try {
      await withFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, async file => {
        await file.writeFile(data)
        await file.sync()
      })
      await withFile(folder, constants.O_RDONLY, it => it.sync())
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined) // the first error is the one to tell
      throw writeFailed(error)
    }
    return new Journal(path, data.length)
  }

  /** Adds a line; when this returns it is on disk. @throws Problem `journal-write-failed`; the line then does not count */
  async append(line: JournalLine): Promise<void> {
    const data = encode(line)
    try {
      await withFile(this.path, constants.O_WRONLY | constants.O_APPEND, async file => {
        await file.truncate(this.#length) // a torn line of a crash or a full disk must not grow into a corrupt one
        await file.writeFile(data)
        await file.sync()
      })
    } catch (error) { throw writeFailed(error) }
    this.#length += data.length
  }

  /**
   * Reads a journal and checks every line and their order. A torn last line (a crash while it was written) does not count.
   * @returns undefined if not even `opened` is on disk: then nothing was done (or is done just now by another process)
   */
  static async read(folder: string, id: string): Promise<Reading | undefined> {
    let opened: OpenedLine | undefined
    try {
      const path = pathOf(folder, id)
      const { lines, length } = split(await readFile(path))
      if (lines.length === 0) return undefined
      let state: OperationState | undefined
      for (const [index, it] of lines.entries()) {
        const line = decode(it, index)
        if (line.id !== id) throw corrupt(`Line ${index + 1} belongs to operation ${line.id}.`)
        if (state ? !isLegal(state, line) : line.type !== 'opened') throw corrupt(`Line ${index + 1} (${line.type}) cannot come there.`)
        if (line.type === 'opened') opened = line
        state = fold(state, line)
      }
      if (!opened || !state) throw corrupt('It is empty.')
      return { id, opened, state, journal: new Journal(path, length) }
    } catch (error) { return { id, opened, problem: toProblem(error) } }
  }
}

/** Deletes a journal that nobody needs any more. One that cannot be deleted stays for the next time. */
export const removeJournal = (folder: string, id: string): Promise<void> => rm(join(folder, `${id}${extension}`), { force: true }).catch(() => undefined)

export interface Readable { readonly id: string; readonly opened: OpenedLine; readonly state: OperationState; readonly journal: Journal; readonly problem?: undefined }

/** A journal as it was found: usable, or refused with a problem and left alone (`opened` is then there if that line was good). */
export type Reading = Readable | { readonly id: string; readonly opened: OpenedLine | undefined; readonly problem: Problem }

function pathOf(folder: string, id: string): string {
  if (!idPattern.test(id)) throw corrupt(`"${id}" is not an operation's identifier.`)
  return join(folder, `${id}${extension}`)
}

async function withFile(path: string, flags: number, work: (file: Awaited<ReturnType<typeof open>>) => Promise<void>): Promise<void> {
  const file = await open(path, flags, 0o600)
  try { await work(file) } finally { await file.close() }
}

const encode = (line: JournalLine): Buffer => Buffer.from(`${JSON.stringify(line)}\n`)

const newline = 0x0a

/** The whole lines, without a torn last one, and how many bytes they take. */
function split(data: Buffer): { lines: Buffer[]; length: number } {
  const lines: Buffer[] = []
  let length = 0
  for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, length)) {
    lines.push(data.subarray(length, end))
    length = end + 1
  }
  const last = lines.at(-1)
  // A power cut may keep a line's length and newline but not its content. Not for the first line: without it nothing is known.
  if (lines.length > 1 && last && length === data.length && parse(last) === undefined) {
    lines.pop()
    length -= last.length + 1
  }
  return { lines, length }
}

/** The value, or undefined (which JSON does not have) if this is no JSON. */
function parse(line: Buffer): unknown {
  try { return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)) as unknown } catch { return undefined }
}

function decode(line: Buffer, index: number): JournalLine {
  const value = parse(line)
  if (value === undefined) throw corrupt(`Line ${index + 1} is not valid JSON.`)
  const result = journalLineSchema.safeParse(value)
  if (!result.success) throw corrupt(`Line ${index + 1}: ${result.error.issues.map(it => `${it.path.join('.')} ${it.message}`).join('; ')}`)
  return result.data
}

/** What to do about a journal that cannot be used. */
export const corruptHint = 'It was left as it is. Check what the operation was about, then move its file away from .instance-manager/operations.'

const corrupt = (cause: string) => problem({
  code: 'journal-corrupt', message: 'The journal of an operation cannot be read.', cause,
  hint: corruptHint,
})

const writeFailed = (error: unknown) => problem({
  code: 'journal-write-failed', message: 'The journal of the operation could not be written, so nothing more was done.',
  cause: error instanceof Error ? error.message : String(error), hint: 'Free space on the disk or repair its permissions, then retry.', action: 'retry',
}, error)
