/**
 * Rotates one log file while its writer keeps writing (docs/decisions/0007-rotation-in-place.md). These are the states
 * on disk, in order. Each step can be repeated, and `settle` continues from any of them:
 *
 *   1. live: all                       archive: being written (.tmp)
 *   2. live: all, or hole and rest     archive: on disk (.pending)
 *   3. live: hole and rest, or rest    archive: on disk (.hole-….pending)
 *   4. live: rest                      archive: valid
 *      where files can't be cut:
 *      live: hole and rest             archive: valid (.hole-…)
 */
import { constants } from 'node:fs'
import { lstat, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { problem } from '../../shared/problem'
import { syncFolder } from '../system/files'
import type { Run } from '../system/run'
import {
  archivePath,
  archivesIn,
  partsIn,
  partsOf,
  temporariesIn,
  temporaryPath,
  type ArchiveName,
  type LogArchive,
} from '../system/rotate-names'
import { holds, isHole, seemsHole, stillThere, Witness } from './rotate-compare'
import { alignment, collapse, isUnable, punchHole } from './rotate-shrink'

export interface RotateTools {
  readonly run: Run
  /**
   * Aborts while an archive is being written, leaving the log unchanged. The rest of a rotation takes milliseconds and
   * is never interrupted.
   */
  readonly signal: AbortSignal
}

/** Opens a log file to shorten it. @returns undefined if it doesn't exist or isn't a regular file */
export async function openLog(live: string): Promise<FileHandle | undefined> {
  const info = await lstat(live).catch(ifAbsent)
  if (!info?.isFile()) return undefined
  const file = await open(live, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(ifAbsent)
  if (file && (await file.stat()).isFile()) return file
  await file?.close()
  return undefined
}

const ifAbsent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT' || error.code === 'ELOOP') return undefined
  throw error
}

/**
 * Moves the oldest bytes of a log into an archive.
 * @param maxBytes about how many; always rounded to a multiple of `alignment`, and never the entire file
 * @returns false if there are too few bytes, or if the log was emptied, replaced or deleted meanwhile
 */
export async function rotateOnce(live: string, maxBytes: number, tools: RotateTools): Promise<boolean> {
  const file = await openLog(live)
  if (!file) return false
  try {
    const { start, skip } = await partsOf(live)
    const { size, mode } = await file.stat()
    const length = Math.floor(Math.min(size - skip - 1, maxBytes) / alignment) * alignment
    if (length <= 0) return false
    const archive = { start, end: start + length, hole: start - skip }
    const temporary = temporaryPath(live, archive)
    const witness = new Witness()
    try {
      await compress(file, skip, length, temporary, mode & 0o777, witness, tools.signal)
      tools.signal.throwIfAborted()
      if (!(await stillThere(file, skip, length, witness)) || !(await isAt(file, live))) return false
      await rename(temporary, archivePath(live, { ...rangeOf(archive), pending: true }))
    } finally {
      await rm(temporary, { force: true })
    }
    await syncFolder(dirname(live))
    await cutOff(live, file, archive, tools.run)
    return true
  } finally {
    await file.close()
  }
}

type Range = Pick<ArchiveName, 'start' | 'end'> & { readonly hole: number }
const rangeOf = ({ start, end }: Omit<LogArchive, 'path'>): Omit<Range, 'hole'> => ({ start, end })

async function compress(
  file: FileHandle,
  offset: number,
  length: number,
  path: string,
  mode: number,
  witness: Witness,
  signal: AbortSignal,
): Promise<void> {
  await rm(path, { force: true })
  const output = await open(path, 'wx', mode)
  try {
    await pipeline(
      witness.read(file, offset, length),
      createGzip({ level: 6 }),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) await output.writeFile(chunk) // in full, right after the previous chunk
      },
      { signal },
    )
    await output.sync()
  } finally {
    await output.close()
  }
}

