/** Folders that are gone for the operator and whose disk space is freed in the background. */
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makePrivateFolder, syncFolder } from '../system/files'

export class Trash {
  /** @param folder on the same file system as what is thrown away */
  constructor(private readonly folder: string) {}

  /** Takes a folder away in one step, however big it is. Nothing to do if it is gone. @param token names it; letters, digits, hyphens */
  async put(path: string, token: string): Promise<void> {
    await makePrivateFolder(this.folder)
    await move(path, join(this.folder, token))
  }

  /** Brings it back, if it is still there. */
  async restore(token: string, path: string): Promise<void> { await move(join(this.folder, token), path) }

  /** Frees what it holds, but for the tokens of open operations. Errors are left to the next time: the folder is out of sight already. */
  async empty(kept: ReadonlySet<string>): Promise<void> {
    const found = await readdir(this.folder).catch(() => [])
    for (const token of found.filter(it => !kept.has(it))) await rm(join(this.folder, token), { recursive: true, force: true }).catch(() => undefined)
  }
}

async function move(from: string, target: string): Promise<void> {
  try { await rename(from, target) } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await Promise.all([syncFolder(join(from, '..')), syncFolder(join(target, '..'))])
}
