/**
 * What an instance's server folder contains that belongs to no release: its `.env`, its data folders, whatever the
 * application created. It outlives every exchange of the code.
 */
import { renameSync, symlinkSync } from 'node:fs'
import { lstat, mkdir, readdir, readlink, rename, rm, symlink, utimes } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Manifest } from '../../../shared/workspace'
import { pathsBelow } from '../../releases/tree'
import { readIfExists, syncFolder, writeFileAtomic } from '../../system/files'
import type { Run } from '../../system/run'

/** Paths below the server folder, of the code before and after an exchange. */
export interface Released {
  /** They belong to the code. All others are the instance's. */
  readonly paths: ReadonlySet<string>
  /** The instance's data folders, which needn't be looked into. */
  readonly data: readonly string[]
}

/** Milliseconds; a trial leaves little behind. */
const timeout = 120_000

/** Bytes. Ten thousand packages have 50 MB of paths. */
const longest = 256 << 20
const separator = '\0'

/** Stores the list beside the code that it describes. */
export const writeReleased = (file: string, paths: Iterable<string>): Promise<void> =>
  writeFileAtomic(file, [...new Set(paths)].join(separator), 0o600)

/** @returns undefined if there is no such list */
export async function readReleased(file: string): Promise<ReadonlySet<string> | undefined> {
  const text = await readIfExists(file, longest)
  return text === undefined ? undefined : new Set(text.split(separator))
}

/** Without those that are the instance's whatever a release has there: its `.env`, and its data folders. */
export function withoutOwn(paths: Iterable<string>, { server }: Pick<Manifest, 'server'>): string[] {
  const own = ['.env', ...server.dataFolders]
  return [...paths].filter(it => !own.some(one => it === one || it.startsWith(`${one}/`)))
}

/** The paths that are the instance's; one of its folders stands for everything in it. @param present parents first */
export function ownPaths(present: readonly string[], released: ReadonlySet<string>): string[] {
  const own: string[] = []
  const all = new Set<string>()
  for (const path of present) {
    if (released.has(path)) continue
    if (!all.has(dirname(path))) own.push(path)
    all.add(path)
  }
  return own
}

/** The instance's own files in a copy of its server folder. */
export const ownIn = async (run: Run, folder: string, released: Released): Promise<string[]> =>
  ownPaths(await pathsBelow(run, folder, { closed: released.data }), released.paths)

/**
 * Moves an instance's own files from one copy of its server folder to another by renaming them, so that modes, links,
 * times and owners stay. Can be repeated after an interruption at any point.
 * @param links `leave`: each file leaves a link to itself behind, for a process whose working folder is `from`;
 * `remove`: those links are removed
 * @param later where the two copies are when the links are used
 */
export async function carryOwn(
  from: string,
  to: string,
  own: readonly string[],
  links?: 'leave' | 'remove',
  later: { readonly from: string; readonly to: string } = { from, to },
): Promise<void> {
  const touched = new Set<string>()
  for (const path of own) {
    const [here, there] = [join(from, path), join(to, path)]
    const link = relative(dirname(join(later.from, path)), join(later.to, path))
    if (links !== undefined && (await readlink(here).catch(() => undefined)) === link) {
      if (links === 'remove') await rm(here)
      continue
    }
    await ensureFolder(from, to, dirname(path))
    await move(here, there, links !== undefined, links === 'leave' ? link : undefined)
    touched.add(dirname(path))
  }
  for (const it of touched) await Promise.all([from, to].map(root => syncFolder(join(root, it))))
}

/** Removes what a trial left in a copy that nothing uses yet. */
export async function removeOwn(run: Run, folder: string, released: Released): Promise<void> {
  for (const path of await ownIn(run, folder, released)) await removeSafely(run, join(folder, path))
}

/**
 * Removes a folder parts of which belong to a system user that still runs processes: unlike our own code, `rm` can't be
 * led elsewhere by a folder that is swapped for a link in the meantime, because it uses open folders instead of paths.
 */
export async function removeSafely(run: Run, path: string): Promise<void> {
  await run('rm', ['--recursive', '--force', '--one-file-system', '--', path], { timeout })
}

/** One release may have a folder that the other lacks; it gets the mode and times of the original. */
async function ensureFolder(from: string, to: string, folder: string): Promise<void> {
  if (folder === '.' || (await lstat(join(to, folder)).catch(() => undefined))?.isDirectory()) return
  await ensureFolder(from, to, dirname(folder))
  const { mode, atime, mtime } = await lstat(join(from, folder))
  await mkdir(join(to, folder), { mode: mode & 0o7777 })
  await utimes(join(to, folder), atime, mtime)
}

/**
 * Over what is there; folders are merged, since a crash may have left half of one.
 * @param live processes run in both: of a file that both have written, the newer one stays
 * @param link what to leave in its place, unless folders were merged
 */
async function move(from: string, to: string, live: boolean, link?: string): Promise<void> {
  const [moved, there] = await Promise.all([from, to].map(it => lstat(it).catch(() => undefined)))
  if (moved?.isDirectory() && there?.isDirectory()) {
    for (const it of await readdir(from)) await move(join(from, it), join(to, it), live)
    return
  }
  if (live && moved?.isFile() && there?.isFile() && there.mtimeMs > moved.mtimeMs) {
    await rm(from)
    if (link !== undefined) await symlink(link, from)
    return
  }
  if (there) await rm(to, { recursive: true, force: true })
  if (link === undefined) return await rename(from, to)
  renameSync(from, to) // at once: a write of the process between the two would fail
  symlinkSync(link, from)
}
