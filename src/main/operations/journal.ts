/**
 * Journals: what makes an operation survive a power cut. One file an operation, one JSON line an entry, each on disk
 * (fsync) before the engine acts on it.
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

/** A new identifier: sorts by time, safe as a file name. */
export const newId = (now: Date): string =>
  `${now.toISOString().replace(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`

/** The identifier in a journal's file name; undefined if the file is no journal. */
export const idOfFile = (name: string): string | undefined =>
  name.endsWith(extension) ? name.slice(0, -extension.length) : undefined

export class Journal {
  /** Behind the last line that is known to be good; whatever follows is cut off by the next append. */
  #end: End

  private constructor(
    readonly path: string,
    end: End,
  ) {
    this.#end = end
  }

  /** Makes the journal with its first line, durably. @throws Problem `journal-write-failed`, and leaves no file */
  static async create(folder: string, opened: OpenedLine): Promise<Journal> {
    const path = pathOf(folder, opened.id)
    const { data, end } = encode(opened, startOf(opened.id))
    let made = false
    try {
      await withFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, async file => {
        made = true
        await file.writeFile(data)
        await file.sync()
      })
      await withFile(folder, constants.O_RDONLY, it => it.sync())
    } catch (error) {
      if (made) await rm(path, { force: true }).catch(() => undefined) // the first error is the one to tell
      throw writeFailed(error)
    }
    return new Journal(path, end)
  }

  /**
   * Adds a line; when this returns it is on disk. @throws Problem `journal-write-failed`; the line then does not count
   */
  async append(line: JournalLine): Promise<void> {
    const { data, end } = encode(line, this.#end)
    try {
      await withFile(this.path, constants.O_WRONLY | constants.O_APPEND, async file => {
        await file.truncate(this.#end.length) // a torn line of a crash or a full disk must not grow into a corrupt one
        await file.writeFile(data)
        await file.sync()
      })
    } catch (error) {
      throw writeFailed(error)
    }
    this.#end = end
  }

  /**
   * Reads and checks a journal. @returns undefined if not even `opened` is on disk (see `decode`), or its engine has
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

  /** What a settled one says, without checking all of it; undefined of every other. */
  static async glance(folder: string, id: string): Promise<Glance | undefined> {
    try {
      return glance(await readBounded(pathOf(folder, id)))
    } catch {
      return undefined
    } // reading it tells why
  }

  /** The entries so far, for whoever only shows them. @throws Problem `journal-corrupt` */
  static async entries(folder: string, id: string): Promise<readonly JournalLine[]> {
    return entriesOf(id, await readBounded(pathOf(folder, id)))
  }
}

/**
 * Moves a journal out of the engine's way; it is kept for whoever wants to look at it. @throws what the system refuses
 * with
 */
export async function putAside(folder: string, id: string): Promise<void> {
  const aside = join(folder, 'abandoned')
  await mkdir(aside, { recursive: true, mode: 0o700 })
  await rename(pathOf(folder, id), join(aside, `${id}${extension}`))
  for (const it of [aside, folder]) await withFile(it, constants.O_RDONLY, opened => opened.sync())
}

/** Deletes a journal that nobody needs any more. One that cannot be deleted stays for the next time. */
export const removeJournal = (folder: string, id: string): Promise<void> =>
  rm(join(folder, `${id}${extension}`), { force: true }).catch(() => undefined)

export interface Readable {
  readonly id: string
  readonly opened: OpenedLine
  readonly state: OperationState
  readonly journal: Journal
  readonly problem?: undefined
}

/** A journal as it was found: usable, or refused with a problem and left alone. */
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
  } // of an open file Node does not say which it is
}

/** Bytes. A line has some 120, the first one a few thousand; only a step that is retried for years gets near. */
const mostBytes = 16 << 20

const readBounded = (path: string): Promise<Buffer> =>
  withFile(path, constants.O_RDONLY | constants.O_NONBLOCK, async file => {
    const info = await file.stat()
    if (!info.isFile()) throw corrupt('It isn’t a regular file.') // reading a pipe would never end
    if (info.size > mostBytes) throw corrupt(`It is larger than ${mostBytes >> 20} MB.`)
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
