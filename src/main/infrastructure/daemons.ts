/** Daemons known by the folder that they work in: pid files go stale, and a number in one may be another's by now. Linux only. */
import { readlink } from 'node:fs/promises'
import { allPids } from '../system/proc'

/** Who works in exactly this folder. A process that ended and waits for its parent does not. @param folder without symbolic links */
export async function workingIn(folder: string): Promise<number[]> {
  const found = await Promise.all((await allPids()).map(async pid =>
    (await readlink(`/proc/${pid}/cwd`).catch(() => undefined) === folder ? pid : undefined)))
  return found.filter(it => it !== undefined)
}

/** Sends a signal; that the process is gone already is no error. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try { process.kill(pid, signal) } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
