/** Releases: the base application, prepared once, kept by its fingerprint and placed into many instances. */
import { constants } from 'node:fs'
import { cp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makePrivateFolder, readIfExists, readJson, syncFolder, writeFileAtomic, writeJson } from '../system/files'
import type { Run } from '../system/run'
import { makePart, type Progress, type Workshop } from './build'
import { copyBase, type PinnedBase } from './copy-base'
import { Parts, syncTimeout, type PartName } from './parts'
import { layPart } from './place'
import { hasLockFile, recipesOf, type Recipe } from './recipes'
import { ownBytes } from './tree'

export interface ReleaseOptions {
  readonly signal: AbortSignal
  readonly report: (progress: { text: string; fraction?: number }) => void
  readonly output: (chunk: string) => void
}

/** Validated, because it becomes part of a path. */
const partName = z.string().regex(/^[a-z]+-[a-z]+-[0-9a-f]{32}$/)

/** `<fingerprint>/release.json`: renamed into place with the server's code once all parts exist. */
const releaseSchema = z.object({
  fingerprint: z.string(),
  nodeMajor: z.string(),
  prepared: z.iso.datetime(),
  parts: z.object({ packages: partName, generated: partName, build: partName }),
  /** The client's packages, for its next build; instances don't have them. */
  clientPackages: partName,
})
type Release = z.infer<typeof releaseSchema>

/** A release on disk. */
export interface KeptRelease {
  readonly fingerprint: string
  readonly prepared: string
  readonly parts: readonly PartName[]
}

export interface Unneeded {
  readonly releases: readonly string[]
  readonly parts: readonly PartName[]
}

/** Commands of a full preparation: install and generate, install and build. */
const commandCount = 4

/** The newest releases stay even if unused, so that an update can be reverted. */
const newest = 2

/** Bytes. A thousand models take 2 MB, as do ten thousand packages. */
const longestText = 64 << 20

/** Measured on the sample application: 150 packages, 180 MB. */
const bytesPerPackage = 1_200_000

/**
 * Milliseconds for which a part is kept that no release uses: when a preparation fails, its next attempt can reuse it.
 */
const retryWithin = 24 * 3_600_000

const partsFolder = 'parts'

export class Releases {
  readonly parts: Parts
  /** Preparing and pruning take turns. */
  #busy: Promise<unknown> | undefined
  readonly #folder: string
  readonly #instances: string
  readonly #run: Run

  /** @param instances the instances' folder, to name those that share a file */
  constructor(folder: string, instances: string, run: Run) {
    this.#folder = folder
    this.#instances = instances
    this.#run = run
    this.parts = new Parts(join(folder, partsFolder), run)
  }

