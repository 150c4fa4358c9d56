/**
 * What an instance's server folder holds that belongs to no release: its `.env`, its data folders, whatever the
 * application created for itself. It outlives every exchange of the code.
 */
import { lstat, mkdir, readdir, readlink, rename, rm, symlink, utimes } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { pathsBelow } from '../../releases/tree'
import { readIfExists, syncFolder, writeFileAtomic } from '../../system/files'
import type { Run } from '../../system/run'

/** Paths below the server folder that belong to the code before or after an exchange. All others are the instance's. */
export type Released = ReadonlySet<string>

/** Milliseconds; a trial leaves little. */
const timeout = 120_000

/** Bytes. Ten thousand packages have 50 MB of paths. */
const longest = 256 << 20
const separator = '\0'

/** Keeps a list beside the code that it is about. */
export const writeReleased = (file: string, paths: Iterable<string>): Promise<void> =>
  writeFileAtomic(file, [...new Set(paths)].join(separator), 0o600)

/** @returns undefined if there is no such list */
export async function readReleased(file: string): Promise<Released | undefined> {
  const text = await readIfExists(file, longest)
  return text === undefined ? undefined : new Set(text.split(separator))
}

/** Those that are the instance's; a folder of its own stands for all that is in it. @param present parents first */
export function ownPaths(present: readonly string[], released: Released): string[] {
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
  ownPaths(await pathsBelow(run, folder), released)

/**
 * Moves an instance's own files from one copy of its server folder to another by renaming them, so that modes, links,
 * times and owners stay. May be done again from any half.
 * @param links `leave`: each file leaves a link to itself behind, for a process whose working folder is `from`;
 * `remove`: those links are removed
 */
export async function carryOwn(
  from: string,
  to: string,
  own: readonly string[],
  links?: 'leave' | 'remove',
): Promise<void> {
  const touched = new Set<string>()
  for (const path of own) {
    const [here, there] = [join(from, path), join(to, path)]
    const link = relative(dirname(here), there)
    if (links !== undefined && (await readlink(here).catch(() => undefined)) === link) {
      if (links === 'remove') await rm(here)
      continue
    }
    await ensureFolder(from, to, dirname(path))
    await move(here, there)
    if (links === 'leave') await symlink(link, here).catch(ifExists)
    touched.add(dirname(path))
  }
  for (const it of touched) await Promise.all([from, to].map(root => syncFolder(join(root, it))))
}

/** A folder that was merged is still there. */
const ifExists = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EEXIST') throw error
}

/** Removes what a trial has left in a copy that nothing uses yet. */
export async function removeOwn(run: Run, folder: string, released: Released): Promise<void> {
  for (const path of await ownIn(run, folder, released)) await removeSafely(run, join(folder, path))
}

/**
 * Removes a folder of which parts belong to a system user that still runs processes: unlike our own code, `rm` can't be
 * led elsewhere by a folder that is swapped for a link meanwhile, because it goes by open folders instead of paths.
 */
export async function removeSafely(run: Run, path: string): Promise<void> {
  await run('rm', ['--recursive', '--force', '--one-file-system', '--', path], { timeout })
}

/** Code of one release may have a folder that the other lacks; it gets the mode and times that it has here. */
async function ensureFolder(from: string, to: string, folder: string): Promise<void> {
  if (folder === '.' || (await lstat(join(to, folder)).catch(() => undefined))?.isDirectory()) return
  await ensureFolder(from, to, dirname(folder))
  const { mode, atime, mtime } = await lstat(join(from, folder))
  await mkdir(join(to, folder), { mode: mode & 0o7777 })
  await utimes(join(to, folder), atime, mtime)
}

/** Over what is there; folders are merged, since a crash may have left half of one. */
async function move(from: string, to: string): Promise<void> {
  const [moved, there] = await Promise.all([from, to].map(it => lstat(it).catch(() => undefined)))
  if (moved?.isDirectory() && there?.isDirectory()) {
    for (const it of await readdir(from)) await move(join(from, it), join(to, it))
    return
  }
  if (there) await rm(to, { recursive: true, force: true })
  await rename(from, to)
}
