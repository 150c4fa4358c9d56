/** Folders that are gone for the operator and whose disk space is freed in the background. */
import { lstat, readdir, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../system/files'

const prefix = '.trash-'

export class Trash {
  /** @param folder holds what is thrown away, which stays there under a hidden name: it may be a link to another disk */
  constructor(private readonly folder: string) {}

  /** Takes a folder away in one step, however big it is. Nothing to do if it is gone. @param token names it; letters, digits, hyphens */
  async put(path: string, token: string): Promise<void> { await move(path, this.#place(token)) }

  /** Brings it back, if it is still there. */
  async restore(token: string, path: string): Promise<void> { await move(this.#place(token), path) }

  /** Frees what it holds, but for the tokens of open operations. Errors are left to the next time: the folder is out of sight already. */
  async empty(kept: ReadonlySet<string>): Promise<void> {
    const tokens = (await readdir(this.folder)).filter(it => it.startsWith(prefix)).map(it => it.slice(prefix.length))
    for (const token of tokens.filter(it => !kept.has(it))) await free(this.#place(token)).catch(() => undefined)
  }

  #place(token: string): string { return join(this.folder, prefix + token) }
}

/** A link stands for a folder on another disk, which goes too. */
async function free(path: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink()) await realpath(path).then(it => rm(it, { recursive: true, force: true }), () => undefined)
  await rm(path, { recursive: true, force: true })
}

async function move(from: string, target: string): Promise<void> {
  try { await rename(from, target) } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await syncFolder(dirname(target))
}