  /** Whether the release exists with all its parts. */
  async has(fingerprint: string): Promise<boolean> {
    return (await this.#whole(fingerprint)) !== undefined
  }

  /**
   * Makes missing parts, each aside, then the release. Does nothing if it already exists.
   * @throws Problem `base-changed` if the base application no longer matches its fingerprint; Problems of the commands
   */
  async prepare(base: PinnedBase, options: ReleaseOptions): Promise<void> {
    const wait = (): void => options.report({ text: 'Waiting for another operation to prepare a release' })
    await this.#exclusively(() => this.#make(base, options), options.signal, wait)
  }

  /**
   * Puts a release into an instance: code and generated files are copied, packages and big files of the client's build
   * are shared (decision 0015). It doesn't include data folders or .env. Parts that were changed since they were made
   * are made again, never placed.
   */
  async place(base: PinnedBase, target: string, options: ReleaseOptions): Promise<void> {
    const {
      manifest: { server, client },
      fingerprint,
    } = base
    const { signal, output } = options
    const release =
      (await this.#undamaged(base, output, signal)) ??
      (await this.prepare(base, options).then(() => this.#whole(fingerprint)))
    if (!release) throw new Error('the release disappeared as soon as it was prepared')
    const copy = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE }
    await cp(join(this.#folder, fingerprint, 'server'), join(target, server.folder), copy)
    const placing = { parts: this.parts, run: this.#run, signal }
    await layPart(placing, release.parts.packages, join(target, server.folder), 'share')
    await layPart(placing, release.parts.generated, join(target, server.folder), 'share')
    await layPart(placing, release.parts.build, join(target, client.folder, client.output), 'share')
    await this.#run('sync', ['--file-system', target], { signal, timeout: syncTimeout })
  }

  /** The SQL that creates the release's schema in an empty database, if it was kept. */
  schema(fingerprint: string): Promise<string | undefined> {
    return readIfExists(this.#schemaFile(fingerprint), longestText)
  }

  keepSchema(fingerprint: string, sql: string): Promise<void> {
    return writeFileAtomic(this.#schemaFile(fingerprint), sql, 0o600)
  }

  /** Removes what a killed preparation left. Call it while none is running. */
  async tidy(): Promise<void> {
    const left = (await readdir(this.#folder).catch(() => [])).filter(it => it.startsWith('.'))
    await Promise.all(left.map(it => rm(join(this.#folder, it), { recursive: true, force: true })))
    await this.parts.tidy()
  }

  /** Newest first. */
  async list(): Promise<KeptRelease[]> {
    const names = (await readdir(this.#folder).catch(() => [])).filter(it => it !== partsFolder && !it.startsWith('.'))
    const found = await Promise.all(
      names.map(async fingerprint => {
        const release = await this.#read(fingerprint)
        return {
          fingerprint,
          prepared: release?.prepared ?? '',
          parts: release ? [...Object.values(release.parts), release.clientPackages] : [],
        }
      }),
    )
    return found.toSorted((a, b) => (a.prepared < b.prepared ? 1 : -1))
  }

  /** What `prune` would remove. */
  async unneeded(used: ReadonlySet<string>, which: 'old' | 'all'): Promise<Unneeded> {
    const releases = await this.list()
    const isKept = ({ fingerprint, prepared }: KeptRelease, index: number): boolean =>
      prepared !== '' && (used.has(fingerprint) || (which === 'old' && index < newest))
    const kept = releases.filter(isKept)
    const gone = releases.filter(it => !kept.includes(it))
    const [needed, given] = [kept, gone].map(them => new Set(them.flatMap(it => it.parts)))
    const parts: PartName[] = []
    for (const name of (await this.parts.list()).filter(it => !needed?.has(it))) {
      const made = (await this.parts.info(name).catch(() => undefined))?.made
      // A part that never was in a release was made by a preparation that failed.
      if (which === 'all' || given?.has(name) || made === undefined || Date.now() - Date.parse(made) > retryWithin)
        parts.push(name)
    }
    return { releases: gone.map(it => it.fingerprint), parts }
  }

  /** Bytes that removing them frees. Files that instances share stay. */
  async sizeOf({ releases, parts }: Unneeded): Promise<number> {
    const sizes = await Promise.all(
      [...releases.map(it => join(this.#folder, it)), ...parts.map(it => this.parts.folderOf(it))].map(it =>
        ownBytes(this.#run, it),
      ),
    )
    return sizes.reduce((sum, it) => sum + it, 0)
  }

  /**
   * Removes unused releases, and parts that no release uses. Instances keep their files through their own links. Needs
   * no disk space. Waits for a preparation to end.
   * @param used fingerprints of instances, open operations and the base application
   * @param which `old` keeps the newest two releases and parts from a recently failed preparation; `all` keeps only
   * what is used
   */
  prune(used: () => Promise<ReadonlySet<string>>, which: 'old' | 'all', signal: AbortSignal): Promise<void> {
    return this.#exclusively(async () => {
      const { releases, parts } = await this.unneeded(await used(), which)
      for (const it of releases) await this.#remove(it)
      for (const it of parts) await this.parts.remove(it)
    }, signal)
  }

  /**
   * Bytes that a new instance needs for its files, and for its release if that isn't prepared yet: as much as the
   * newest release took, and again as much while it is made; for the first one, estimated from the number of packages
   * in the lock files.
   */
  async need({ root, fingerprint, manifest }: Pick<PinnedBase, 'root' | 'fingerprint' | 'manifest'>): Promise<number> {
    const [newestOne] = await this.list()
    const known = (await this.#whole(fingerprint)) ?? (newestOne && (await this.#whole(newestOne.fingerprint)))
    const placed = known ? await this.#ownOf(known) : 0
    if (known?.fingerprint === fingerprint) return placed
    if (known)
      return (
        placed +
        2 *
          (await this.sizeOf({
            releases: [known.fingerprint],
            parts: [...Object.values(known.parts), known.clientPackages],
          }))
      )
    const locks = await Promise.all(
      [manifest.server, manifest.client].map(it =>
        readIfExists(join(root, it.folder, 'package-lock.json'), longestText),
      ),
    )
    return 2 * bytesPerPackage * (locks.join('').match(/^ {4}"node_modules\//gm)?.length ?? 0)
  }

  /** Bytes that an instance doesn't share: code, generated files, small files. */
  async #ownOf({ fingerprint, parts }: Release): Promise<number> {
    const infos = await Promise.all(Object.values(parts).map(it => this.parts.info(it)))
    return infos.reduce(
      (sum, it) => sum + (it?.ownBytes ?? 0),
      await ownBytes(this.#run, join(this.#folder, fingerprint)),
    )
  }

  #schemaFile(fingerprint: string): string {
    return join(this.#folder, fingerprint, 'schema.sql')
  }

  /** Undefined if there is none, or if it has an older version's layout. */
  #read(fingerprint: string): Promise<Release | undefined> {
    return readJson(join(this.#folder, fingerprint, 'release.json'), releaseSchema).catch(() => undefined)
  }

  async #whole(fingerprint: string): Promise<Release | undefined> {
    const release = await this.#read(fingerprint)
    const there = await Promise.all(Object.values(release?.parts ?? {}).map(it => this.parts.has(it)))
    return there.every(Boolean) ? release : undefined
  }

  /** The release, if it exists and nothing has written into its parts. Damaged parts are reported and removed. */
  async #undamaged(
    base: PinnedBase,
    output: ReleaseOptions['output'],
    signal: AbortSignal,
  ): Promise<Release | undefined> {
    const release = await this.#whole(base.fingerprint)
    if (!release) return undefined
    const { packages, build } = release.parts
    const { server, client } = base.manifest
    const found = await Promise.all(
      [
        [packages, server.folder],
        [build, join(client.folder, client.output)],
      ].map(async ([name = '', folder = '']) => ({ name, folder, files: await this.parts.damage(name, signal) })),
    )
    for (const { name, folder, files } of found.filter(it => it.files.length)) {
      const sharing = await this.#sharing(name, folder, files)
      const more = files.length > 5 ? ` and ${files.length - 5} more` : ''
      output(
        `Something wrote into files that instances share: ${files
          .slice(0, 5)
          .map(it => join(folder, it))
          .join(', ')}${more}. They will be made again.${
          sharing.length ? ` These instances have the changed files: ${sharing.join(', ')}.` : ''
        }\n`,
      )
      await this.parts.remove(name)
    }
    return found.some(it => it.files.length) ? undefined : release
  }

  /** Instances that share these very files. */
  async #sharing(part: PartName, folder: string, files: readonly string[]): Promise<string[]> {
    const inodeOf = (path: string): Promise<number | undefined> =>
      stat(path).then(
        it => it.ino,
        () => undefined,
      )
    const inodes = new Set(await Promise.all(files.map(it => inodeOf(join(this.parts.content(part), it)))))
    const names = (await readdir(this.#instances).catch(() => [])).filter(it => !it.startsWith('.'))
    const shares = await Promise.all(
      names.map(async name =>
        (await Promise.all(files.map(it => inodeOf(join(this.#instances, name, folder, it))))).some(
          it => it !== undefined && inodes.has(it),
        ),
      ),
    )
    return names.filter((_, index) => shares[index])
  }

  async #exclusively<T>(work: () => Promise<T>, signal: AbortSignal, wait?: () => void): Promise<T> {
    while (this.#busy) {
      wait?.()
      await Promise.race([this.#busy.catch(() => undefined), aborted(signal)])
    }
    signal.throwIfAborted()
    const now = work().finally(() => {
      this.#busy = undefined
    })
    this.#busy = now
    return now
  }

  async #make(base: PinnedBase, { signal, report, output }: ReleaseOptions): Promise<void> {
    const { fingerprint } = base
    if (await this.has(fingerprint)) return
    await makePrivateFolder(this.#folder)
    const aside = join(this.#folder, `.${fingerprint}-${Date.now()}`)
    try {
      report({ text: 'Copying the base application' })
      const sources = await copyBase(base, join(aside, 'base'), signal)
      await this.#warnUnlocked(base, output)
      const { server, client } = await recipesOf(sources, base)
      const both = new AbortController() // if one part fails, the other is stopped
      const workshop = {
        run: this.#run,
        signal: AbortSignal.any([signal, both.signal]),
        sources,
        parts: this.parts,
        aside,
        report: progressOf(report),
        output,
      }
      const work = [this.#makeAll(server, workshop), this.#makeClient(client, workshop)]
      await Promise.all(work).catch(async (error: unknown) => {
        both.abort(error)
        await Promise.allSettled(work)
        throw error
      })
      await this.#finish(
        aside,
        base,
        {
          parts: { packages: server[0].name, generated: server[1].name, build: client[1].name },
          clientPackages: client[0].name,
        },
        signal,
      )
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  }

  async #makeAll(recipes: readonly Recipe[], workshop: Workshop): Promise<void> {
    for (const recipe of recipes) {
      if ((await this.parts.has(recipe.name)) && (await this.parts.damage(recipe.name, workshop.signal)).length === 0)
        workshop.report(recipe.part, `${recipe.what}, as before`, true)
      else await makePart(recipe, workshop)
    }
  }

  /** The packages are needed only for the build. */
  async #makeClient(recipes: readonly [Recipe, Recipe], workshop: Workshop): Promise<void> {
    const built =
      (await this.parts.has(recipes[1].name)) &&
      (await this.parts.damage(recipes[1].name, workshop.signal)).length === 0
    await this.#makeAll(built ? recipes.slice(1) : recipes, workshop)
  }

  /** Adds the server's code and the parts' names, makes everything durable, and renames it into place. */
  async #finish(
    aside: string,
    { manifest: { server }, fingerprint, nodeMajor }: PinnedBase,
    made: Pick<Release, 'parts' | 'clientPackages'>,
    signal: AbortSignal,
  ): Promise<void> {
    const whole = join(aside, 'release')
    await makePrivateFolder(whole)
    await rename(join(aside, 'base', server.folder), join(whole, 'server'))
    await writeJson(join(whole, 'release.json'), {
      fingerprint,
      nodeMajor,
      prepared: new Date().toISOString(),
      ...made,
    } satisfies Release)
    await this.#run('sync', ['--file-system', whole], { signal, timeout: syncTimeout })
    await this.#remove(fingerprint) // an incomplete one would be in the way for ever
    await rename(whole, join(this.#folder, fingerprint))
    await syncFolder(this.#folder)
  }

  /** Removes it from sight in one step; `tidy` removes what a crash leaves. */
  async #remove(fingerprint: string): Promise<void> {
    const gone = join(this.#folder, `.gone-${fingerprint}`)
    await rm(gone, { recursive: true, force: true })
    await rename(join(this.#folder, fingerprint), gone).catch(() => undefined) // there is none
    await rm(gone, { recursive: true, force: true })
  }

  async #warnUnlocked({ root, manifest, install }: PinnedBase, output: ReleaseOptions['output']): Promise<void> {
    for (const { folder } of [manifest.server, manifest.client]) {
      if (!(await hasLockFile(join(root, folder))))
        output(`${folder} has no package-lock.json: npm takes the newest packages that its package.json allows.\n`)
      else if (install === 'install')
        output(
          `Using npm install instead of npm ci, as requested: ${folder} may get newer packages than its package-lock.json names.\n`,
        )
    }
  }
}

/** Shows both sides in one line, and what fraction of their commands is finished. */
function progressOf(report: ReleaseOptions['report']): Progress {
  const doing = new Map<string, string>()
  let finished = 0
  return (part, what, done) => {
    doing.set(part, what)
    if (done) finished += 1
    report({ text: [...doing].map(it => it.join(': ')).join(' · '), fraction: finished / commandCount })
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
