/** Prepared releases: how much space they take, who uses them, and which can be removed. Sizes are in bytes. */
import { enumerate } from './amounts'

export interface ReleaseView {
  readonly fingerprint: string
  /** ISO 8601; empty if it can't be read. */
  readonly prepared: string
  /** What removing this one frees. Parts shared with other releases, and files in use by instances, stay. */
  readonly bytes: number
  /** Names of the instances that run it. */
  readonly instances: readonly string[]
  /** Names of those that can be rolled back to it. */
  readonly previous: readonly string[]
  /** It was prepared from the base application's current code. */
  readonly current: boolean
  /** An open operation needs it. */
  readonly held: boolean
  /** *Remove unused* removes it. */
  readonly removable: boolean
}

export interface ReleaseList {
  /** Newest first. */
  readonly releases: readonly ReleaseView[]
  /** The total, without files in use by instances. */
  readonly bytes: number
  /** What *Remove unused* frees, including parts that belong to no release. */
  readonly removable: Removed
}

export interface Removed {
  readonly releases: number
  readonly bytes: number
}

/** Who uses it, e.g. “next instance · school and demo · previous code of college”. */
export function usesOf({ instances, previous, current, held, removable }: ReleaseView): string {
  const uses = [
    ...(current ? ['next instance'] : []),
    ...(instances.length ? [enumerate(instances)] : []),
    ...(previous.length ? [`previous code of ${enumerate(previous)}`] : []),
    ...(held ? ['open operation'] : []),
  ]
  return uses.join(' · ') || (removable ? 'unused' : 'unused; kept as the newest')
}
