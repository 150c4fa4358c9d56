/** Reads a folder's entries with one `find`: thousands of files in a few milliseconds. */
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder } from '../system/files'
import type { Run } from '../system/run'

const timeout = 300_000

/** Each entry below the folder: its path, and what distinguishes versions of it. Folders have no version. */
export type Tree = ReadonlyMap<string, string>

const versions = {
  inode: '%i %s %T@ %C@',
  /**
   * Every write changes the time, and whole seconds survive every kind of copy. Modes and inodes are left out: npm sets
   * programs' modes, and a workspace may be moved to another disk.
   */
  content: '%s %Ts',
} as const

/** @param what `inode` detects every write and replacement, but also new links; `content` also holds for a copy */
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

/** Paths that were added, changed or removed. */
export function differences(
  before: Tree,
  after: Tree,
): { readonly changed: readonly string[]; readonly removed: readonly string[] } {
  return {
    changed: [...after].filter(([path, version]) => before.get(path) !== version).map(([path]) => path),
    removed: [...before.keys()].filter(it => !after.has(it)),
  }
}

/** Moves what a command created or changed to a separate folder; a new folder as a whole. */
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

/** Bytes on disk that removing this folder frees: those of files without other links. */
export async function ownBytes(run: Run, folder: string): Promise<number> {
  const out = await run('find', [folder, '-type', 'f', '-links', '1', '-printf', '%b\\n'], { timeout })
  return out.split('\n').reduce((sum, it) => sum + Number(it) * 512, 0)
}

/**
 * Every path below a folder, parents before what is in them; links aren't followed. 20,000 take some 50 ms.
 * @param closed folders below it that aren't looked into
 */
export async function pathsBelow(
  run: Run,
  folder: string,
  { closed = [], signal }: { readonly closed?: readonly string[]; readonly signal?: AbortSignal } = {},
): Promise<string[]> {
  const print = ['-printf', '%P\\0']
  const stop = closed.length > 0 ? [...isOneOf(closed.map(it => join(folder, it))), '-prune', ...print, '-o'] : []
  const out = await run('find', [folder, '-mindepth', '1', ...stop, ...print], { timeout, signal })
  return out.split('\0').slice(0, -1)
}

/** The test of `find` for these paths. */
export const isOneOf = (paths: readonly string[]): string[] => [
  '(',
  ...paths.flatMap((it, index) => [...(index > 0 ? ['-o'] : []), '-path', it.replaceAll(/[\\*?[]/g, '\\$&')]),
  ')',
]
