/** Releases on disk: a folder for each, named by its fingerprint, which names the parts that it consists of. */
import { randomUUID } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makePrivateFolder, readIfExists, readJson, syncFolder, writeFileAtomic, writeJson } from '../system/files'
import type { Run } from '../system/run'
import { SerialQueue } from '../system/serial-queue'
import { maxLockFileBytes } from './lock-files'
import { Parts, syncTimeout, type PartName } from './parts'
import { ownBytes, pathsBelow } from './tree'

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
  /** The commit that was checked out when it was prepared; absent without a git repository. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .optional(),
})
export type Release = z.infer<typeof releaseSchema>

/** A release on disk, complete or not. */
export interface KeptRelease {
  readonly fingerprint: string
  /** When; empty if it can't be read. */
  readonly prepared: string
  readonly parts: readonly PartName[]
}

const partsFolder = 'parts'
const clientLockFile = 'client-lock.json'

/** Milliseconds: a slow disk takes a minute to remove 50,000 files. */
const discardTimeout = 30 * 60_000

/** Bytes. The SQL of a thousand models takes 2 MB. */
const maxSchemaBytes = 64 << 20

export class KeptReleases {
  readonly parts: Parts
  readonly folder: string
  readonly #run: Run
  readonly #discards = new SerialQueue()

  constructor(folder: string, run: Run) {
    this.folder = folder
    this.#run = run
    this.parts = new Parts(join(folder, partsFolder), run)
  }

  /** Whether the release exists with all its parts. */
  async has(fingerprint: string): Promise<boolean> {
    return (await this.whole(fingerprint)) !== undefined
  }

  /** The release if it exists with all its parts. */
  async whole(fingerprint: string): Promise<Release | undefined> {
    const release = await this.#read(fingerprint)
    const there = await Promise.all(Object.values(release?.parts ?? {}).map(it => this.parts.has(it)))
    return there.every(Boolean) ? release : undefined
  }

  /** The major version of Node.js that its packages were installed for; undefined if it isn't kept. */
  async nodeMajorOf(fingerprint: string): Promise<string | undefined> {
    return (await this.#read(fingerprint))?.nodeMajor
  }

  /** Newest first. */
  async list(): Promise<KeptRelease[]> {
    const names = (await readdir(this.folder).catch(() => [])).filter(it => it !== partsFolder && !it.startsWith('.'))
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

  /** The server's code, as the base application has it. */
  serverOf(fingerprint: string): string {
    return join(this.folder, fingerprint, 'server')
  }

  /** The client's lock file, which instances don’t have; undefined if there was none, or if an earlier version prepared it. */
  clientLock(fingerprint: string): Promise<string | undefined> {
    return readIfExists(join(this.folder, fingerprint, clientLockFile), maxLockFileBytes)
  }

  /** Every path that it has in an instance's server folder; undefined if it isn't kept. */
  async serverPaths(fingerprint: string): Promise<string[] | undefined> {
    const release = await this.#read(fingerprint)
    if (!release) return undefined
    const { packages, generated } = release.parts
    const folders = [this.serverOf(fingerprint), ...[packages, generated].map(it => this.parts.content(it))]
    return (await Promise.all(folders.map(it => pathsBelow(this.#run, it)))).flat()
  }

  /**
   * Adds the server's code and the parts' names, makes everything durable, and renames it into place.
   * @param aside a folder on the same disk to put it together in
   * @param server the server's code; it is moved
   * @param clientLock the client's lock file, which instances don't have
   */
  async keep(
    release: Omit<Release, 'prepared'>,
    aside: string,
    { server, clientLock }: { readonly server: string; readonly clientLock: string | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const { fingerprint } = release
    const whole = join(aside, 'release')
    await makePrivateFolder(whole)
    await rename(server, join(whole, 'server'))
    if (clientLock !== undefined) await writeFileAtomic(join(whole, clientLockFile), clientLock, 0o600)
    await writeJson(join(whole, 'release.json'), { ...release, prepared: new Date().toISOString() } satisfies Release)
    await this.#run('sync', ['--file-system', whole], { signal, timeout: syncTimeout })
    await this.remove(fingerprint) // an incomplete one would be in the way forever
    await rename(whole, join(this.folder, fingerprint))
    await syncFolder(this.folder)
  }

  /** Removes it from sight in one step; `tidy` removes what a crash leaves. */
  async remove(fingerprint: string): Promise<void> {
    const gone = join(this.folder, `.gone-${fingerprint}`)
    await rm(gone, { recursive: true, force: true })
    await rename(join(this.folder, fingerprint), gone).catch(() => undefined) // there is none
    await rm(gone, { recursive: true, force: true })
  }

  /**
   * Takes a folder on the same disk out of sight at once and frees its space in the background: the packages of a
   * preparation take seconds.
   */
  async discard(path: string): Promise<void> {
    const gone = join(this.folder, `.gone-${randomUUID()}`)
    const found = await rename(path, gone).then(
      () => true,
      () => false, // there is none
    )
    if (found)
      void this.#discards
        .run(() => this.#run('rm', ['--recursive', '--force', gone], { timeout: discardTimeout }))
        .catch(() => undefined) // left to `tidy`
  }

  /** Resolves when nothing is being removed in the background any more. */
  discarded(): Promise<void> {
    return this.#discards.idle()
  }

  /** Removes what a killed preparation left, in the background. Call it while none is running. */
  async tidy(): Promise<void> {
    for (const folder of [this.folder, join(this.folder, partsFolder)])
      for (const it of await readdir(folder).catch(() => []))
        if (it.startsWith('.')) await this.discard(join(folder, it))
  }

  /** The SQL that creates the release's schema in an empty database, if it was kept. */
  schema(fingerprint: string): Promise<string | undefined> {
    return readIfExists(this.#schemaFile(fingerprint), maxSchemaBytes)
  }

  keepSchema(fingerprint: string, sql: string): Promise<void> {
    return writeFileAtomic(this.#schemaFile(fingerprint), sql, 0o600)
  }

  /** Bytes that removing them frees. Files that instances share stay. */
  async sizeOf(releases: readonly string[], parts: readonly PartName[]): Promise<number> {
    const folders = [...releases.map(it => join(this.folder, it)), ...parts.map(it => this.parts.folderOf(it))]
    const sizes = await Promise.all(folders.map(it => ownBytes(this.#run, it)))
    return sizes.reduce((sum, it) => sum + it, 0)
  }

  #schemaFile(fingerprint: string): string {
    return join(this.folder, fingerprint, 'schema.sql')
  }

  /** Undefined if there is none, or if it has an older version's layout. */
  #read(fingerprint: string): Promise<Release | undefined> {
    return readJson(join(this.folder, fingerprint, 'release.json'), releaseSchema).catch(() => undefined)
  }
}
