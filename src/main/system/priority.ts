/** Background work gives way to everything else on the machine. */
import type { ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { getPriority, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Where all cores are busy, it gets a third of what a process of ordinary niceness gets (the kernel's
 * `sched_prio_to_weight`: 335 to 1024): an operator is waiting for it, too. On an idle machine it gets everything. Its
 * I/O priority follows (ioprio_set(2): `(nice + 20) / 5`).
 */
const niceness = 5

/** The kernel lets users other than root change an autogroup only every 100 ms, all together (EAGAIN). */
const retry = { times: 10, after: 150 }

/**
 * Lowers the priority of a process that has just been started in its own session, and so of all its children. Where
 * autogroups are on, as in most distributions, niceness only counts within a session, so the session gets it too
 * (sched(7), “The autogroup feature”). Does nothing if the process has ended or the kernel has no autogroups.
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
