/** Frees the disk space used by the front of a file while another process keeps appending to it. Linux only. */
import type { FileHandle } from 'node:fs/promises'
import { ProblemError } from '../../shared/problem'
import { baseEnvironment } from '../system/environment'
import type { Run } from '../system/run'

/** Files are cut only at multiples of this, which exceeds every usual file system block (4 to 64 KiB). */
export const alignment = 1_048_576

/** Turns the bytes into a hole: zeros that take no disk space. The file's length stays the same. */
export const punchHole = (run: Run, file: FileHandle, offset: number, length: number): Promise<unknown> =>
  fallocate(run, file, '--punch-hole', offset, length)

/**
 * Removes the file's first bytes atomically: concurrent appends still land after the existing content.
 * @param length less than the file's
 * @returns false, with nothing changed, if the file system can't do this (tmpfs, Btrfs …)
 */
export async function collapse(run: Run, file: FileHandle, length: number): Promise<boolean> {
  try {
    await fallocate(run, file, '--collapse-range', 0, length)
    return true
  } catch (error) {
    if (isUnable(error)) return false
    throw error
  }
}

/** Uses the open file, which our process keeps open, not its path: another file may have that name by now. */
const fallocate = (run: Run, file: FileHandle, how: string, offset: number, length: number): Promise<string> =>
  run(
    'fallocate',
    [how, '--offset', String(offset), '--length', String(length), `/proc/${process.pid}/fd/${file.fd}`],
    { timeout: 60_000, env: { ...baseEnvironment(), LC_ALL: 'C' } },
  )

/** “Invalid argument” means blocks larger than `alignment`, or a file that was emptied just now. */
export const isUnable = (error: unknown): boolean =>
  error instanceof ProblemError &&
  /: (Operation not supported|Invalid argument|Function not implemented)/.test(error.problem.details ?? '')
