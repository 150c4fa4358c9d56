/**
 * A lock on a file that the kernel keeps: `flock` holds it for as long as its helper lives, and the helper (`cat`)
 * lives for as long as we hold the other end of its standard input. However our process ends, kill -9 included, the
 * pipe closes, `cat` ends and the lock is free. Nothing goes stale, no process id is trusted. Whoever can open the file
 * can hold the lock, so it lies in a private folder.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { problem } from '../../shared/problem'

export interface LockOptions {
  /** How long to wait for another holder to let go, in milliseconds; 0 (not at all) by default. */
  readonly waitMs?: number
  /** The lock was lost while we held it (someone ended the helper): stop what it protects. */
  readonly onLost?: () => void
}
export interface HeldLock {
  /** False once it was released or lost. */
  readonly held: boolean
  /** Lets go; returns when another process can have it. */
  release(): Promise<void>
}

/** flock's exit code when another process has the lock. */
const conflict = 75

/**
 * Takes the lock on a file, which is made (0600) if it is missing. It does not keep our process alive.
 * @returns undefined if another process still has it after `waitMs`
 * @throws Problem `lock-unavailable` if there is no `flock`, or the file system cannot lock
 */
export async function holdLock(path: string, { waitMs = 0, onLost }: LockOptions = {}): Promise<HeldLock | undefined> {
  await (await open(path, constants.O_RDONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)).close()
  const helper = startHelper(path, waitMs)
  const outcome = await firstWord(helper)
  if (outcome === conflict) return undefined
  if (outcome !== 'held') throw unavailable(path, outcome)
  let held = true
  const ended = once(helper, 'exit').then(() => {
    const lost = held
    held = false // another process may have it from now on
    if (lost) onLost?.()
  })
  return {
    get held() {
      return held
    },
    async release() {
      held = false
      helper.ref() // nothing else may keep the event loop going until it has ended
      helper.stdin.end()
      await ended
    },
  }
}

/**
 * Waits for the lock and then holds it; it says `held` when it has it. Detached: Ctrl+C in our terminal must not end it
 * before us. `--no-fork`: one process, so that its end and the lock's are one. Only pipes to us: no terminal or test
 * runner is kept open.
 */
function startHelper(path: string, waitMs: number): ChildProcessWithoutNullStreams {
  const helper = spawn(
    'flock',
    ['--no-fork', '--wait', String(waitMs / 1000), '--conflict-exit-code', String(conflict), path, 'cat'],
    {
      detached: true,
      stdio: 'pipe',
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    },
  )
  helper.stdin.on('error', () => undefined) // a helper that lost does not read; its exit code says so
  helper.stdin.write('held\n') // repeated by cat, which begins only once flock has the lock
  return helper
}

/**
 * What came of the helper: it holds the lock, its exit code, or why it could not be started (or was ended by a signal).
 */
function firstWord(helper: ChildProcessWithoutNullStreams): Promise<'held' | number | Error> {
  return new Promise(resolve => {
    const finish = (outcome: 'held' | number | Error): void => {
      for (const it of [helper, helper.stdin, helper.stdout, helper.stderr] as { unref?: () => void }[]) it.unref?.()
      resolve(outcome)
    }
    helper.once('error', finish)
    helper.once('exit', (code, by) => finish(code ?? new Error(`flock was ended by ${by ?? 'a signal'}`)))
    helper.stdout.once('data', () => finish('held'))
    helper.stderr.resume()
  })
}

const unavailable = (path: string, reason: number | Error) =>
  problem(
    {
      code: 'lock-unavailable',
      message: `${path} couldn’t be locked.`,
      cause: reason instanceof Error ? reason.message : `flock exited with code ${reason}.`,
      hint: 'Install flock (package util-linux), and use a file system that supports locks.',
    },
    reason,
  )
