/** Which folder a config.json belongs to: in a copied folder, it still names the original. */
import { lstat, realpath } from 'node:fs/promises'
import { isAbsolute } from 'node:path'

/**
 * The folder that a config.json belongs to, if it isn't the one that contains it; otherwise undefined. A path that
 * doesn't exist is stale: the workspace was moved. Folders are compared by inode, however their paths are spelt; a link
 * to another instance's folder isn't that folder.
 * @param named `paths.instance` in the config.json
 * @param folder the folder that contains it
 */
export async function otherOwner(named: string, folder: string): Promise<string | undefined> {
  if (named === folder || !isAbsolute(named)) return undefined
  try {
    const [there, here] = await Promise.all([lstat(named), lstat(folder)])
    return there.ino === here.ino && there.dev === here.dev ? undefined : named
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : named // if we may not look, it may exist
  }
}

/**
 * For an instance whose folder is a link: the target, and whether it is deleted with the instance. It is only if its
 * config.json names this very link and the workspace isn't inside it. Undefined if the folder isn't a link.
 */
export async function linkedFolder(
  named: string,
  folder: string,
): Promise<{ readonly target: string; readonly owned: boolean } | undefined> {
  const here = await lstat(folder)
  if (!here.isSymbolicLink()) return undefined
  const [there, target] = await Promise.all([lstat(named).catch(() => undefined), realpath(folder)])
  return { target, owned: there?.ino === here.ino && there.dev === here.dev && !`${folder}/`.startsWith(`${target}/`) }
}
