/**
 * The names of a rotated log's files. A place in a log is the number of bytes since its first line, including rotated
 * ones.
 *
 * The live file `LIVE` keeps its name and inode. Beside it are the archives (docs/decisions/0007-rotation-in-place.md):
 * - `LIVE.<start>-<end>.gz`: these bytes were cut off the front of the live file.
 * - `LIVE.<start>-<end>.hole-<origin>.gz`: on file systems that can't do that, these bytes are now a hole in the live
 * file, whose first byte is `origin`.
 * - `….pending.gz`: a rotation is in progress, or was interrupted by a crash.
 * - `….gz.tmp`: being written.
 */
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface LogArchive {
  readonly path: string
  /** Uncompressed bytes since the log's beginning; `end` is exclusive. */
  readonly start: number
  readonly end: number
}

/** Everything in an archive's name. */
export interface ArchiveName extends LogArchive {
  readonly hole?: number
  readonly pending: boolean
}

export interface LogParts {
  /** Oldest first, without gaps unless someone removed some. */
  readonly archives: readonly LogArchive[]
  /** Where the live file's text begins. */
  readonly start: number
  /** The size of the hole before the live file's text, in bytes. */
  readonly skip: number
  /** False during a rotation: the live file's text may be elsewhere. */
  readonly settled: boolean
}

const digits = 15 // 1 PB; names then sort as numbers do
const form = /^\.(\d{15})-(\d{15})(?:\.hole-(\d{15}))?(\.pending)?\.gz$/
const temporaryForm = /^\.\d{15}-\d{15}\.gz\.tmp$/

export function archivePath(live: string, { start, end, hole, pending }: Omit<ArchiveName, 'path'>): string {
  const number = (it: number): string => String(it).padStart(digits, '0')
  return `${live}.${number(start)}-${number(end)}${hole === undefined ? '' : `.hole-${number(hole)}`}${pending ? '.pending' : ''}.gz`
}

export const temporaryPath = (live: string, range: Pick<LogArchive, 'start' | 'end'>): string =>
  `${archivePath(live, { start: range.start, end: range.end, pending: false })}.tmp`

/** The archives of a log among the names in its folder, oldest first. */
export function archivesIn(names: readonly string[], live: string): ArchiveName[] {
  const own = basename(live)
  return names
    .filter(it => it.startsWith(own))
    .flatMap(name => {
      const [, start, end, hole, pending] = form.exec(name.slice(own.length)) ?? []
      if (start === undefined || end === undefined || Number(end) <= Number(start)) return []
      return [
        {
          path: join(dirname(live), name),
          start: Number(start),
          end: Number(end),
          pending: pending !== undefined,
          ...(hole !== undefined && { hole: Number(hole) }),
        },
      ]
    })
    .toSorted((a, b) => a.start - b.start)
}

/** Unfinished archives left by a crash. */
export function temporariesIn(names: readonly string[], live: string): string[] {
  const own = basename(live)
  return names
    .filter(it => it.startsWith(own) && temporaryForm.test(it.slice(own.length)))
    .map(it => join(dirname(live), it))
}

/**
 * Archives made by pm2-logrotate (`a-out__2026-01-31_00-00-00.log.gz`) or logrotate (`a-out.log.2.gz`,
 * `a-out.log-20260131.gz`), oldest first.
 */
export function foreignIn(names: readonly string[], live: string): string[] {
  const own = basename(live)
  const stem = `${own.replace(/\.log$/, '')}__`
  const pm2 = names.filter(it => it.startsWith(stem) && /^\d{4}[\d_-]*\.log(\.gz)?$/.test(it.slice(stem.length)))
  const dated = names.filter(it => it.startsWith(`${own}-`) && /^\d{8,}(\.gz)?$/.test(it.slice(own.length + 1)))
  const numbered = names.filter(it => it.startsWith(`${own}.`) && /^\d{1,4}(\.gz)?$/.test(it.slice(own.length + 1)))
  const numberOf = (it: string): number => parseInt(it.slice(own.length + 1), 10)
  return [...pm2.toSorted(), ...dated.toSorted(), ...numbered.toSorted((a, b) => numberOf(b) - numberOf(a))].map(it =>
    join(dirname(live), it),
  )
}

/** All of a log's files except the live one, whoever rotated it. */
export async function rotatedFiles(live: string): Promise<string[]> {
  const names = await readdir(dirname(live)).catch(() => [])
  return [...archivesIn(names, live).map(it => it.path), ...temporariesIn(names, live), ...foreignIn(names, live)]
}

export function partsIn(names: readonly string[], live: string): LogParts {
  const all = archivesIn(names, live)
  const archives = all.filter(it => !it.pending)
  const newest = archives.at(-1)
  return {
    archives,
    start: newest?.end ?? 0,
    skip: newest?.hole === undefined ? 0 : newest.end - newest.hole,
    settled: archives.length === all.length,
  }
}

/** The files of which a log currently consists. A missing folder has none. */
export const partsOf = async (live: string): Promise<LogParts> =>
  partsIn(await readdir(dirname(live)).catch(() => []), live)
