/** Files that are whole or not there: written aside, fsynced, renamed, the folder fsynced. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { z } from 'zod'
import { problem } from '../../shared/problem'

/** Makes the entries of a folder durable: a rename or a new file survives a power cut only after this. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try { await handle.sync() } finally { await handle.close() }
}

/** Writes a file so that a crash leaves the old or the new content, never a part. @param mode e.g. 0o600 @param gid its group; ours by default */
export async function writeFileAtomic(path: string, content: string | Uint8Array, mode: number, gid?: number): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(content)
      if (gid !== undefined) await handle.chown((await handle.stat()).uid, gid)
      await handle.chmod(mode) // the umask took bits from open's mode
      await handle.sync()
    } finally { await handle.close() }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

export const isFolder = (path: string): Promise<boolean> => stat(path).then(it => it.isDirectory(), () => false)

/** Removes what a crash left of `writeFileAtomic` in a folder. Call when nobody writes there. */
export async function removeTemporary(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter(it => /^\.[0-9a-f]{12}\.tmp$/.test(it))
  await Promise.all(left.map(it => rm(join(folder, it), { force: true })))
}

/** Makes a folder and its parents, private to the user; one that a restored backup opened to others is closed again. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

/**
 * A file's text, or undefined if there is no such file. Other errors are thrown.
 * @throws a Problem `file-corrupt` if it is no regular file: reading a named pipe or a device would never end
 */
export async function readIfExists(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!file) return undefined
  try {
    if (!(await file.stat()).isFile()) throw corrupt(path, 'It is not a regular file.')
    return await file.readFile('utf8')
  } finally { await file.close() }
}

/**
 * Reads a JSON file through its schema.
 * @returns undefined if there is no such file
 * @throws a Problem `file-corrupt` if it is not JSON or not of the schema; the file is left alone
 */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readIfExists(path)
  if (text === undefined) return undefined
  let data: unknown
  try { data = JSON.parse(text) } catch {
    throw corrupt(path, 'It is not valid JSON.') // the parser's message would quote the content, secrets included
  }
  const result = schema.safeParse(data)
  if (result.success) return result.data
  throw corrupt(path, result.error.issues.map(it => `${it.path.join('.') || 'the file'}: ${it.message}`).join('; '))
}

const corrupt = (path: string, cause: string) => problem({
  code: 'file-corrupt', message: `${path} cannot be used.`, cause,
  hint: 'It was left as it is. Repair it, or move it away and try again.',
})

/** Writes data as indented JSON, atomically. @param mode default 0600 */
export const writeJson = (path: string, data: unknown, mode = 0o600): Promise<void> =>
  writeFileAtomic(path, `${JSON.stringify(data, null, 2)}\n`, mode)
