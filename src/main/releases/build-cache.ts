/**
 * Build tools' own caches (webpack's, Babel's, ESLint's, terser's), carried from one build of the client to the next
 * that has the same packages. They are kept beside the packages' content, never in it, and always copied: no instance
 * gets them, and nothing that a tool writes reaches a file that is shared.
 */
import { createHash } from 'node:crypto'
import { lstat, readFile, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isFolder, makeFolder } from '../system/files'
import type { Run } from '../system/run'
import type { PartName, Parts } from './parts'
import { ownBytes } from './tree'

/** Where tools look for them, in the package's folder (npm's `find-cache-dir`). */
const place = 'node_modules/.cache'

/** Bytes. Tools add to their caches and rarely remove anything; beyond this, the next build begins without one. */
const maxBytes = 2 ** 30

const timeout = 300_000

export class BuildCache {
  readonly #run: Run
  readonly #kept: string
  readonly #used: string

  /**
   * @param packages with which the client is built
   * @param folder in which it is built: always the same one, as caches contain absolute paths
   */
  constructor(parts: Parts, run: Run, packages: PartName, folder: string) {
    this.#run = run
    this.#kept = join(parts.folderOf(packages), 'cache')
    this.#used = join(folder, place)
  }

  /** Gives the build a copy of the last one's. @param sources paths of the files that are built, relative to `root` */
  async lay(root: string, sources: readonly string[], signal: AbortSignal): Promise<void> {
    for (const it of sources) await timeByContent(join(root, it))
    if (!(await isFolder(this.#kept))) return
    await makeFolder(dirname(this.#used))
    const copy = ['--archive', '--reflink=auto', '--no-target-directory', this.#kept, this.#used]
    await this.#run('cp', copy, { signal, timeout })
  }

  /** Keeps it for the next build. Call it once its files are on disk: a torn one would be taken for whole. */
  async keep(): Promise<void> {
    if (!(await isFolder(this.#used)) || (await ownBytes(this.#run, this.#used)) > maxBytes) return this.forget()
    await this.forget()
    await rename(this.#used, this.#kept)
  }

  /** So that a damaged one can't make builds fail again and again. */
  forget(): Promise<void> {
    return rm(this.#kept, { recursive: true, force: true })
  }
}

/**
 * Some tools take a file of the same size and time as unchanged. Copies have new times, and in an archive all files may
 * have the same: so the time is made to follow from the content.
 */
async function timeByContent(path: string): Promise<void> {
  if (!(await lstat(path)).isFile()) return
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest()
  const seconds = digest.readUIntBE(0, 6) % 1e9 // before 2002: a time in the future might confuse tools
  await utimes(path, seconds, seconds)
}
