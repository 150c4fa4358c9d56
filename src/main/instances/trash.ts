/** Folders that are gone for the operator, until what they hold is freed. */
import { chmod, lstat, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readIfExists, syncFolder, writeFileAtomic } from '../system/files'
import { isFolderItself, removeTree } from '../system/tree'

const prefix = '.trash-'
/**
 * In what a link leads to: that it was thrown away with the link. A link that somebody laid there is never followed.
 */
const mark = '.trash'

export class Trash {
  readonly #folder: string
  readonly #sizeOf: (path: string) => Promise<number>
  readonly #ofCopy: boolean

  /**
   * @param folder holds what is thrown away, which stays there under a hidden name: it may be a link to another disk
   * @param sizeOf bytes that removing a folder frees
   * @param ofCopy the workspace was copied: links thrown away in the original lead to what the original may still bring
   * back
   */
  constructor(folder: string, sizeOf: (path: string) => Promise<number>, ofCopy = false) {
    this.#folder = folder
    this.#sizeOf = sizeOf
    this.#ofCopy = ofCopy
  }

  /**
   * Takes a folder away in one step, however big it is. Nothing to do if it is gone.
   * @param token names it; letters, digits, hyphens
   * @param withTarget of a link: what it leads to is to be freed with it
   */
  async put(path: string, token: string, withTarget: boolean): Promise<void> {
    if (withTarget && (await isLink(path)) && (await isFolder(path)))
      await writeFileAtomic(join(path, mark), token, 0o600)
    await move(path, this.placeOf(token))
  }

  /** Brings it back, if it is still there. */
  async restore(token: string, path: string): Promise<void> {
    await move(this.placeOf(token), path)
    await rm(join(path, mark), { force: true })
  }

  /**
   * Frees what a token names. Returns when the disk has the space again. @throws what the system refuses with; what is
   * left can be freed again
   */
  async free(token: string, withTarget = true): Promise<void> {
    const path = this.placeOf(token)
    if (withTarget && (await isLink(path)) && (await readIfExists(join(path, mark))) === token)
      await freeTarget(await realpath(path))
    // A folder whose system user another instance shares (names that differ only by case) is closed, so that nobody
    // swaps folders for links while it is removed.
    if (await isFolderItself(path)) await chmod(path, 0o700).catch(() => undefined)
    await removeTree(path)
    await syncFolder(this.#folder)
  }

  /** Frees what these tokens name. Errors are left to the next time: the folders are out of sight already. */
  async forget(tokens: readonly string[]): Promise<void> {
    for (const it of tokens) await this.free(it, !this.#ofCopy).catch(() => undefined)
  }

  /**
   * Frees all that it holds, but for the tokens of open operations. Only on the operator's word: whose files are there
   * without an operation, nobody knows.
   * @param kept undefined: nobody knows whose the tokens are, so all of it stays
   */
  async empty(kept: ReadonlySet<string> | undefined): Promise<void> {
    if (!kept) return
    const tokens = (await readdir(this.#folder)).filter(it => it.startsWith(prefix)).map(it => it.slice(prefix.length))
    await this.forget(tokens.filter(it => !kept.has(it)))
  }

  /** What emptying frees. @param kept as for `empty` */
  async sizes(kept: ReadonlySet<string> | undefined): Promise<{ readonly bytes: number }[]> {
    if (!kept) return []
    const tokens = (await readdir(this.#folder).catch(() => []))
      .filter(it => it.startsWith(prefix))
      .map(it => it.slice(prefix.length))
    return Promise.all(
      tokens.filter(it => !kept.has(it)).map(async it => ({ bytes: await this.#sizeOf(this.placeOf(it)) })),
    )
  }

  /** Where it lies. */
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

/**
 * The mark goes last: without it the rest would never be freed after a failure. The folder may be a mount point, which
 * stays.
 */
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
