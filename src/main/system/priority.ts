/** Background work gives way to everything else on the machine. */
import type { ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { getPriority, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * When all cores are busy, background work gets a third of what a process of ordinary niceness gets (the kernel's
 * `sched_prio_to_weight`: 335 to 1024), no less, because an operator is waiting for it. On an idle machine it gets
 * everything. The I/O priority follows from it (ioprio_set(2): `(nice + 20) / 5`).
 */
const niceness = 5

/** Users other than root can change an autogroup only once every 100 ms, all of them together (EAGAIN). */
const retry = { times: 10, after: 150 }

/**
 * Lowers the priority of a process just started in its own session, and thereby of all its children. Where autogroups
 * are enabled, as in most distributions, niceness only counts within a session, so the session gets it too (sched(7),
 * “The autogroup feature”). Does nothing if the process has ended or the kernel has no autogroups.
 */
export async function giveWay(child: ChildProcess): Promise<void> {
  for (let attempt = 1; child.pid !== undefined && child.exitCode === null; attempt++) {
    try {
      if (attempt === 1) setPriority(child.pid, Math.max(niceness, getPriority(child.pid)))
      return await writeFile(`/proc/${child.pid}/autogroup`, String(niceness), { flag: 'r+' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || attempt === retry.times) return
      await delay(retry.after, undefined, { ref: false })
    }
  }
}
