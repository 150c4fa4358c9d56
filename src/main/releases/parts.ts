/**
 * Parts of releases: packages, the generated Prisma client, the client's build. Each is named by the digest of what it
 * is made from, made aside, and renamed into place when it is whole and on the disk, so that half a part is never seen.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makePrivateFolder, readIfExists, readJson, syncFolder, writeFileAtomic, writeJson } from '../system/files'
import type { Run } from '../system/run'
import { differences, readTree, takeChanges, type Tree } from './tree'

/** Flushing a file system that was just filled by npm may take long on a slow disk. */
export const syncTimeout = 300_000

/** `kind-key`, e.g. `server-packages-3f…`. */
export type PartName = string

/** A path that stays in its folder. */
const inside = z
  .string()
  .refine(it => !it.startsWith('/') && !it.split('/').includes('..'), 'Not a path inside the folder.')

const partSchema = z.object({
  made: z.iso.datetime(),
  /** Files that belong to the packages below and that the command removed. */
  removed: z.array(inside),
  /** Whether instances share files of it. */
  shared: z.boolean(),
  /** The files that they do not share all the same. */
  copied: z.array(inside),
  /** What an instance's own copies of it take. */
  ownBytes: z.number(),
})
export type PartInfo = z.infer<typeof partSchema>

/** What may be shared by hard links between all instances. */
export type Sharing =
  /** Nothing: what it holds is rewritten in place. */
  | 'none'
  /**
   * `node_modules`, where npm replaces files instead of writing into them, but for what tools keep for themselves under
   * a hidden name: npm writes `.package-lock.json` in place, `prisma generate` writes `.prisma`.
   */
  | 'packages'
  /**
   * Big files. Small ones are what an application may write its settings into (`index.html`, `env.js`), and cost
   * nothing.
   */
  | 'big'

/** Bytes from which a file of the client's build is shared. */
const big = 65_536

/** Bytes of a list of files: half a million of them. */
const longest = 64 << 20

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

  /** Undefined: there is no such part. @throws Problem `file-corrupt` */
  info(name: PartName): Promise<PartInfo | undefined> {
    return readJson(join(this.#folder, name, 'part.json'), partSchema, { most: longest })
  }

  /** Paths in `content` that are no longer as they were made: somebody wrote into a file that instances share. */
  async damage(name: PartName, signal?: AbortSignal): Promise<readonly string[]> {
    const [recorded, now] = await Promise.all([
      readIfExists(join(this.#folder, name, 'tree'), longest),
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
   * Keeps what a command has made, from a folder beside.
   * @param from on the same disk; what is taken is moved
   * @param before the folder as the command found it; absent: all that is in it is the part
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
      await this.remove(name) // a damaged one
      await rename(aside, join(this.#folder, name))
      await syncFolder(this.#folder)
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  }

  async list(): Promise<PartName[]> {
    return (await readdir(this.#folder).catch(() => [])).filter(it => !it.startsWith('.'))
  }

  /** In one step out of sight; what a crash leaves then is removed by `tidy`. */
  async remove(name: PartName): Promise<void> {
    const gone = join(this.#folder, `.gone-${name}`)
    await rm(gone, { recursive: true, force: true })
    await rename(join(this.#folder, name), gone).catch(() => undefined) // there is none
    await rm(gone, { recursive: true, force: true })
  }

  async tidy(): Promise<void> {
    const left = (await readdir(this.#folder).catch(() => [])).filter(it => it.startsWith('.'))
    await Promise.all(left.map(it => rm(join(this.#folder, it), { recursive: true, force: true })))
  }

  /**
   * What is shared is made read-only: an application that is not root cannot open it for writing, whoever's it is.
   * @returns the files that are not shared
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
