/** What has changed in the base application since the instances' releases, in a few words for the list. */
import { changeWords } from '../../shared/rebuild-review'
import type { Releases } from '../releases/releases'
import type { Run } from '../system/run'
import { readManifest } from '../workspace/base'
import { headCommit } from '../workspace/git'
import { codeChanges, releaseBefore } from './rebuild/review-changes'

interface NewerServices {
  readonly root: string
  readonly run: Run
  readonly releases: Pick<Releases, 'kept'>
  /** Aborted when the workspace is closed. */
  readonly signal: AbortSignal
}

/** Examines each release once, however many instances have it, until the base application or git's HEAD changes. */
export class Newer {
  readonly #services: NewerServices
  #known = new Map<string, string>()
  /** The base application's state when these were determined. */
  #state = ''

  constructor(services: NewerServices) {
    this.#services = services
  }

  /**
   * e.g. “3 commits, 2 packages, schema”, by release. Releases that aren't kept are left out.
   * @param base the base application's fingerprint @param outdated other releases
   */
  async since(base: string, outdated: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    if (outdated.size === 0) return new Map()
    const {
      root,
      run,
      signal,
      releases: { kept },
    } = this.#services
    const manifest = await readManifest(root)
    const state = `${base} ${(await headCommit({ root, run, manifest, signal })) ?? ''}`
    if (state !== this.#state) this.#known = new Map()
    this.#state = state
    for (const it of outdated) {
      const release = this.#known.has(it) ? undefined : await kept.whole(it)
      if (!release) continue
      const changes = await codeChanges({ root, run, manifest, signal }, releaseBefore(kept, release))
      this.#known.set(it, changeWords(changes).join(', '))
    }
    return this.#known
  }
}
