/**
 * What an instance's server folder holds that belongs to no release: its `.env`, its data folders, whatever the
 * application created for itself. It outlives every exchange of the code.
 */
import { lstat, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathsBelow } from '../../releases/tree'
import type { Run } from '../../system/run'
import { removeTree } from '../../system/tree'

/** Those that belong to no release; of a folder of its own the folder alone stands for all that is in it. */
export function ownPaths(present: readonly string[], released: ReadonlySet<string>): string[] {
  const own: string[] = []
  const folders = new Set<string>()
  for (const path of present) {
    if (released.has(path)) continue
    if (!folders.has(dirname(path))) own.push(path)
    folders.add(path)
  }
  return own
}

/**
 * Moves an instance's own files from one copy of its server folder to another by renaming them, so that modes, links,
 * times and owners stay. May be done again from any half.
 */
export async function carryOwn(run: Run, from: string, to: string, released: ReadonlySet<string>): Promise<void> {
  for (const path of ownPaths(await pathsBelow(run, from), released)) {
    await ensureParents(from, to, dirname(path))
    await move(join(from, path), join(to, path))
  }
}

/** What a trial has left in a copy that nobody uses yet. */
export async function removeOwn(run: Run, folder: string, released: ReadonlySet<string>): Promise<void> {
  for (const path of ownPaths(await pathsBelow(run, folder), released)) await removeTree(join(folder, path))
}

/** A folder of the release alone may be missing in the other one: it gets the mode and times that it has here. */
async function ensureParents(from: string, to: string, folder: string): Promise<void> {
  if (folder === '.' || (await lstat(join(to, folder)).catch(() => undefined))?.isDirectory()) return
  await ensureParents(from, to, dirname(folder))
  const { mode, atime, mtime } = await lstat(join(from, folder))
  await mkdir(join(to, folder), { mode: mode & 0o7777 })
  await utimes(join(to, folder), atime, mtime)
}

/** Over what is there: a folder is merged, as a crash may have left half of one. */
async function move(from: string, to: string): Promise<void> {
  const [mine, there] = await Promise.all([from, to].map(it => lstat(it).catch(() => undefined)))
  if (mine?.isDirectory() && there?.isDirectory()) {
    for (const it of await readdir(from)) await move(join(from, it), join(to, it))
    return
  }
  if (there) await rm(to, { recursive: true, force: true })
  await rename(from, to)
}
