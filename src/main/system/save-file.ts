/**
 * A file to which the operator saves something. Others may be able to write to its folder too (/tmp), and we may be
 * root. So nothing is ever written through others' links or over a device or a pipe, and nothing is overwritten without
 * an explicit yes.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, open, readlink, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { problem } from '../../shared/problem'

export interface SaveFile {
  write(text: string): Promise<void>
  /** Puts the finished file in its place, durably. @throws as `openSaveFile` if something has appeared there meanwhile */
  commit(): Promise<void>
  /** Closes it; removes it if it wasn't committed. */
  close(): Promise<void>
}

/**
 * Begins a private temporary file beside the target.
 * @param path absolute. @param overwrite replace an existing regular file
 * @throws Problems `file-exists`, `file-not-regular`, `folder-link`; the file system's errors
 */
export async function openSaveFile(path: string, overwrite: boolean): Promise<SaveFile> {
  const folder = await openFolder(dirname(path))
  // Through the open folder, so we write to this very folder whatever happens to the path meanwhile.
  const inside = (name: string): string => `/proc/self/fd/${folder.fd}/${name}`
  const [target, part] = [inside(basename(path)), inside(`.${randomBytes(6).toString('hex')}.part`)]
  try {
    await requireFree(target, path, overwrite)
    const file = await open(part, 'wx', 0o600)
    return {
      write: text => file.writeFile(text),
      async commit() {
        await file.sync()
        await requireFree(target, path, overwrite)
        await (overwrite ? rename(part, target) : placeNew(part, target, path))
        await folder.sync()
      },
      async close() {
        await file.close()
        await rm(part, { force: true })
        await folder.close()
      },
    }
  } catch (error) {
    await folder.close()
    throw error
  }
}

/** Uses a hard link, because unlike a rename it never replaces anything. */
async function placeNew(part: string, target: string, path: string): Promise<void> {
  try {
    await link(part, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw exists(path)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EMLINK') throw error
    await (await open(target, 'wx', 0o600)).close() // no hard links here, so reserve the name first
    await rename(part, target)
  }
}

async function requireFree(target: string, path: string, overwrite: boolean): Promise<void> {
  const info = await lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!info) return
  if (!info.isFile()) {
    throw problem({
      code: 'file-not-regular',
      message: `${path} isn’t a regular file.`,
      field: 'path',
      hint: 'Choose another name.',
      cause: info.isSymbolicLink()
        ? 'It is a symbolic link.'
        : info.isDirectory()
          ? 'It is a folder.'
          : 'It is a device, a pipe or a socket.',
    })
  }
  if (!overwrite) throw exists(path)
}

const exists = (path: string) =>
  problem({
    code: 'file-exists',
    message: `${path} already exists.`,
    field: 'path',
    hint: 'Choose another name, or replace it: --force on the command line.',
  })

/** @throws Problem `folder-link` */
async function openFolder(path: string): Promise<FileHandle> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    if ((await readlink(`/proc/self/fd/${folder.fd}`)) !== (await trustedPath(path))) throw foreignLink(path)
    return folder
  } catch (error) {
    await folder.close()
    throw error
  }
}

/** The folder's real path, following only root's and our own links: another user's could lead anywhere. */
async function trustedPath(path: string): Promise<string> {
  const left = path.split('/')
  let real = '/'
  for (let links = 0; left.length > 0;) {
    const name = left.shift() ?? ''
    if (name === '..') real = dirname(real)
    if (name === '' || name === '.' || name === '..') continue
    const next = join(real, name)
    const info = await lstat(next)
    if (info.isSymbolicLink()) {
      if ((info.uid !== 0 && info.uid !== process.geteuid?.()) || ++links > 40) throw foreignLink(next)
      const to = await readlink(next)
      left.unshift(...to.split('/'))
      if (isAbsolute(to)) real = '/'
    } else real = next
  }
  return real
}

const foreignLink = (path: string) =>
  problem({
    code: 'folder-link',
    message: `${path} is another user’s link.`,
    field: 'path',
    cause: 'It could lead anywhere.',
    hint: 'Use the folder’s real path.',
  })
