/** Only one process at a time runs a workspace's operations. The kernel decides which (`system/kernel-lock.ts`). */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { problem, type Problem } from '../../shared/problem'
import { makePrivateFolder, readJson, writeJson } from '../system/files'
import { holdLock, type HeldLock, type LockOptions } from '../system/kernel-lock'
import { isAlive } from '../system/proc'
import { waitFor } from '../system/wait'

/** Who holds the lock; shown to those who are refused. `since` is ISO 8601. */
const lockHolderSchema = z.object({
  pid: z.int().positive(),
  kind: z.enum(['window', 'serve', 'command']),
  since: z.iso.datetime(),
  /** A command's name. Never its arguments, which may be secret. */
  command: z.string().max(100).optional(),
  /** Where a server's pages are: host and port. */
  address: z.string().max(300).optional(),
})
type LockHolder = z.infer<typeof lockHolderSchema>
export type HolderKind = LockHolder['kind']

export type Lock = Pick<HeldLock, 'release'>

interface TakeOptions extends LockOptions, Pick<LockHolder, 'address' | 'command'> {}

/**
 * Takes the lock in a workspace's own folder (`.instance-manager`), which is created if missing. It doesn't keep the
 * process alive.
 * @throws Problem `workspace-locked`, which names the holder; `lock-unavailable` if there is no `flock`
 */
export async function acquireLock(folder: string, kind: HolderKind, options: TakeOptions = {}): Promise<Lock> {
  await makePrivateFolder(folder)
  const lock = await holdLock(join(folder, 'lock'), options)
  if (!lock) throw locked(dirname(folder), await holderOf(folder))
  const holder: LockHolder = {
    pid: process.pid,
    kind,
    since: new Date().toISOString(),
    command: options.command,
    address: options.address,
  }
  // only for information: a full disk must not keep anyone from freeing space
  await writeJson(holderFile(folder), holder).catch(() => undefined)
  return {
    async release() {
      // once the lock is lost, the file belongs to another
      if (lock.held) await rm(holderFile(folder), { force: true }).catch(() => undefined)
      await lock.release()
    },
  }
}

const holderFile = (folder: string): string => join(folder, 'lock.json')

/**
 * Who holds the lock. A new holder writes the file a moment after taking the lock, so a file left by a dead process is
 * ignored and read again.
 */
const holderOf = (folder: string): Promise<LockHolder | undefined> =>
  waitFor(
    async () => {
      const holder = await readJson(holderFile(folder), lockHolderSchema).catch(() => undefined) // only for information
      return holder && (await isAlive(holder.pid)) && holder
    },
    { every: 50, timeout: 500 },
  )

/** Where the workspace is open, and what can be done about that. */
const kinds: Record<HolderKind, Pick<Problem, 'hint' | 'action'> & { readonly where: string }> = {
  window: { where: 'a window', hint: 'Use that one, or close it and try again.', action: 'show-here' },
  serve: { where: 'the headless server', hint: 'Use that one, or stop it and try again.', action: 'sign-in-link' },
  command: { where: 'a command', hint: 'It is free again as soon as that command has ended.', action: 'retry' },
}

function locked(workspace: string, holder: LockHolder | undefined) {
  const { where, hint, action } = holder ? kinds[holder.kind] : kinds.command
  return problem({
    code: 'workspace-locked',
    message: 'This workspace is already open in another Instance Manager.',
    cause:
      holder &&
      `It is ${holder.command === undefined ? where : `the command “${holder.command}”`}, process ${holder.pid}${holder.address === undefined ? '' : ` at ${holder.address}`}, since ${holder.since.slice(0, 16).replace('T', ' ')} UTC.`,
    hint: holder ? hint : 'Use that one, or close it and try again.',
    action,
    workspace,
  })
}
