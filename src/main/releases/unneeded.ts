/** Which releases and parts nothing needs. */
import type { KeptRelease, KeptReleases } from './kept'
import type { PartName } from './parts'

/**
 * `old` keeps the newest two releases, so that an update can be reverted, and parts from a recently failed preparation.
 * `unused` keeps the newest release, whose packages and caches the next preparation can use. `all` keeps only what is
 * used.
 */
export type Which = keyof typeof newest
const newest = { old: 2, unused: 1, all: 0 } as const

export interface Unneeded {
  readonly releases: readonly string[]
  readonly parts: readonly PartName[]
}

/**
 * Milliseconds for which a part is kept that no release uses: when a preparation fails, its next attempt can reuse it.
 */
const retryWithin = 24 * 3_600_000

/** @param used fingerprints of instances, open operations and the base application */
export async function findUnneeded(kept: KeptReleases, used: ReadonlySet<string>, which: Which): Promise<Unneeded> {
  const releases = await kept.list()
  const isNeeded = ({ fingerprint, prepared }: KeptRelease, index: number): boolean =>
    prepared !== '' && (used.has(fingerprint) || index < newest[which])
  const needed = releases.filter(isNeeded)
  const gone = releases.filter(it => !needed.includes(it))
  const [neededParts, goneParts] = [needed, gone].map(them => new Set(them.flatMap(it => it.parts)))
  const parts: PartName[] = []
  for (const name of (await kept.parts.list()).filter(it => !neededParts?.has(it))) {
    const made = (await kept.parts.info(name).catch(() => undefined))?.made
    // A part that never was in a release was made by a preparation that failed.
    if (which !== 'old' || goneParts?.has(name) || made === undefined || Date.now() - Date.parse(made) > retryWithin)
      parts.push(name)
  }
  return { releases: gone.map(it => it.fingerprint), parts }
}
