/** Folders that have been deleted from the operator's point of view, until their space is freed. */
import { chmod, lstat, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readIfExists, syncFolder, writeFileAtomic } from '../system/files'
import { isFolderItself, removeTree } from '../system/tree'

const prefix = '.trash-'
/** A file in a link's target that says it was deleted together with the link. Without it, a link is never followed. */
const mark = '.trash'

export class Trash {
  readonly #folder: string
  readonly #sizeOf: (path: string) => Promise<number>
  readonly #ofCopy: boolean

  /**
   * @param folder the parent of everything deleted, which stays there under a hidden name as it may be a link to
   * another disk
   * @param sizeOf bytes that removing a folder frees
   * @param ofCopy whether the workspace is a copy: the original may still restore the targets of links it deleted
   */
  constructor(folder: string, sizeOf: (path: string) => Promise<number>, ofCopy = false) {
    this.#folder = folder
    this.#sizeOf = sizeOf
    this.#ofCopy = ofCopy
  }

  /**
   * Takes a folder away in one step, however big it is. Does nothing if it is gone.
   * @param token names it; letters, digits, hyphens
   * @param withTarget whether a link's target is freed with it
   */
  async put(path: string, token: string, withTarget: boolean): Promise<void> {
    if (withTarget && (await isLink(path)) && (await isFolder(path)))
      await writeFileAtomic(join(path, mark), token, 0o600)
    await move(path, this.placeOf(token))
  }

  /** Restores it, if it still exists. */
  async restore(token: string, path: string): Promise<void> {
    await move(this.placeOf(token), path)
    await rm(join(path, mark), { force: true })
  }

  /** Frees a token's folder. Returns once the space is free. @throws the system's error; the rest can be freed later */
  async free(token: string, withTarget = true): Promise<void> {
    const path = this.placeOf(token)
    if (withTarget && (await isLink(path)) && (await readIfExists(join(path, mark))) === token)
      await freeTarget(await realpath(path))
    // Another instance may share the folder's system user (if names differ only by case). So the folder is closed while
    // it is removed, to keep that user from swapping folders for links.
    if (await isFolderItself(path)) await chmod(path, 0o700).catch(() => undefined)
    await removeTree(path)
    await syncFolder(this.#folder)
  }

  /** Frees these tokens' folders. Errors are left to the next time: the folders are already out of sight. */
  async forget(tokens: readonly string[]): Promise<void> {
    for (const it of tokens) await this.free(it, !this.#ofCopy).catch(() => undefined)
  }

  /**
   * Frees everything except the tokens of open operations. Only at the operator's request: nobody knows whose the files
   * without an operation are.
   * @param kept undefined: it isn't known which tokens are needed, so everything stays
   */
  async empty(kept: ReadonlySet<string> | undefined): Promise<void> {
    if (!kept) return
    const tokens = (await readdir(this.#folder)).filter(it => it.startsWith(prefix)).map(it => it.slice(prefix.length))
    await this.forget(tokens.filter(it => !kept.has(it)))
  }

  /** What `empty` would free. @param kept as for `empty` */
  async sizes(kept: ReadonlySet<string> | undefined): Promise<{ readonly bytes: number }[]> {
    if (!kept) return []
    const tokens = (await readdir(this.#folder).catch(() => []))
      .filter(it => it.startsWith(prefix))
      .map(it => it.slice(prefix.length))
    return Promise.all(
      tokens.filter(it => !kept.has(it)).map(async it => ({ bytes: await this.#sizeOf(this.placeOf(it)) })),
    )
  }

  /** Where a token's folder is. */
  placeOf(token: string): string {
    return join(this.#folder, prefix + token)
  }
}

const isLink = (path: string): Promise<boolean> =>
  lstat(path).then(
    it => it.isSymbolicLink(),
    () => false,
  )
const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    it => it.isDirectory(),
    () => false,
  )

/** Removes the mark last: without it, the rest would never be freed after a failure. A mount point stays. */
async function freeTarget(folder: string): Promise<void> {
  for (const it of await readdir(folder)) if (it !== mark) await removeTree(join(folder, it))
  await rm(join(folder, mark), { force: true })
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (!['EBUSY', 'EACCES', 'EPERM', 'EROFS'].includes(error.code ?? '')) throw error
  })
}

async function move(from: string, target: string): Promise<void> {
  try {
    await rename(from, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await syncFolder(dirname(target))
}
