/** The marker that every command of ours carries, and the end of those that a crash left behind. */
import { readdir, readFile } from 'node:fs/promises'
import { kill } from './proc'
import { waitFor } from './wait'

/** The environment's name of the marker; its value names the workspace. */
export const marker = 'INSTANCE_MANAGER_RUN'

/** The marker of a workspace's commands, as it stands in their environment. */
export const markOf = (id: string): string => `${marker}=${id}`

const sweepPatience = 10_000 // ms; a process that waits for a disk ends only afterwards

/**
 * Ends every process that a crashed process of ours started for this workspace, including tools inside containers, and
 * returns when they are gone: until then, they may start others and recreate files that we remove. Linux only: it reads
 * the environments of processes.
 * @param id the workspace's, as given to `createRun`
 */
export async function sweep(id: string): Promise<void> {
  await waitFor(
    async () => {
      const found = await carrying(markOf(id))
      for (const it of found) kill(it)
      return found.length === 0
    },
    { every: 20, timeout: sweepPatience },
  )
}

/** A process that has ended has no marker any more. */
async function carrying(needle: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(it => /^\d+$/.test(it)).map(Number)
  const ours = await Promise.all(
    pids.map(async pid => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      return environment.split('\0').includes(needle) && pid !== process.pid ? pid : undefined
    }),
  )
  return ours.filter(it => it !== undefined)
}
