/** A folder as a list of its entries, read by one `find`: thousands of files in a few milliseconds. */
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder } from '../system/files'
import type { Run } from '../system/run'

const timeout = 300_000

/** Each entry below the folder: its path, and what tells one version of it from another. Folders have no version. */
export type Tree = ReadonlyMap<string, string>

const versions = {
  inode: '%i %s %T@ %C@',
  /**
   * Any write changes the time; whole seconds survive every kind of copy. Modes and inodes are left out: npm sets the
   * modes of programs, and a workspace may be moved to another disk.
   */
  content: '%s %Ts',
} as const

/** @param what `inode` sees every write and replacement until the next link is made; `content` is true of a copy too */
export async function readTree(
  run: Run,
  folder: string,
  what: keyof typeof versions,
  signal?: AbortSignal,
): Promise<Tree> {
  const out = await run(
    'find',
    [
      folder,
      '-mindepth',
      '1',
      '-type',
      'l',
      '-printf',
      '%y %P\\0%l\\0',
      '-o',
      '-mindepth',
      '1',
      '-printf',
      `%y %P\\0${versions[what]}\\0`,
    ],
    { signal, timeout },
  )
  const words = out.split('\0')
  const tree = new Map<string, string>()
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [type = '', path = ''] = [words[at]?.slice(0, 1), words[at]?.slice(2)]
    tree.set(path, type === 'd' ? type : `${type} ${words[at + 1] ?? ''}`)
  }
  return tree
}

/** Paths that differ. */
export function differences(
  before: Tree,
  after: Tree,
): { readonly changed: readonly string[]; readonly removed: readonly string[] } {
  return {
    changed: [...after].filter(([path, version]) => before.get(path) !== version).map(([path]) => path),
    removed: [...before.keys()].filter(it => !after.has(it)),
  }
}

/** Moves what a command made or changed to a folder of its own; a new folder as a whole. */
export async function takeChanges(from: string, to: string, before: Tree, changed: readonly string[]): Promise<void> {
  let moved = '\0'
  await makeFolder(to)
  for (const path of changed.toSorted()) {
    if (path.startsWith(moved)) continue
    await makeFolder(dirname(join(to, path)))
    await rename(join(from, path), join(to, path))
    if (!before.has(path)) moved = `${path}/`
  }
}

/** Bytes on the disk that nothing but this folder holds: what removing it frees. */
export async function ownBytes(run: Run, folder: string): Promise<number> {
  const out = await run('find', [folder, '-type', 'f', '-links', '1', '-printf', '%b\\n'], { timeout })
  return out.split('\n').reduce((sum, it) => sum + Number(it) * 512, 0)
}
