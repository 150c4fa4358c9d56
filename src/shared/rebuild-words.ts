/** A rebuild's review and a rehearsal in words, for the windows and the command line. */
import { bytes, capital, count, duration, enumerate } from './amounts'
import {
  packageWords,
  type Commits,
  type DataFolder,
  type Gap,
  type NewKey,
  type PackageChanges,
  type RebuildReview,
} from './rebuild-review'
import type { Rehearsal, SchemaClass, WayBack } from './schema'

/** Sentences about the commits, shown above their list. */
export function commitWords(commits: Commits | undefined, release: string | undefined): string[] {
  if (!commits) return ['The base application has changed.']
  const { count: all, gone, since } = commits
  const from =
    since === 'commit'
      ? 'since the instance’s release'
      : release === undefined
        ? 'since the instance was created'
        : 'since the instance’s release was prepared'
  return [
    ...(all > 0 ? [`${capital(count(all, 'commit'))} ${from}`] : []),
    ...(all + gone === 0 ? [`No commits ${from}: these changes aren’t committed.`] : []),
    ...(gone > 0
      ? [
          gone === 1
            ? 'One of the instance’s commits is no longer in the history.'
            : `${gone} of the instance’s commits are no longer in the history.`,
        ]
      : []),
  ]
}

/** How many packages are listed by name. */
const named = 8

/** One line for the server and one for the client, or one for both. */
export function packageLines({ server, client }: RebuildReview['changes']): string[] {
  const [its, clients] = [server, client].map(packagesText)
  return its === clients ? [`Server and client: ${its}`] : [`Server: ${its}`, `Client: ${clients}`]
}

function packagesText(changes: PackageChanges | undefined): string {
  if (!changes) return 'can’t be compared without lock files.'
  const { direct, transitive } = changes
  if (direct.length === 0 && transitive === 0) return 'unchanged.'
  const more = direct.length > named ? [count(direct.length - named, 'other package')] : []
  const indirect = transitive > 0 ? [count(transitive, 'indirect package')] : []
  const words = [...direct.slice(0, named).map(packageWords), ...more, ...indirect]
  return enumerate(words, words.length)
}

export function schemaWords({ changes: { schema }, behind }: Pick<RebuildReview, 'changes' | 'behind'>): string {
  if (schema.length > 0) return `The schema has changed: ${enumerate(schema)}`
  return behind
    ? 'An earlier rebuild left the database’s schema as it was; the code expects a newer one.'
    : 'The schema is unchanged.'
}

/** New keys that only `.env.example` names; undefined if there are none. */
export const exampleWords = (keys: readonly string[]): string | undefined =>
  keys.length === 0
    ? undefined
    : `.env.example names ${enumerate(keys, 8)}, but the base application’s .env has no value for ${keys.length === 1 ? 'it' : 'them'}.`

export const keyWords = ({ key, copied }: NewKey): string => (copied ? key : `${key} (new instances don’t get it)`)

export function keptWords({ folders, keys, own }: RebuildReview['stays']): string[] {
  const kept = ['the database', count(keys.length, 'setting'), ...folders.map(folderWords)]
  const hidden = own.count - own.names.length
  return [
    capital(enumerate(kept, kept.length)),
    ...(own.count > 0 ? [`Its own files: ${own.names.join(', ')}${hidden > 0 ? ` and ${hidden} more` : ''}`] : []),
  ]
}

const folderWords = ({ path, files, bytes: size, complete }: DataFolder): string =>
  `${path} (${complete ? '' : 'more than '}${files === 1 ? 'one file' : `${files.toLocaleString('en')} files`}, ${bytes(size)})`

export function timeWords({ prepared, expected }: Pick<RebuildReview, 'prepared' | 'expected'>): string {
  const like =
    expected &&
    `About ${duration(expected.seconds * 1000)}, like the last ${expected.runs === 1 ? '' : `${expected.runs} `}rebuild${expected.runs === 1 ? '' : 's'}. `
  return `${like ?? ''}${prepared ? 'The new code is already prepared.' : 'The new code is prepared first, while the instance keeps running.'}`
}

/** @param moves the schema changes, for which the instance is stopped */
export function gapWords({ running, seamless, seconds }: Gap, moves: boolean): string {
  if (!running) return 'No downtime: it isn’t running, and won’t be started.'
  if (seamless && !moves) return 'No downtime: seamless.'
  const down = seconds === undefined ? 'as long as the application takes to start' : `about ${duration(seconds * 1000)}`
  return `Downtime: ${down}.${seamless ? ' A schema change isn’t seamless.' : ''}`
}

export const hasSpace = ({ needed, free, reserve }: RebuildReview['disk']): boolean => free >= needed + reserve

export const spaceWords = (disk: RebuildReview['disk']): string =>
  `${bytes(disk.needed)} of disk space; ${bytes(disk.free)} is free${hasSpace(disk) ? '' : `, and ${bytes(disk.reserve)} must stay free for PostgreSQL`}.`

export const classWords: Readonly<Record<SchemaClass, string>> = {
  none: 'Nothing to change: the database already has this schema.',
  additive: 'This only adds to the schema. Nothing is lost.',
  restrictive: 'Nothing is lost, but the database will refuse some values that it accepts now.',
  destructive: 'This loses data:',
  refused: 'Existing rows don’t allow this change.',
}

export const driftWords =
  'The database differs from the schema in the instance’s own code. The change starts from the database as it is.'

/** What a rollback does to the database, in sentences, and what isn't brought back as it was. */
export function rollbackWords({ schema }: WayBack): readonly [readonly string[], readonly string[]] {
  if (!schema) return [['The database isn’t changed.'], []]
  const { to, limits } = schema
  return [
    [
      to === 'old'
        ? 'The database’s schema is changed back too. Data that the rebuild removed is restored, and rows written since stay.'
        : 'The database’s schema is changed to the newer one again. Data that the last rollback removed is restored, and rows written since stay.',
      'This is tried on a copy first. The instance is stopped during the change.',
    ],
    limits,
  ]
}

/** The promise, or its limits: a heading and sentences. */
export function wayBackWords({ exact, limits }: Rehearsal['rollback']): readonly [string, readonly string[]] {
  if (!exact)
    return [
      'A rollback wouldn’t bring everything back:',
      limits.length > 0 ? limits : ['On the copy, the rows differed afterwards.'],
    ]
  return limits.length > 0
    ? ['Can be rolled back: every row comes back as it is now. For anything written in the meantime:', limits]
    : ['Can be rolled back without losing rows written in the meantime.', []]
}
