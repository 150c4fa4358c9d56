/** Folders, and files if wanted, whose path begins with what was typed, for completion. */
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const maxResults = 50
/** Milliseconds, in case of a dead network mount or a million files. */
const timeout = 1000

/**
 * @param path absolute
 * @param whole whether the last part is complete: its subfolders are wanted
 * @param endings of files that are wanted too, e.g. `tar`
 * @returns full paths, sorted; hidden ones only if their dot is typed; none if the folder can't be read
 */
export async function foldersLike(path: string, whole: boolean, endings: readonly string[] = []): Promise<string[]> {
  const [parent, start] = whole ? [path, ''] : [dirname(path), basename(path)]
  const entries = await Promise.race([
    readdir(parent, { withFileTypes: true }).catch((): Dirent[] => []),
    delay(timeout, [], { ref: false }),
  ])
  return entries
    .filter(it => it.isDirectory() || (it.isFile() && endings.some(end => it.name.endsWith(`.${end}`))))
    .filter(it => it.name.startsWith(start) && (start.startsWith('.') || !it.name.startsWith('.')))
    .map(it => join(parent, it.name))
    .toSorted()
    .slice(0, maxResults)
}
