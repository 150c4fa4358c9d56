/**
 * Parts of releases: packages, the generated Prisma client, the client's build. Each is named by the digest of its
 * inputs. It is made aside and renamed into place once it is complete and on disk, so half a part is never seen.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makePrivateFolder, readIfExists, readJson, syncFolder, writeFileAtomic, writeJson } from '../system/files'
import type { Run } from '../system/run'
import { differences, readTree, takeChanges, type Tree } from './tree'

/** Milliseconds: flushing a file system that npm has just filled may take long on a slow disk. */
export const syncTimeout = 300_000

/** `kind-key`, e.g. `server-packages-3f…`. */
export type PartName = string

/** A relative path that stays in its folder. */
const inside = z
  .string()
  .refine(it => !it.startsWith('/') && !it.split('/').includes('..'), 'Not a path inside the folder.')

const partSchema = z.object({
  made: z.iso.datetime(),
  /** Files of the packages below it that the command removed. */
  removed: z.array(inside),
  /** Whether instances share its files. */
  shared: z.boolean(),
  /** If they do, the files that each instance copies nevertheless. */
  copied: z.array(inside),
  /** Bytes of an instance's own copies. */
  ownBytes: z.number(),
})
export type PartInfo = z.infer<typeof partSchema>

/** Which files all instances may share by hard links. */
export type Sharing =
  /** None: they are rewritten in place. */
  | 'none'
  /**
   * Those in `node_modules`, where npm replaces files instead of writing into them. Except tools' own hidden files: npm
   * writes `.package-lock.json` in place, and `prisma generate` writes `.prisma`.
   */
  | 'packages'
  /**
   * Big ones. An application may write its settings into small ones (`index.html`, `env.js`), which cost nothing to
   * copy.
   */
  | 'big'

/** Bytes from which a file of the client's build is shared. */
const big = 65_536

/** Bytes of a list of files; enough for half a million. */
const maxListBytes = 64 << 20

export class Parts {
  readonly #folder: string
  readonly #run: Run

  /** @param folder `parts` in the releases' folder */
  constructor(folder: string, run: Run) {
    this.#folder = folder
    this.#run = run
  }

  folderOf(name: PartName): string {
    return join(this.#folder, name)
  }

  content(name: PartName): string {
    return join(this.folderOf(name), 'content')
  }

  async has(name: PartName): Promise<boolean> {
    return (await this.info(name).catch(() => undefined)) !== undefined
  }

  /** Undefined if there is no such part. @throws Problem `file-corrupt` */
  info(name: PartName): Promise<PartInfo | undefined> {
    return readJson(join(this.#folder, name, 'part.json'), partSchema, { maxBytes: maxListBytes })
  }

  /** Paths in `content` that have changed since they were made: something wrote into a file that instances share. */
  async damage(name: PartName, signal?: AbortSignal): Promise<readonly string[]> {
    const [recorded, now] = await Promise.all([
      readIfExists(join(this.#folder, name, 'tree'), maxListBytes),
      readTree(this.#run, this.content(name), 'content', signal),
    ])
    if (recorded === textOf(now)) return []
    const before = new Map(
      recorded
        ?.split('\n')
        .filter(Boolean)
        .map(it => JSON.parse(it) as [string, string]),
    )
    const { changed, removed } = differences(before, now)
    return [...changed, ...removed].toSorted()
  }

  /**
   * Keeps what a command has made.
   * @param from the folder in which it was made, on the same disk; files are moved
   * @param before the folder as the command found it; absent: everything in it is part of the result
   */
  async keep(
    name: PartName,
    from: string,
    sharing: Sharing,
    { before, signal }: { readonly before?: Tree; readonly signal: AbortSignal },
  ): Promise<void> {
    await makePrivateFolder(this.#folder)
    const aside = join(this.#folder, `.${name}`)
    const content = join(aside, 'content')
    try {
      await rm(aside, { recursive: true, force: true })
      await mkdir(aside)
      let removed: readonly string[] = []
      if (before) {
        const found = differences(before, await readTree(this.#run, from, 'inode', signal))
        removed = found.removed
        await takeChanges(from, content, before, found.changed)
      } else await rename(from, content)
      const own = await this.#freeze(content, sharing, signal)
      const info: PartInfo = {
        made: new Date().toISOString(),
        removed: [...removed],
        shared: sharing !== 'none',
        copied: sharing === 'none' ? [] : own.paths,
        ownBytes: own.bytes,
      }
      await writeJson(join(aside, 'part.json'), info)
      const tree = await readTree(this.#run, content, 'content', signal)
      await writeFileAtomic(join(aside, 'tree'), textOf(tree), 0o600)
      await this.#run('sync', ['--file-system', aside], { signal, timeout: syncTimeout })
      await this.remove(name) // if it was damaged
      await rename(aside, join(this.#folder, name))
      await syncFolder(this.#folder)
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  }

  async list(): Promise<PartName[]> {
    return (await readdir(this.#folder).catch(() => [])).filter(it => !it.startsWith('.'))
  }

  /** Removes it from sight in one step; `KeptReleases.tidy` removes what a crash leaves. */
  async remove(name: PartName): Promise<void> {
    const gone = join(this.#folder, `.gone-${name}`)
    await rm(gone, { recursive: true, force: true })
    await rename(join(this.#folder, name), gone).catch(() => undefined) // there is none
    await rm(gone, { recursive: true, force: true })
  }

  /**
   * Makes shared files read-only, so an application that isn't root can't open them for writing.
   * @returns the files that aren't shared
   */
  async #freeze(
    content: string,
    sharing: Sharing,
    signal: AbortSignal,
  ): Promise<{ readonly paths: string[]; readonly bytes: number }> {
    const shared = { none: ['-false'], packages: ['-path', './node_modules/[!.]*'], big: ['-size', `+${big - 1}c`] }[
      sharing
    ]
    const find = (...args: readonly string[]): Promise<string> =>
      this.#run('find', ['.', '-type', 'f', ...args], { cwd: content, signal, timeout: syncTimeout })
    await find(...shared, '-exec', 'chmod', 'a-w,a+r', '{}', '+')
    const rest = (await find('!', ...shared, '-printf', '%b %P\\0'))
      .split('\0')
      .filter(Boolean)
      .map(it => /^(\d+) (.*)$/s.exec(it) ?? [])
    return { paths: rest.map(it => it[2] ?? ''), bytes: rest.reduce((sum, it) => sum + Number(it[1]) * 512, 0) }
  }
}

const textOf = (tree: Tree): string =>
  [...tree]
    .map(it => JSON.stringify(it))
    .toSorted()
    .join('\n')
