/**
 * Measures and removes folders of any size, a few entries at a time, so that 150,000 uploads neither fill the memory
 * nor block anything else. Symbolic links are never followed.
 */
import type { Stats } from 'node:fs'
import { lstat, opendir, readlink, rmdir, unlink } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'

/** Entries examined or removed at a time. */
const atOnce = 32

export interface TreeSize {
  /** The total size of the files; one that vanishes meanwhile isn't counted. */
  readonly bytes: number
  readonly files: number
  /** False if there is more that wasn't counted. */
  readonly complete: boolean
  /** Links to targets outside the folder; ten at most. */
  readonly links: readonly Link[]
}

export interface Link {
  readonly path: string
  readonly target: string
}

export interface MeasureOptions {
  readonly signal?: AbortSignal | undefined
  /** Names or paths of folders to leave out. */
  readonly skipped?: readonly string[]
  /** Stop counting after this many files. */
  readonly maxFiles?: number
}

/** The size of a folder; 0 for a file, a link or a path that doesn't exist. @throws the signal's reason */
export async function measure(
  folder: string,
  { signal, skipped = [], maxFiles = 100_000 }: MeasureOptions = {},
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
      if (files > maxFiles) return { bytes, files, complete: false, links }
    }
  }
  return { bytes, files, complete: true, links }
}

/**
 * Removes a file, a link (never its target) or a folder with everything in it. Does nothing if it doesn't exist.
 * @throws the system's error
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
      // Some file systems skip entries in a listing while others are removed.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempt === 3) throw error
    }
  }
}

/** Whether it is a folder, and not a link to one. */
export const isFolderItself = (path: string): Promise<boolean> =>
  lstat(path).then(
    it => it.isDirectory(),
    () => false,
  )

interface Found {
  readonly path: string
  readonly info: Stats
}

/** A folder's direct entries. @throws if it can't be read */
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

/** Treats a folder that can't be read, or has vanished, as empty. */
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
