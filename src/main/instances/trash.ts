/** Folders that are gone for the operator and whose disk space is freed in the background. */
import { lstat, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readIfExists, syncFolder, writeFileAtomic } from '../system/files'

const prefix = '.trash-'
/** In what a link leads to: that it was thrown away with the link. A link that somebody laid there is never followed. */
const mark = '.trash'

export class Trash {
  /** @param folder holds what is thrown away, which stays there under a hidden name: it may be a link to another disk */
  constructor(private readonly folder: string) {}

  /** Takes a folder away in one step, however big it is. Nothing to do if it is gone. @param token names it; letters, digits, hyphens */
  async put(path: string, token: string): Promise<void> {
    if (await isLink(path) && await isFolder(path)) await writeFileAtomic(join(path, mark), token, 0o600)
    await move(path, this.placeOf(token))
  }

  /** Brings it back, if it is still there. */
  async restore(token: string, path: string): Promise<void> {
    await move(this.placeOf(token), path)
    await rm(join(path, mark), { force: true })
  }

  /** Frees what it holds, but for the tokens of open operations. Errors are left to the next time: the folder is out of sight already. */
  async empty(kept: ReadonlySet<string>): Promise<void> {
    const tokens = (await readdir(this.folder)).filter(it => it.startsWith(prefix)).map(it => it.slice(prefix.length))
    for (const token of tokens.filter(it => !kept.has(it))) await free(this.placeOf(token), token).catch(() => undefined)
  }

  /** Where it lies. */
  placeOf(token: string): string { return join(this.folder, prefix + token) }
}

const isLink = (path: string): Promise<boolean> => lstat(path).then(it => it.isSymbolicLink(), () => false)
const isFolder = (path: string): Promise<boolean> => stat(path).then(it => it.isDirectory(), () => false)

/** A link stands for a folder on another disk, which goes too. */
async function free(path: string, token: string): Promise<void> {
  if (await isLink(path) && await readIfExists(join(path, mark)) === token) await rm(await realpath(path), { recursive: true, force: true })
  await rm(path, { recursive: true, force: true })
}

async function move(from: string, target: string): Promise<void> {
  try { await rename(from, target) } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await syncFolder(dirname(target))
}
