/** Folders whose path begins as typed, for completing it. */
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const most = 50
/** Milliseconds for a folder of a dead network mount, or of a million files. */
const patience = 1000

/**
 * @param path absolute
 * @param whole the last part is complete: what lies in it is wanted
 * @returns whole paths, sorted; hidden folders only if their dot is typed; none if nothing can be read
 */
export async function foldersLike(path: string, whole: boolean): Promise<string[]> {
  const [parent, start] = whole ? [path, ''] : [dirname(path), basename(path)]
  const entries = await Promise.race([
    readdir(parent, { withFileTypes: true }).catch((): Dirent[] => []),
    delay(patience, [], { ref: false }),
  ])
  return entries
    .filter(it => it.isDirectory() && it.name.startsWith(start) && (start.startsWith('.') || !it.name.startsWith('.')))
    .map(it => join(parent, it.name))
    .toSorted()
    .slice(0, most)
}
