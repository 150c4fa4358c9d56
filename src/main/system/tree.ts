/**
 * Folders of any size, measured and removed a few entries at a time: 150,000 uploads neither fill the memory nor keep
 * anything else waiting. Symbolic links are never followed.
 */
import type { Stats } from 'node:fs'
import { lstat, opendir, readlink, rmdir, unlink } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'

/** How many entries are looked at or removed at once. */
const atOnce = 32

export interface TreeSize {
  /** What the files hold; a file that vanishes meanwhile counts as none. */
  readonly bytes: number
  readonly files: number
  /** False: there is more, which was not counted. */
  readonly complete: boolean
  /** Links that lead out of the folder, ten at most. */
  readonly links: readonly Link[]
}

export interface Link {
  readonly path: string
  readonly target: string
}

export interface MeasureOptions {
  readonly signal?: AbortSignal | undefined
  /** Names of folders, and paths, that are left out. */
  readonly skipped?: readonly string[]
  /** Counting ends when so many files were found. */
  readonly most?: number
}

/** The size of a folder; of a file, a link or nothing it is 0. @throws the signal's reason */
export async function measure(
  folder: string,
  { signal, skipped = [], most = 100_000 }: MeasureOptions = {},
): Promise<TreeSize> {
  let [bytes, files] = [0, 0]
  const links: Link[] = []
  const waiting = (await isFolderItself(folder)) ? [folder] : []
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for await (const batch of readable(entriesOf(next))) {
      signal?.throwIfAborted()
      for (const { path, info } of batch) {
        if (info.isDirectory()) {
          if (!skipped.includes(path) && !skipped.some(it => path.endsWith(`/${it}`))) waiting.push(path)
        } else if (info.isSymbolicLink()) {
          const link = links.length < 10 ? await linkOut(path, folder) : undefined
          if (link) links.push(link)
        } else {
          files++
          bytes += info.isFile() ? info.size : 0
        }
      }
      if (files > most) return { bytes, files, complete: false, links }
    }
  }
  return { bytes, files, complete: true, links }
}

/**
 * Removes a file, a link (never what it leads to) or a folder with all that is in it. Nothing to do if it is not there.
 * @throws what the system refuses with
 */
export async function removeTree(path: string): Promise<void> {
  const info = await lstat(path).catch(unlessGone)
  if (!info) return
  if (!info.isDirectory()) return ignoreGone(unlink(path))
  for (let attempt = 1; ; attempt++) {
    const inside: string[] = []
    for await (const batch of entriesOf(path)) {
      await Promise.all(batch.filter(it => !it.info.isDirectory()).map(it => ignoreGone(unlink(it.path))))
      inside.push(...batch.filter(it => it.info.isDirectory()).map(it => it.path))
    }
    for (const it of inside) await removeTree(it)
    try {
      return await ignoreGone(rmdir(path))
    } catch (error) {
      // Some file systems leave entries out of a list from which others are removed meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempt === 3) throw error
    }
  }
}

/** Whether it is a folder, and no link to one. */
export const isFolderItself = (path: string): Promise<boolean> =>
  lstat(path).then(
    it => it.isDirectory(),
    () => false,
  )

interface Found {
  readonly path: string
  readonly info: Stats
}

/** What lies directly in a folder. @throws if it cannot be read */
async function* entriesOf(folder: string): AsyncGenerator<Found[], void, undefined> {
  const open = await opendir(folder, { bufferSize: atOnce })
  const look = async (names: readonly string[]): Promise<Found[]> => {
    const found = await Promise.all(
      names.map(async it => ({ path: join(folder, it), info: await lstat(join(folder, it)).catch(() => undefined) })),
    )
    return found.filter((it): it is Found => it.info !== undefined)
  }
  let names: string[] = []
  for await (const { name } of open) {
    names.push(name)
    if (names.length < atOnce) continue
    yield await look(names)
    names = []
  }
  if (names.length > 0) yield await look(names)
}

/** A folder that cannot be read, or is gone by now, counts as empty. */
async function* readable<T>(entries: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  try {
    yield* entries
  } catch {
    /* what was read so far counts */
  }
}

async function linkOut(path: string, folder: string): Promise<Link | undefined> {
  const target = resolve(path, '..', await readlink(path).catch(() => '.'))
  const way = relative(folder, target)
  return way.startsWith('..') || isAbsolute(way) ? { path, target } : undefined
}

const unlessGone = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error
}
const ignoreGone = (work: Promise<void>): Promise<void> => work.catch(unlessGone)
