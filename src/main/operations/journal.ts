/**
 * Journals let operations survive a power cut: one file per operation, one JSON line per entry, each on disk (fsync)
 * before the engine acts on it.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { JournalLine, OperationState } from '../../shared/operation'
import { problem, ProblemError, toProblem, type Problem } from '../../shared/problem'
import { systemProblem } from '../../shared/system-errors'
import {
  corrupt,
  decode,
  encode,
  entriesOf,
  glance,
  startOf,
  type About,
  type End,
  type Glance,
  type OpenedLine,
} from './journal-lines'

export type { OpenedLine } from './journal-lines'

const idPattern = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/
const extension = '.jsonl'

/** A new id: sorts by time, and is safe as a file name. */
export const newId = (now: Date): string =>
  `${now.toISOString().replace(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`

/** The id in a journal's file name; undefined if the file isn't a journal. */
export const idOfFile = (name: string): string | undefined =>
  name.endsWith(extension) ? name.slice(0, -extension.length) : undefined

export class Journal {
  /** The end of the last line known to be good. The next append cuts off anything after it. */
  #end: End

  private constructor(
    readonly path: string,
    end: End,
  ) {
    this.#end = end
  }

  /** Creates the journal with its first line, durably. @throws Problem `journal-write-failed`, leaving no file */
  static async create(folder: string, opened: OpenedLine): Promise<Journal> {
    const path = pathOf(folder, opened.id)
    const { data, end } = encode(opened, startOf(opened.id))
    let created = false
    try {
      await withFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, async file => {
        created = true
        await file.writeFile(data)
        await file.sync()
      })
      await withFile(folder, constants.O_RDONLY, it => it.sync())
    } catch (error) {
      if (created) await rm(path, { force: true }).catch(() => undefined) // the first error is the one to report
      throw writeFailed(error)
    }
    return new Journal(path, end)
  }

  /**
   * Adds a line, which is on disk when this returns. @throws Problem `journal-write-failed`; the line doesn't count
   * then
   */
  async append(line: JournalLine): Promise<void> {
    const { data, end } = encode(line, this.#end)
    try {
      await withFile(this.path, constants.O_WRONLY | constants.O_APPEND, async file => {
        await file.truncate(this.#end.length) // a line torn by a crash or a full disk must not become a corrupt one
        await file.writeFile(data)
        await file.sync()
      })
    } catch (error) {
      throw writeFailed(error)
    }
    this.#end = end
  }

  /**
   * Reads and checks a journal. @returns undefined if not even `opened` is on disk (see `decode`), or if its engine has
   * just deleted it
   */
  static async read(folder: string, id: string): Promise<Reading | undefined> {
    try {
      const path = pathOf(folder, id)
      const decoded = decode(id, await readBounded(path))
      if (!decoded || decoded.problem) return decoded && { id, ...decoded }
      return { id, opened: decoded.opened, state: decoded.state, journal: new Journal(path, decoded.end) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      return { id, subject: undefined, claims: undefined, problem: toProblem(error) }
    }
  }

  /** Glances at a settled journal, without checking all of it; undefined for any other. */
  static async glance(folder: string, id: string): Promise<Glance | undefined> {
    try {
      return glance(await readBounded(pathOf(folder, id)))
    } catch {
      return undefined
    } // `read` reports why
  }

  /** The entries so far, to be shown. @throws Problem `journal-corrupt` */
  static async entries(folder: string, id: string): Promise<readonly JournalLine[]> {
    return entriesOf(id, await readBounded(pathOf(folder, id)))
  }
}

/** Moves a journal out of the engine's way, but keeps it for inspection. @throws the system's error */
export async function putAside(folder: string, id: string): Promise<void> {
  const aside = join(folder, 'abandoned')
  await mkdir(aside, { recursive: true, mode: 0o700 })
  await rename(pathOf(folder, id), join(aside, `${id}${extension}`))
  for (const it of [aside, folder]) await withFile(it, constants.O_RDONLY, opened => opened.sync())
}

/** Deletes a journal that isn't needed any more. If that fails, it is left to the next time. */
export const removeJournal = (folder: string, id: string): Promise<void> =>
  rm(join(folder, `${id}${extension}`), { force: true }).catch(() => undefined)

export interface Readable {
  readonly id: string
  readonly opened: OpenedLine
  readonly state: OperationState
  readonly journal: Journal
  readonly problem?: undefined
}

/** A journal as found on disk: usable, or refused with a problem and left untouched. */
export type Reading = Readable | (About & { readonly id: string; readonly problem: Problem })

function pathOf(folder: string, id: string): string {
  if (!idPattern.test(id)) throw corrupt(`“${id}” isn’t an operation’s id.`)
  return join(folder, `${id}${extension}`)
}

async function withFile<T>(
  path: string,
  flags: number,
  work: (file: Awaited<ReturnType<typeof open>>) => Promise<T>,
): Promise<T> {
  try {
    const file = await open(path, flags, 0o600)
    try {
      return await work(file)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw error instanceof ProblemError ? error : Object.assign(error as Error, { path })
  } // Node's errors about open files lack the path
}

/** Bytes. A line has about 120, the first one a few thousand; only a step that is retried for years gets near this. */
const maxBytes = 16 << 20

const readBounded = (path: string): Promise<Buffer> =>
  withFile(path, constants.O_RDONLY | constants.O_NONBLOCK, async file => {
    const info = await file.stat()
    if (!info.isFile()) throw corrupt('It isn’t a regular file.') // reading a pipe would never end
    if (info.size > maxBytes) throw corrupt(`It is larger than ${maxBytes >> 20} MB.`)
    return file.readFile()
  })

const writeFailed = (error: unknown) =>
  problem(
    {
      code: 'journal-write-failed',
      message: 'The operation’s journal couldn’t be written, so the operation stopped.',
      cause: systemProblem(error)?.message ?? (error instanceof Error ? error.message : String(error)),
      hint: systemProblem(error)?.hint ?? 'Free disk space or fix the permissions, then retry.',
      action: 'retry',
    },
    error,
  )
