/**
 * The files that make up a log: its live file and the rotated ones, oldest first. A place in it is a *logical offset*,
 * the number of bytes written before it since the log began, which stays valid as the log grows and rotates. Our own
 * archives have their range in their names (rotate-names.ts). Files from other rotators are placed among them by age
 * and shift anything older down by their size, so the live file's offset never changes.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs'
import { basename, dirname } from 'node:path'
import { problem } from '../../shared/problem'
import { archivesIn, foreignIn, partsIn, type LogParts } from '../system/rotate-names'

export interface Segment {
  readonly path: string
  /** Logical offsets of its first byte and after its last one. */
  readonly start: number
  readonly end: number
  /** Bytes of the file before that first byte: a hole left by rotation. */
  readonly skip: number
  readonly compressed: boolean
}

/** A snapshot of the files of a log. */
export interface Segments {
  /** Oldest first, the live file last. */
  readonly all: readonly Segment[]
  /** Differs if the log was rotated since. */
  readonly state: string
}

/**
 * Milliseconds to wait for a rotation, which takes only a few. One that takes longer was interrupted by a crash, and
 * isn't waited for again.
 */
const rotationPatience = 2000
const unsettled = new Map<string, number>()

/** The log is being rotated: retry in a few milliseconds. */
export class Rotating extends Error {
  override readonly name = 'Rotating'
}

/** The segments as they are now. @throws Rotating; Problem `log-unreadable` */
export function segmentsOf(live: string): Segments {
  const names = namesBeside(live)
  const parts = partsIn(names, live)
  const state = stateOf(names, live)
  if (!parts.settled) {
    const since = unsettled.get(state) ?? performance.now()
    unsettled.set(state, since)
    if (performance.now() - since < rotationPatience) throw new Rotating(`${live} is being rotated`)
  }
  return { all: segmentsAmong(live, names, parts), state }
}

/** Whether the segments are still current: no rotation has happened since. */
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

/** Files from other rotators, oldest first. */
function foreignParts(live: string, names: readonly string[]): ForeignPart[] {
  const paths = foreignIn(names, live)
  const all = new Set(paths)
  return paths.flatMap(path => {
    const compressed = path.endsWith('.gz')
    if (compressed && all.has(path.slice(0, -3))) return [] // being compressed: the plain file is still complete
    const info = infoOf(path)
    const bytes = compressed ? inflatedSize(path) : (info?.size ?? 0)
    return info && bytes > 0 ? [{ path, bytes, compressed, changedAt: info.mtimeMs }] : []
  })
}

/**
 * The size from gzip's trailer: the content's length modulo 4 GiB. If a rotated file was larger, only its first part is
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
 * Opens a file for reading; undefined if it doesn't exist. Links, named pipes and devices are refused: reading one
 * could hang, or show something that isn't a log.
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
        'Permission denied.',
        error,
        'Check who owns it with “ls -l”, and give your user access to it and its folder.',
      )
    throw unreadable(path, code === 'ELOOP' ? 'It’s a symbolic link.' : message, error)
  }
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  throw unreadable(path, 'It isn’t a regular file.')
}

const unreadable = (
  path: string,
  cause: string,
  error?: unknown,
  hint = 'Replace it with a regular file that you can read, or restart the process that writes it.',
) => problem({ code: 'log-unreadable', message: `Can’t read the log ${path}.`, cause, hint }, error)

/** Bytes on disk and the time of the last write, rotated files included. @throws Problem `log-unreadable` */
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
