/** Giving back the disk that the front of a file takes, while another process goes on appending to it. Linux only. */
import type { FileHandle } from 'node:fs/promises'
import { ProblemError } from '../../shared/problem'
import { baseEnvironment } from '../system/environment'
import type { Run } from '../system/run'

/**
 * Every place where a file may be cut is a multiple of it: more than any file system's block (4 to 64 KiB are usual).
 */
export const alignment = 1_048_576

/** Turns the bytes into zeros that take no disk. The file's length stays. */
export const punchHole = (run: Run, file: FileHandle, offset: number, length: number): Promise<unknown> =>
  fallocate(run, file, '--punch-hole', offset, length)

/**
 * Takes the first bytes out of the file, in one moment: what is appended meanwhile lies behind what was there before.
 * @param length less than the file's
 * @returns false if this file system cannot (tmpfs, Btrfs …): then nothing has changed
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

/**
 * By the open file, not by its path: what is there under its name may be another one by now. Our own process keeps it
 * open.
 */
const fallocate = (run: Run, file: FileHandle, how: string, offset: number, length: number): Promise<string> =>
  run(
    'fallocate',
    [how, '--offset', String(offset), '--length', String(length), `/proc/${process.pid}/fd/${file.fd}`],
    { timeout: 60_000, env: { ...baseEnvironment(), LC_ALL: 'C' } },
  )

/** The second one: blocks larger than `alignment`, or a file that was emptied just now. */
export const isUnable = (error: unknown): boolean =>
  error instanceof ProblemError &&
  /: (Operation not supported|Invalid argument|Function not implemented)/.test(error.problem.details ?? '')
