/** Which folder a config.json belongs to: that of a copied folder still names the original. */
import { lstat, realpath } from 'node:fs/promises'
import { isAbsolute } from 'node:path'

/**
 * The folder that a config.json belongs to, if that is another one than it lies in; else undefined. A path that leads
 * nowhere is a stale one, of a workspace that was moved. A folder is the same by its inode, however its path is spelt;
 * a link to another instance's folder is not that folder.
 * @param named `paths.instance` of the config.json
 * @param folder where it lies
 */
export async function otherOwner(named: string, folder: string): Promise<string | undefined> {
  if (named === folder || !isAbsolute(named)) return undefined
  try {
    const [there, here] = await Promise.all([lstat(named), lstat(folder)])
    return there.ino === here.ino && there.dev === here.dev ? undefined : named
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : named // what must not be looked at may be there
  }
}

/**
 * Whether an instance whose folder is a link goes with what the link leads to: only if the config.json there names this
 * very link, and the workspace does not lie in it. Undefined if the folder is no link.
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
