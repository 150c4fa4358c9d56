/** Reads and writes files. Writes are atomic: to a temporary file, which is fsynced and renamed, then the folder. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, chmod, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { z } from 'zod'
import { problem, ProblemError } from '../../shared/problem'
import { explain } from './explain'

/** Makes a folder's entries durable: a rename or a new file survives a power cut only after this. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Adds the path to an error: Node's errors about open files lack it. */
const named = (error: unknown, path: string): Error => Object.assign(error as Error, { path })

/** A new path for what is to replace another. A crash may leave it behind. */
export const temporaryBeside = (path: string): string => join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)

export const isTemporary = (path: string): boolean => /^\.[0-9a-f]{12}\.tmp$/.test(basename(path))

/**
 * Writes a file atomically: a crash leaves the old or the new content. @param mode e.g. 0o600 @param gid its group;
 * ours by default
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode: number,
  gid?: number,
): Promise<void> {
  const temporary = temporaryBeside(path)
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(content)
      if (gid !== undefined) await handle.chown((await handle.stat()).uid, gid)
      await handle.chmod(mode) // the umask took bits from open's mode
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // the first error is the one to report
    throw named(error, path)
  }
  await syncFolder(dirname(path))
}

const succeeds = (look: Promise<unknown>): Promise<boolean> =>
  look.then(
    () => true,
    () => false,
  )

/** Whether a path exists. Follows links. */
export const exists = (path: string): Promise<boolean> => succeeds(stat(path))

/** Whether a path exists. Doesn't follow links: a dangling one exists. */
export const existsItself = (path: string): Promise<boolean> => succeeds(lstat(path))

/** Whether we may run it. */
export const isExecutable = (path: string): Promise<boolean> => succeeds(access(path, constants.X_OK))

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    it => it.isDirectory(),
    () => false,
  )

export const renameIfExists = (from: string, to: string): Promise<void> =>
  rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })

/** Removes temporary files that a crashed `writeFileAtomic` left in a folder. Call it while nothing is written there. */
export async function removeTemporary(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter(isTemporary)
  await Promise.all(left.map(it => rm(join(folder, it), { force: true })))
}

/**
 * Creates a folder and its parents if they are missing. Node's own `recursive` never returns if the system reports an
 * existing parent as missing, as in /proc.
 * @param mode the mode of those that are created
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const make = (): Promise<void> =>
    mkdir(path, mode).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || !(await isFolder(path))) throw error
    })
  try {
    await make()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path), mode)
    await make()
  }
}

/** Creates a private folder and its parents; also makes an existing one private, e.g. after restoring a backup. */
export async function makePrivateFolder(path: string): Promise<void> {
  await makeFolder(path, 0o700)
  await chmod(path, 0o700)
}

/**
 * Bytes that a small file may have: settings, an instance's `config.json` and `.env`. Real ones have a few thousand at
 * most.
 */
export const smallFile = 1 << 20

/**
 * A file's text, or undefined if there is no such file. Other errors are thrown.
 * @param maxBytes bytes; a file's reported size isn't trusted: the file may grow, and /proc reports 0
 * @throws a Problem `file-too-large`; `file-corrupt` if it isn't a regular file: reading a pipe or device would never
 * end
 */
export async function readIfExists(path: string, maxBytes = smallFile): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (!file) return undefined
  try {
    if (!(await file.stat()).isFile()) throw corrupt(path, 'It isn’t a regular file.')
    const chunks: Buffer[] = []
    // `end` is inclusive
    for await (const chunk of file.createReadStream({ autoClose: false, end: maxBytes })) chunks.push(chunk as Buffer)
    const data = Buffer.concat(chunks)
    if (data.length > maxBytes) throw tooLarge(path, maxBytes)
    return data.toString()
  } catch (error) {
    throw error instanceof ProblemError ? error : named(error, path)
  } finally {
    await file.close()
  }
}

/** Bytes; 0 if there is no such file. */
export const sizeOfFile = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0

/**
 * The last bytes of a log, as text; empty if it can't be read. @param from skip everything before this byte, unless the
 * file is shorter by now: then it was started again
 */
export async function readEnd(path: string, maxBytes: number, from = 0): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined)
  if (!file) return ''
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(maxBytes),
      0,
      maxBytes,
      Math.max(from <= size ? from : 0, size - maxBytes),
    )
    return buffer.toString('utf8', 0, bytesRead)
  } catch {
    return ''
  } finally {
    await file.close()
  }
}

export interface ReadJsonOptions {
  /** Bytes, as for `readIfExists`. */
  readonly maxBytes?: number
  /** What to do about a refused file. */
  readonly hint?: string
}

/**
 * Reads and validates a JSON file.
 * @returns undefined if there is no such file
 * @throws a Problem `file-corrupt` if it isn't JSON or doesn't match the schema; `file-too-large`. The file stays as it
 * is
 */
export async function readJson<T>(
  path: string,
  schema: z.ZodType<T>,
  { maxBytes, hint }: ReadJsonOptions = {},
): Promise<T | undefined> {
  const text = await readIfExists(path, maxBytes)
  if (text === undefined) return undefined
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw corrupt(path, 'It isn’t valid JSON.', hint) // the parser's message would quote the content, secrets included
  }
  const result = schema.safeParse(data)
  if (result.success) return result.data
  throw corrupt(path, explain(result.error, schema), hint)
}

/** Problem `file-corrupt`. */
export const corrupt = (path: string, cause: string, hint = 'Repair it, or move it away and try again.') =>
  problem({
    code: 'file-corrupt',
    message: `${path} can’t be used.`,
    cause,
    hint: `It was left as it is. ${hint}`,
  })

const tooLarge = (path: string, maxBytes: number) =>
  problem({
    code: 'file-too-large',
    message: `${path} is too large to read.`,
    cause: `It is larger than ${Math.round(maxBytes / 1024).toLocaleString('en')} KB, far more than such a file needs.`,
    hint: 'It was left as it is. Check its contents; repair it, or move it away and try again.',
  })

/** Writes data as indented JSON, atomically. @param mode default 0600 */
export const writeJson = (path: string, data: unknown, mode = 0o600): Promise<void> =>
  writeFileAtomic(path, `${JSON.stringify(data, null, 2)}\n`, mode)
