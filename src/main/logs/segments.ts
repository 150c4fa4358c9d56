/**
 * What a log is made of: its live file and what was rotated away before, oldest first. A place in it is a *logical
 * offset*, the number of bytes written before it since the file began, so that it stays true when the log grows and
 * rotates. Our own archives say their range in their names (rotate-names.ts); what other rotators left lies among them
 * by its age, and what is older is moved down by its size: the live file stays where it is.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs'
import { basename, dirname } from 'node:path'
import { problem } from '../../shared/problem'
import { archivesIn, foreignIn, partsIn, type LogParts } from '../system/rotate-names'

export interface Segment {
  readonly path: string
  /** Logical offsets of its first byte and behind its last one. */
  readonly start: number
  readonly end: number
  /** Bytes of the file before its first one: a hole that rotation left. */
  readonly skip: number
  readonly compressed: boolean
}

/** What there is of a log at one moment. */
export interface Segments {
  /** Oldest first, the live file last. */
  readonly all: readonly Segment[]
  /** Another value: it was rotated since. */
  readonly state: string
}

/**
 * A rotation takes some milliseconds. One that takes longer was left by a crash: then its state is not waited for
 * again.
 */
const rotationPatience = 2000
const unsettled = new Map<string, number>()

/** The log is just being rotated: ask again in some milliseconds. */
export class Rotating extends Error {
  override readonly name = 'Rotating'
}

/** The segments as they are now. @throws Rotating; Problem `log-unreadable` */
export function segmentsOf(live: string): Segments {
  const names = namesBeside(live)
  const parts = partsIn(names, live)
  const state = stateOf(names, live)
  if (!parts.settled) {
    const since = unsettled.get(state) ?? Date.now()
    unsettled.set(state, since)
    if (Date.now() - since < rotationPatience) throw new Rotating(`${live} is being rotated`)
  }
  return { all: segmentsAmong(live, names, parts), state }
}

/** Whether what was read since is what the segments say: no rotation came in between. */
export const unchanged = (live: string, { state }: Segments): boolean => stateOf(namesBeside(live), live) === state

const stateOf = (names: readonly string[], live: string): string =>
  archivesIn(names, live)
    .map(it => basename(it.path))
    .join('/')

function namesBeside(live: string): string[] {
  const prefix = basename(live).replace(/\.log$/, '')
  try {
    return readdirSync(dirname(live)).filter(it => it.startsWith(prefix))
  } catch {
    return []
  }
}

function segmentsAmong(live: string, names: readonly string[], { archives, start, skip }: LogParts): Segment[] {
  const size = Math.max(0, (infoOf(live)?.size ?? 0) - skip)
  const segments: Segment[] = [{ path: live, start, end: start + size, skip, compressed: false }]
  const foreign = foreignParts(live, names)
  const own = archives.map(it => ({ ...it, changedAt: foreign.length ? (infoOf(it.path)?.mtimeMs ?? 0) : 0 }))
  let moved = 0
  for (const archive of [...own.toReversed(), undefined]) {
    const age = archive?.changedAt ?? -Infinity
    while ((foreign.at(-1)?.changedAt ?? -Infinity) > age) {
      const { path, bytes, compressed } = foreign.pop() as ForeignPart
      const end = (archive?.end ?? 0) - moved
      segments.unshift({ path, start: end - bytes, end, skip: 0, compressed })
      moved += bytes
    }
    if (archive)
      segments.unshift({
        path: archive.path,
        start: archive.start - moved,
        end: archive.end - moved,
        skip: 0,
        compressed: true,
      })
  }
  return segments
}

interface ForeignPart {
  readonly path: string
  readonly bytes: number
  readonly changedAt: number
  readonly compressed: boolean
}

/** What other rotators left, oldest first. */
function foreignParts(live: string, names: readonly string[]): ForeignPart[] {
  const paths = foreignIn(names, live)
  const all = new Set(paths)
  return paths.flatMap(path => {
    const compressed = path.endsWith('.gz')
    if (compressed && all.has(path.slice(0, -3))) return [] // it is being compressed: the plain one is whole
    const info = infoOf(path)
    const bytes = compressed ? inflatedSize(path) : (info?.size ?? 0)
    return info && bytes > 0 ? [{ path, bytes, compressed, changedAt: info.mtimeMs }] : []
  })
}

/**
 * What gzip notes at a file's end: its content's size modulo 4 GiB. Of a rotated file that had more, the first part is
 * shown.
 */
function inflatedSize(path: string): number {
  return (
    withFile(path, (file, { size }) => {
      const trailer = Buffer.alloc(4)
      return size < 18 || readSync(file, trailer, 0, 4, size - 4) < 4 ? 0 : trailer.readUInt32LE()
    }) ?? 0
  )
}

const infoOf = (path: string): Stats | undefined => withFile(path, (_, info) => info)

function withFile<T>(path: string, work: (file: number, info: Stats) => T): T | undefined {
  const file = openRegular(path)
  if (file === undefined) return undefined
  try {
    return work(file, fstatSync(file))
  } finally {
    closeSync(file)
  }
}

/**
 * Opens a file to read; undefined if there is none. A link, a named pipe or a device is refused: reading it could hang,
 * or show what is not a log.
 * @throws Problem `log-unreadable`
 */
export function openRegular(path: string): number | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === 'EACCES')
      throw unreadable(
        path,
        'You may not read it.',
        error,
        'See who owns it with "ls -l", and allow your user to read it; its folder must be open to you too.',
      )
    throw unreadable(path, code === 'ELOOP' ? 'It is a link.' : message, error)
  }
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  throw unreadable(path, 'It is not a regular file.')
}

const unreadable = (
  path: string,
  cause: string,
  error?: unknown,
  hint = 'Put a regular file that you may read in its place, or restart what writes it.',
) => problem({ code: 'log-unreadable', message: `The log ${path} cannot be read.`, cause, hint }, error)

/** Bytes on disk and the time of the last write, predecessors included. @throws Problem `log-unreadable` */
export function usageOnDisk(live: string): { readonly size: number; readonly changedAt?: number } {
  const names = namesBeside(live)
  const infos = segmentsAmong(live, names, partsIn(names, live))
    .map(it => infoOf(it.path))
    .filter(it => it !== undefined)
  return {
    size: infos.reduce((sum, it) => sum + it.size, 0),
    ...(infos.length && { changedAt: Math.max(...infos.map(it => it.mtimeMs)) }),
  }
}
