/**
 * A file lock kept by the kernel. `flock` holds it for as long as its helper (`cat`) lives, and the helper lives for as
 * long as we keep the other end of its standard input open. However our process ends, even by kill -9, the pipe closes,
 * `cat` ends and the lock is released. Nothing goes stale, and no process id is trusted. Anyone who can open the file
 * can take the lock, so it is in a private folder.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { problem } from '../../shared/problem'

export interface LockOptions {
  /** Milliseconds to wait for another holder to release it; 0 by default. */
  readonly waitMs?: number
  /** Called when the lock is lost because someone ended the helper: stop everything that it protects. */
  readonly onLost?: () => void
}
export interface HeldLock {
  /** False once it has been released or lost. */
  readonly held: boolean
  /** Releases it; returns when another process can take it. */
  release(): Promise<void>
}

/** flock's exit code when another process has the lock. */
const conflict = 75

/**
 * Takes the lock on a file, which is created (0600) if missing. It doesn't keep our process alive.
 * @returns undefined if another process still has it after `waitMs`
 * @throws Problem `lock-unavailable` if there is no `flock`, or the file system can't lock
 */
export async function holdLock(path: string, { waitMs = 0, onLost }: LockOptions = {}): Promise<HeldLock | undefined> {
  await (await open(path, constants.O_RDONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)).close()
  const helper = startHelper(path, waitMs)
  const outcome = await outcomeOf(helper)
  if (outcome === conflict) return undefined
  if (outcome !== 'held') throw unavailable(path, outcome)
  let held = true
  const ended = once(helper, 'exit').then(() => {
    const lost = held
    held = false // another process may take it from now on
    if (lost) onLost?.()
  })
  return {
    get held() {
      return held
    },
    async release() {
      held = false
      helper.ref() // keeps the event loop running until it has ended
      helper.stdin.end()
      await ended
    },
  }
}

/**
 * Waits for the lock, prints `held`, and keeps it. Detached, so that Ctrl+C in our terminal doesn't end it before us.
 * `--no-fork`: a single process, so the lock ends with it. It has only pipes to us, so it keeps no terminal or test
 * runner open.
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
  helper.stdin.on('error', () => undefined) // a helper that didn't get the lock doesn't read; its exit code says so
  helper.stdin.write('held\n') // echoed by cat, which starts only once flock has the lock
  return helper
}

/** The helper's outcome: `held`, its exit code, or why it couldn't be started (or which signal ended it). */
function outcomeOf(helper: ChildProcessWithoutNullStreams): Promise<'held' | number | Error> {
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
