/** Folders that are gone for the operator and whose disk space is freed in the background. */
import { lstat, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { makePrivateFolder, syncFolder } from '../system/files'

export class Trash {
  /** @param folder on the same file system as what is thrown away */
  constructor(private readonly folder: string) {}

  /** Takes a folder away in one step, however big it is. Nothing to do if it is gone. @param token names it; letters, digits, hyphens */
  async put(path: string, token: string): Promise<void> {
    while (await exists(path)) { // `empty` may take the trash's own folder away just now
      await makePrivateFolder(this.folder)
      await move(path, join(this.folder, token))
    }
  }

  /** Brings it back, if it is still there. */
  async restore(token: string, path: string): Promise<void> { await move(join(this.folder, token), path) }

  /** Frees what it holds, but for the tokens of open operations. Errors are left to the next time: the folder is out of sight already. */
  async empty(kept: ReadonlySet<string>): Promise<void> {
    const found = await readdir(this.folder).catch(() => [])
    for (const token of found.filter(it => !kept.has(it))) await free(join(this.folder, token)).catch(() => undefined)
    await rmdir(this.folder).catch(() => undefined) // only when nothing is in it
  }
}

/** A link stands for a folder on another disk, which goes too. */
async function free(path: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink()) await rm(await realpath(path), { recursive: true, force: true }).catch(() => undefined)
  await rm(path, { recursive: true, force: true })
}

const exists = (path: string): Promise<boolean> => lstat(path).then(() => true, () => false)

/** Nothing to do if `from` or the folder of `target` is not there. */
async function move(from: string, target: string): Promise<void> {
  try { await rename(from, target) } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await Promise.all([syncFolder(join(from, '..')), syncFolder(join(target, '..'))])
}
