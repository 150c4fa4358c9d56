/** Links in an instance's folder that lead to its own files by an absolute path: a rename moves what they lead to. */
import { rename, rm, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isTemporary, syncFolder, temporaryBeside } from '../system/files'
import type { Run } from '../system/run'

const timeout = 300_000 // ms; 150,000 uploads on a slow disk

/**
 * Makes them lead to the new folder instead of the old one. Safe to repeat after a crash, and reversed by exchanging the
 * two. Relative links, and those that lead elsewhere, stay as they are. Removes what a crash left of it.
 * @param folder where the instance is now; it may be a link to another disk
 */
export async function moveLinks(run: Run, folder: string, before: string, after: string): Promise<void> {
  const touched = new Set<string>()
  for (const { path, target } of await linksIn(run, folder)) {
    const moved = movedPath(target, before, after)
    const isOwn = moved !== undefined || movedPath(target, after, before) !== undefined
    if (isOwn && isTemporary(path)) await rm(path, { force: true })
    else if (moved !== undefined) await replaceLink(path, moved)
    else continue
    touched.add(dirname(path))
  }
  for (const it of touched) await syncFolder(it)
}

/** A path in one folder as it is in another; undefined if it isn't in it. */
export const movedPath = (path: string, from: string, to: string): string | undefined =>
  `${path}/`.startsWith(`${from}/`) ? to + path.slice(from.length) : undefined

/** At once: a crash leaves the old or the new link. */
async function replaceLink(path: string, target: string): Promise<void> {
  const temporary = temporaryBeside(path)
  await symlink(target, temporary)
  await rename(temporary, path)
}

/** Links aren't followed, except the folder itself. Those where we may not look can't be changed either. */
async function linksIn(run: Run, folder: string): Promise<{ readonly path: string; readonly target: string }[]> {
  const closed = ['-type', 'd', '(', '!', '-readable', '-o', '!', '-executable', ')', '-prune']
  const out = await run('find', ['-H', folder, ...closed, '-o', '-type', 'l', '-printf', '%p\\0%l\\0'], { timeout })
  const words = out.split('\0')
  return Array.from({ length: Math.floor(words.length / 2) }, (_, at) => ({
    path: words[2 * at] ?? '',
    target: words[2 * at + 1] ?? '',
  })).filter(it => !it.path.includes('\uFFFD')) // not UTF-8: Node would create another name
}
