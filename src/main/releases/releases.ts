/** Releases: the base application, prepared once, kept by its fingerprint and placed into many instances. */
import { once } from 'node:events'
import { constants } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Removed } from '../../shared/releases'
import { inBackground, type Run } from '../system/run'
import type { PinnedBase } from './copy-base'
import { damageOf, describeDamage } from './damage'
import { KeptReleases, type Release } from './kept'
import { syncTimeout } from './parts'
import { layPart } from './place'
import { prepareRelease, type ReleaseOptions } from './prepare'
import { findUnneeded, type Which } from './unneeded'

export class Releases {
  readonly kept: KeptReleases
  /** Preparing and pruning take turns. */
  #busy: Promise<unknown> | undefined
  readonly #instances: string
  readonly #run: Run

  /**
   * @param instances the instances' folder, to name those that share a file
   * @param run its commands run in the background: whoever uses an instance meanwhile comes first
   */
  constructor(folder: string, instances: string, run: Run) {
    this.#instances = instances
    this.#run = inBackground(run)
    this.kept = new KeptReleases(folder, this.#run)
  }

  /** As `prepareRelease`, once at a time. */
  async prepare(base: PinnedBase, options: ReleaseOptions): Promise<void> {
    const wait = (): void => options.report({ text: 'Waiting for another operation to prepare a release' })
    await this.#exclusively(() => prepareRelease(this.kept, this.#run, base, options), options.signal, wait)
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
      (await this.prepare(base, options).then(() => this.kept.whole(fingerprint)))
    if (!release) throw new Error('the release disappeared as soon as it was prepared')
    const copy = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE }
    await cp(this.kept.serverOf(fingerprint), join(target, server.folder), copy)
    const placing = { parts: this.kept.parts, run: this.#run, signal }
    await layPart(placing, release.parts.packages, join(target, server.folder), 'share')
    await layPart(placing, release.parts.generated, join(target, server.folder), 'share')
    await layPart(placing, release.parts.build, join(target, client.folder, client.output), 'share')
    await this.#run('sync', ['--file-system', target], { signal, timeout: syncTimeout })
  }

  /**
   * Removes unused releases, and parts that no release uses. Instances keep their files through their own links. Needs
   * no disk space. Waits for a preparation to end.
   * @param used fingerprints of instances, open operations and the base application
   */
  prune(used: () => Promise<ReadonlySet<string>>, which: Which, signal: AbortSignal): Promise<Removed> {
    return this.#exclusively(async () => {
      const { releases, parts } = await findUnneeded(this.kept, await used(), which)
      const bytes = await this.kept.sizeOf(releases, parts)
      for (const it of releases) await this.kept.remove(it)
      for (const it of parts) await this.kept.parts.remove(it)
      return { releases: releases.length, bytes }
    }, signal)
  }

  /** Resolves when nothing is being prepared, pruned or removed any more. Call it once nothing new can begin. */
  async ended(): Promise<void> {
    while (this.#busy) await this.#busy.catch(() => undefined)
    await this.kept.discarded()
  }

  /** The release, if it exists and nothing has written into its parts. Damaged parts are reported and removed. */
  async #undamaged(
    { fingerprint, manifest }: PinnedBase,
    output: ReleaseOptions['output'],
    signal: AbortSignal,
  ): Promise<Release | undefined> {
    const release = await this.kept.whole(fingerprint)
    if (!release) return undefined
    const { parts } = this.kept
    const damage = await damageOf(parts, release.parts, manifest, signal)
    for (const it of damage) {
      output(await describeDamage(parts, it, this.#instances))
      await parts.remove(it.part)
    }
    return damage.length > 0 ? undefined : release
  }

  async #exclusively<T>(work: () => Promise<T>, signal: AbortSignal, wait?: () => void): Promise<T> {
    while (this.#busy) {
      wait?.()
      await endOf(this.#busy, signal)
    }
    signal.throwIfAborted()
    const now = work().finally(() => {
      this.#busy = undefined
    })
    this.#busy = now
    return now
  }
}

/** Resolves when it has ended, either way. @throws the signal's reason */
async function endOf(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const ended = new AbortController() // the signal may live as long as the workspace is open
  await Promise.race([work, once(signal, 'abort', { signal: ended.signal })]).catch(() => undefined)
  ended.abort()
  signal.throwIfAborted()
}
