/**
 * Daemons known by the folder that they work in: pid files go stale, and a number in one may be another's by now. Linux
 * only.
 */
import { readlink } from 'node:fs/promises'
import { allPids, program } from '../system/proc'

/**
 * Which processes of a program work in exactly this folder; an operator's shell there is not one of them. A process
 * that ended
 * and waits for its parent does not work there. @param folder without symbolic links @param name the program's, e.g.
 * `pgbouncer`
 * @param among who is asked; every process there is costs some 5 ms
 */
export async function workingIn(folder: string, name: string, among?: readonly number[]): Promise<number[]> {
  const found = await Promise.all(
    (among ?? (await allPids())).map(async pid =>
      (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === folder && (await program(pid)) === name
        ? pid
        : undefined,
    ),
  )
  return found.filter(it => it !== undefined)
}

/** Sends a signal; that the process is gone already is no error. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
