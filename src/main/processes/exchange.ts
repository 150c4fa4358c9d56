/**
 * Exchanges the daemon of a PM2 home for a new one, while applications keep running. The old daemon isn't ended, since
 * its applications would end with it, or lose their logs and whoever restarts them. It is only set aside: its sockets
 * are renamed, which its connections don't notice, and the new daemon takes their place. From then on it is the
 * *former* daemon, and still looks after each of its applications until that is started anew, by the new one.
 */
import { realpath, rename, rm } from 'node:fs/promises'
import { readIfExists, renameIfExists, writeFileAtomic } from '../system/files'
import { environmentOf, isAlive, kill } from '../system/proc'
import { waitFor } from '../system/wait'
import type { DaemonCalls } from './calls'
import { listens, pm2Paths, type Daemon } from './daemon'
import { entriesSchema } from './entries'
import { DaemonLost } from './sockets'

const endTimeout = 5000 // ms

/**
 * Safe to repeat, whenever it was interrupted. If the new daemon can't be started, the old one is put back. @param isDue
 * whether the running daemon is to be exchanged @throws as `Daemon.ensure`
 */
export async function exchangeDaemon(home: string, daemon: Daemon, isDue: () => Promise<boolean>): Promise<void> {
  await daemon.ensure()
  await daemon.exclusively(async () => {
    if (!(await isDue())) return
    await setAside(home)
    try {
      await daemon.start()
    } catch (error) {
      await putBack(home)
      throw error
    }
  })
}

/** The pid is copied, not moved: until the new daemon has written its own, this one's is right. */
async function setAside(home: string): Promise<void> {
  const { rpc, bus, pid, former } = pm2Paths(home)
  await writeFileAtomic(former.pid, (await readIfExists(pid)) ?? '', 0o600)
  await renameIfExists(bus, former.bus)
  await rename(rpc, former.rpc) // last: from here on, it isn't found any more
}

async function putBack(home: string): Promise<void> {
  const { rpc, bus, pid, former } = pm2Paths(home)
  await renameIfExists(former.bus, bus)
  await renameIfExists(former.rpc, rpc)
  await writeFileAtomic(pid, (await readIfExists(former.pid)) ?? '', 0o600)
}

/**
 * Ends the former daemon if nothing is left in its list. It is killed: an orderly end would remove the files with the
 * names that it was started with, which are the new daemon's now.
 */
export async function endFormer(home: string, daemon: Daemon, calls: DaemonCalls): Promise<void> {
  const { former } = pm2Paths(home)
  if (!(await listens(former.rpc))) return
  await daemon.exclusively(async () => {
    if (!(await isEmpty(calls))) return
    const pid = Number(await readIfExists(former.pid))
    const its = (await environmentOf(pid)).get('PM2_HOME')
    if (its === undefined || (await realpath(its)) !== (await realpath(home))) return
    kill(pid)
    await waitFor(async () => !(await isAlive(pid)), { timeout: endTimeout })
    await Promise.all([former.rpc, former.bus, former.pid].map(it => rm(it, { force: true })))
  })
}

async function isEmpty(calls: DaemonCalls): Promise<boolean> {
  try {
    return entriesSchema.parse(await calls.list()).length === 0
  } catch (error) {
    if (error instanceof DaemonLost) return false // it has ended by itself
    throw error
  }
}
