/** What a rebuild would change and what it would keep, shown before it begins. */
import { count } from './amounts'

/** A package with its versions. Without `from` it is added, without `to` removed. */
export interface PackageChange {
  readonly name: string
  readonly from?: string
  readonly to?: string
}

export interface PackageChanges {
  /** Packages that package.json names, by name. */
  readonly direct: readonly PackageChange[]
  /** How many of the others are added, removed or changed. */
  readonly transitive: number
}

export interface Commit {
  /** Abbreviated. */
  readonly id: string
  readonly subject: string
  /** ISO 8601. */
  readonly at: string
}

/** Commits that touch the base application. */
export interface Commits {
  /** The newest ones, newest first. */
  readonly newest: readonly Commit[]
  /** How many there are. */
  readonly count: number
  /** How many the instance has that are no longer in the history, e.g. after a switch to another branch. */
  readonly gone: number
  /**
   * `time`: the commit its release was made from is unknown, so these are the commits since the release was prepared.
   */
  readonly since: 'commit' | 'time'
}

/** How the base application differs from a release. Whatever can't be determined is absent. */
export interface CodeChanges {
  /** Absent unless the workspace is a git repository. */
  readonly commits?: Commits
  /** Absent without lock files (version 2 or 3) on both sides. */
  readonly server?: PackageChanges
  readonly client?: PackageChanges
  /** Prisma schema files that differ, relative to the server folder. */
  readonly schema: readonly string[]
}

export interface DataFolder {
  /** Relative to the server folder. */
  readonly path: string
  readonly files: number
  readonly bytes: number
  /** False: there are more, which weren't counted. */
  readonly complete: boolean
}

/** A key of the base application's `.env` that the instance's lacks. */
export interface NewKey {
  readonly key: string
  /** New instances get it. */
  readonly copied: boolean
}

/** What is known beforehand about an instance's downtime. */
export interface Gap {
  /** Otherwise it stays stopped. */
  readonly running: boolean
  /** The new process answers before the old one ends, unless the schema changes. */
  readonly seamless: boolean
  /** Seconds of downtime in its last rebuilds or, failing those, its last starts. Absent if there were none. */
  readonly seconds?: number
}

export interface RebuildReview {
  readonly name: string
  /** The base application's fingerprint. */
  readonly base: string
  /** The fingerprint of the instance's release; absent if the older command line tool placed its code. */
  readonly release?: string
  readonly upToDate: boolean
  readonly changes: CodeChanges
  /** An earlier rebuild left the database's schema as it was, and the code expects a newer one. */
  readonly behind: boolean
  readonly env: {
    /** With a value in the base application's `.env`. */
    readonly offered: readonly NewKey[]
    /** Only named in its `.env.example`. */
    readonly exampleOnly: readonly string[]
  }
  readonly stays: {
    readonly folders: readonly DataFolder[]
    /** The keys in its `.env`. */
    readonly keys: readonly string[]
    /** Its other files and folders: how many, and the names of the first. */
    readonly own: { readonly count: number; readonly names: readonly string[] }
  }
  /** Bytes. `reserve` must stay free in addition to what is needed. */
  readonly disk: { readonly needed: number; readonly free: number; readonly reserve: number }
  /** The new release already exists, so nothing has to be installed or built. */
  readonly prepared: boolean
  /** How long recent rebuilds of this kind took: the median in seconds, and of how many. Absent if there were none. */
  readonly expected?: { readonly seconds: number; readonly runs: number }
  readonly gap: Gap
}

/** One of several instances that are to be rebuilt: what differs between them. */
export interface FleetMember {
  readonly name: string
  readonly release?: string
  /** The database may need another schema than it has. */
  readonly moves: boolean
  readonly offered: RebuildReview['env']['offered']
  readonly gap: Gap
}

/** e.g. [“3 commits”, “2 packages”, “schema”]; empty if only code has changed, or if nothing is known. */
export function changeWords({ commits, server, client, schema }: CodeChanges): string[] {
  const packages = [server, client].reduce((sum, it) => sum + (it?.direct.length ?? 0), 0)
  const transitive = [server, client].reduce((sum, it) => sum + (it?.transitive ?? 0), 0)
  return [
    ...(commits?.count ? [count(commits.count, 'commit')] : []),
    ...(packages ? [count(packages, 'package')] : transitive ? [count(transitive, 'indirect package')] : []),
    ...(schema.length ? ['schema'] : []),
  ]
}

/** e.g. “express 4.18.2 → 5.0.0”, “zod 4.6.7 (new)”, “left-pad 1.0.0 (removed)”. */
export const packageWords = ({ name, from, to }: PackageChange): string =>
  from === undefined
    ? `${name} ${to ?? ''} (new)`
    : to === undefined
      ? `${name} ${from} (removed)`
      : `${name} ${from} → ${to}`
