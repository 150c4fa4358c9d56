/** Finds out which releases are used, and by whom; removes the rest. */
import type { ReleaseList, Removed } from '../../shared/releases'
import type { Operations } from '../operations/engine'
import type { PartName } from '../releases/parts'
import type { Releases } from '../releases/releases'
import { findUnneeded, type Which } from '../releases/unneeded'
import type { Roster } from './roster'

export interface UsedReleasesServices {
  readonly releases: Releases
  readonly roster: Pick<Roster, 'configs' | 'baseFingerprint'>
  readonly operations: Pick<Operations, 'held'>
  readonly signal: AbortSignal
}

/** Who uses releases, by fingerprint. */
interface Uses {
  readonly instances: ReadonlyMap<string, readonly string[]>
  readonly previous: ReadonlyMap<string, readonly string[]>
  readonly held: ReadonlySet<string>
  /** Undefined if the base application can't be read. */
  readonly base: string | undefined
}

export class UsedReleases {
  readonly #services: UsedReleasesServices

  constructor(services: UsedReleasesServices) {
    this.#services = services
  }

  /** Measures each release, which takes a moment. @throws Problems of the manifest */
  async list(): Promise<ReleaseList> {
    const { kept } = this.#services.releases
    const [found, uses, allParts] = await Promise.all([kept.list(), this.#uses(), kept.parts.list()])
    const unneeded = await findUnneeded(kept, fingerprintsOf(uses), 'unused')
    const sizes = new Map(
      await Promise.all(allParts.map(async it => [it, await kept.sizeOf([], [it])] satisfies [PartName, number])),
    )
    const sum = (parts: readonly PartName[]): number => parts.reduce((total, it) => total + (sizes.get(it) ?? 0), 0)
    const releases = await Promise.all(
      found.map(async ({ fingerprint, prepared, parts }) => {
        const others = new Set(found.flatMap(it => (it.fingerprint === fingerprint ? [] : it.parts)))
        return {
          fingerprint,
          prepared,
          own: await kept.sizeOf([fingerprint], []),
          partBytes: sum(parts.filter(it => !others.has(it))),
          instances: uses.instances.get(fingerprint) ?? [],
          previous: uses.previous.get(fingerprint) ?? [],
          current: fingerprint === uses.base,
          held: uses.held.has(fingerprint),
          removable: unneeded.releases.includes(fingerprint),
        }
      }),
    )
    const ownOf = (them: typeof releases): number => them.reduce((total, it) => total + it.own, 0)
    const gone = releases.filter(it => it.removable)
    return {
      releases: releases.map(({ own, partBytes, ...it }) => ({ ...it, bytes: own + partBytes })),
      bytes: ownOf(releases) + sum(allParts),
      removable: { releases: gone.length, bytes: ownOf(gone) + sum(unneeded.parts) },
    }
  }

  /** Waits for a preparation to end. Needs no disk space. @throws Problems of the manifest */
  async prune(which: Which): Promise<Removed> {
    const { releases, signal } = this.#services
    const removed = await releases.prune(async () => fingerprintsOf(await this.#uses()), which, signal)
    if (which !== 'old') await releases.kept.discarded() // someone is waiting for the space
    return removed
  }

  /** What `prune('all')` frees: nothing if it isn't known which releases are in use. */
  async freeable(): Promise<Removed> {
    const { kept } = this.#services.releases
    const uses = await this.#uses().catch(() => undefined)
    if (!uses) return { releases: 0, bytes: 0 }
    const { releases, parts } = await findUnneeded(kept, fingerprintsOf(uses), 'all')
    return { releases: releases.length, bytes: await kept.sizeOf(releases, parts) }
  }

  async #uses(): Promise<Uses> {
    const { roster, operations } = this.#services
    const [{ configs }, base] = await Promise.all([roster.configs(), roster.baseFingerprint().catch(() => undefined)])
    const [instances, previous] = [new Map<string, string[]>(), new Map<string, string[]>()]
    const add = (to: Map<string, string[]>, release: string | undefined, name: string): void => {
      if (release !== undefined) to.set(release, [...(to.get(release) ?? []), name])
    }
    for (const it of configs) {
      add(instances, it.release, it.name)
      add(previous, it.previous?.release, it.name)
    }
    return { instances, previous, base, held: new Set(operations.held('release').keys()) }
  }
}

const fingerprintsOf = ({ instances, previous, held, base }: Uses): ReadonlySet<string> =>
  new Set([...instances.keys(), ...previous.keys(), ...held, ...(base === undefined ? [] : [base])])
