/**
 * One process runs the operations of a workspace. The kernel says which: `flock` holds a lock on a file for as long as its helper
 * lives, and the helper (`cat`) lives for as long as we hold the other end of its standard input. However our process ends,
 * kill -9 included, the pipe closes, `cat` ends and the lock is free. Nothing goes stale, no process id is trusted.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { problem } from '../../shared/problem'
import { makePrivateFolder, readJson, writeJson } from '../system/files'

/** Who holds the lock, for those it refuses. `since` is ISO 8601. */
const lockHolderSchema = z.object({ pid: z.int().positive(), kind: z.enum(['window', 'serve', 'command']), since: z.iso.datetime() })
type LockHolder = z.infer<typeof lockHolderSchema>
export type HolderKind = LockHolder['kind']

export interface LockOptions {
  /** How long to wait for another holder to let go, in milliseconds; 0 (not at all) unless told. */
  readonly waitMs?: number
  /** The lock was lost while we held it (someone ended the helper): stop what it protects. */
  readonly onLost?: () => void
}
export interface Lock {
  /** Lets go; returns when another process can have it. */
  release(): Promise<void>
}

/** flock's exit code when another process has the lock. */
const conflict = 75

/**
 * Takes the lock in a workspace's own folder (`.instance-manager`), which is made if it is missing. It does not keep the process alive.
 * @throws Problem `workspace-locked` naming the holder; `lock-unavailable` if there is no `flock`
 */
export async function acquireLock(folder: string, kind: HolderKind, { waitMs = 0, onLost }: LockOptions = {}): Promise<Lock> {
  await makePrivateFolder(folder)
  const path = join(folder, 'lock')
  await (await open(path, 'a', 0o600)).close()
  const helper = startHelper(path, waitMs)
  const outcome = await firstWord(helper)
  if (outcome === conflict) throw locked(await holderOf(folder))
  if (outcome !== 'held') throw unavailable(outcome)
  let ours = true
  const ended = once(helper, 'exit').then(() => {
    if (ours) onLost?.()
    ours = false // the note of who holds it is another's from now on
  })
  const release = async (): Promise<void> => {
    if (!ours) return ended
    ours = false
    await rm(holderFile(folder), { force: true }).catch(() => undefined) // it only informs
    helper.ref() // nothing else may keep the event loop going until it has ended
    helper.stdin.end()
    await ended
  }
  const holder: LockHolder = { pid: process.pid, kind, since: new Date().toISOString() }
  await writeJson(holderFile(folder), holder).catch(() => undefined) // it only informs: a full disk must not keep anyone from making room
  return { release }
}

/**
 * Waits for the lock and then holds it; it says `held` when it has it. Detached: Ctrl+C in our terminal must not end it before us.
 * `--no-fork`: one process, so that its end and the lock's are one. Only pipes to us: no terminal or test runner is kept open.
 */
function startHelper(path: string, waitMs: number): ChildProcessWithoutNullStreams {
  const helper = spawn('flock', ['--no-fork', '--wait', String(waitMs / 1000), '--conflict-exit-code', String(conflict), path, 'cat'], {
    detached: true, stdio: 'pipe', env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
  })
  helper.stdin.on('error', () => undefined) // a helper that lost does not read; its exit code says so
  helper.stdin.write('held\n') // repeated by cat, which begins only once flock has the lock
  return helper
}

/** What came of the helper: it holds the lock, its exit code, or why it could not be started (or was ended by a signal). */
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

const holderFile = (folder: string): string => join(folder, 'lock.json')

/** Who holds the lock. The winner writes it down a moment after it has won, so a note of a dead process is not believed but read again. */
async function holderOf(folder: string): Promise<LockHolder | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const holder = await readJson(holderFile(folder), lockHolderSchema).catch(() => undefined) // it only informs
    if (holder && isAlive(holder.pid)) return holder
    await delay(50)
  }
  return undefined
}

function isAlive(pid: number): boolean {
  try { return process.kill(pid, 0) } catch (error) { return (error as NodeJS.ErrnoException).code === 'EPERM' }
}

const kindWords: Record<HolderKind, string> = { window: 'a window', serve: 'the headless server', command: 'a command' }

const locked = (holder: LockHolder | undefined) => problem({
  code: 'workspace-locked', message: 'Another Instance Manager runs the operations of this workspace.',
  cause: holder && `It is ${kindWords[holder.kind]}, process ${holder.pid}, since ${holder.since}.`,
  hint: 'Use that one, or end it and try again.',
})

const unavailable = (reason: number | Error) => problem({
  code: 'lock-unavailable', message: 'The workspace could not be locked.',
  cause: reason instanceof Error ? reason.message : `flock ended with exit code ${reason}.`,
  hint: 'The program flock (package util-linux) is needed, and a file system that can lock.',
}, reason)