/** From state 2 to 4. The archive is on disk, so its bytes can be removed from the live file. */
async function cutOff(live: string, file: FileHandle, archive: Range, run: Run): Promise<void> {
  const pending = archivePath(live, { ...rangeOf(archive), pending: true })
  // Whoever renames a log looks for archives only afterwards: from here on, this one is found.
  if (!(await isAt(file, live))) return rm(pending, { force: true })
  try {
    await punchHole(run, file, archive.start - archive.hole, archive.end - archive.start)
  } catch (error) {
    if (!isUnable(error)) throw error
    await rm(pending, { force: true })
    throw unsupported(live, error)
  }
  await file.sync() // a power cut must not bring back bytes that the next name says are gone
  await renameOwn(live, file, pending, archivePath(live, { ...archive, pending: true }))
  await shorten(live, file, archive, run)
}

/** From state 3 to 4. */
async function shorten(live: string, file: FileHandle, archive: Range, run: Run): Promise<void> {
  const shortened = await collapse(run, file, archive.end - archive.hole)
  await file.sync()
  const inForce = shortened ? rangeOf(archive) : archive
  await renameOwn(
    live,
    file,
    archivePath(live, { ...archive, pending: true }),
    archivePath(live, { ...inForce, pending: false }),
  )
}

/**
 * Renames an archive, or deletes it if its log was deleted meanwhile: whoever deletes a log looks for archives only
 * afterwards.
 */
async function renameOwn(live: string, file: FileHandle, from: string, to: string): Promise<void> {
  await rename(from, to).catch(ifAbsent)
  if ((await file.stat()).nlink === 0) await rm(to, { force: true })
  await syncFolder(dirname(live))
}

/** Whether the open file is the one at that path: its inode number can't be reused while it is open. */
async function isAt(file: FileHandle, path: string): Promise<boolean> {
  const [own, there] = await Promise.all([file.stat(), lstat(path).catch(ifAbsent)])
  return there?.ino === own.ino && there.dev === own.dev
}

/**
 * Finishes what a crash interrupted, and discards half-written files. Also handles a log whose hole is gone because it
 * was emptied or replaced.
 */
export async function settle(live: string, run: Run): Promise<void> {
  const names = await readdir(dirname(live))
  await Promise.all(temporariesIn(names, live).map(it => rm(it, { force: true })))
  const { archives, start, skip } = partsIn(names, live)
  const pending = archivesIn(names, live).filter(it => it.pending)
  const newest = archives.at(-1) as ArchiveName | undefined
  if (pending.length === 0 && newest?.hole === undefined) return
  const file = await openLog(live)
  try {
    for (const archive of pending)
      await settlePending(live, file, { ...archive, hole: archive.hole ?? start - skip }, archive, run)
    if (pending.length === 0 && newest && !(file && (await seemsHole(file, skip))))
      await rename(newest.path, archivePath(live, { ...rangeOf(newest), pending: false }))
  } finally {
    await file?.close()
  }
}

async function settlePending(
  live: string,
  file: FileHandle | undefined,
  archive: Range,
  { path, hole }: ArchiveName,
  run: Run,
): Promise<void> {
  if (
    file &&
    hole === undefined &&
    (await holds(file, archive.start - archive.hole, archive.end - archive.start, path))
  )
    return cutOff(live, file, archive, run)
  if (file && hole !== undefined && (await isHole(file, archive.end - archive.hole)))
    return shorten(live, file, archive, run)
  // already cut, or the log was emptied or replaced since
  await rename(path, archivePath(live, { ...rangeOf(archive), pending: false }))
  await syncFolder(dirname(live))
}

/** Removes the oldest archives in excess of `keep`. */
export async function prune(live: string, keep: number): Promise<void> {
  const { archives } = await partsOf(live)
  await Promise.all(archives.slice(0, -keep).map(it => rm(it.path, { force: true })))
}

const unsupported = (live: string, cause: unknown) =>
  problem(
    {
      code: 'log-rotation-unsupported',
      message: 'Logs can’t be rotated on this disk, so they grow without limit.',
      cause: `The file system of ${dirname(live)} can’t free the beginning of a file.`,
      hint: 'Move PM2’s folder to a local disk with ext4, XFS or Btrfs.',
    },
    cause,
  )
