/** Who has a workspace open. */
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/** The processes that have the lock's file open. */
export async function lockHolders(root: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(it => /^\d+$/.test(it)).map(Number)
  const holds = await Promise.all(
    pids.map(async pid => {
      const open = await readdir(`/proc/${pid}/fd`).catch(() => [])
      const targets = await Promise.all(open.map(it => readlink(`/proc/${pid}/fd/${it}`).catch(() => '')))
      return targets.includes(join(root, '.instance-manager/lock'))
    }),
  )
  return pids.filter((_, index) => holds[index])
}
