/** Stopping a process for good, even one that PM2 is just starting again. */
import { setTimeout as delay } from 'node:timers/promises'
import type { DaemonCalls } from './calls'
import { entriesSchema, type ListEntry } from './entries'

const launchTime = 5000 // ms; opening two logs and a fork usually take 5

/**
 * Stops one process. PM2 restarts an app that ended by itself in two steps: it opens the logs, then forks. A stop or a
 * deletion between them has no effect: the app is listed and runs again afterwards. So a launch under way is first
 * allowed to finish.
 */
export async function stopForGood(calls: DaemonCalls, entry: ListEntry): Promise<void> {
  for (let before: ListEntry | undefined = entry; before;) {
    await calls.act('stopProcessId', entry.pm_id)
    const after = await look(calls, entry)
    if (!after || (!isRestarting(before) && restarts(after) === restarts(before))) return
    before = await launched(calls, entry)
  }
}

const restarts = (entry: ListEntry): number => entry.pm2_env.restart_time

/** PM2 clears the pid of a process that it stopped, and keeps that of one that it restarts. */
const isRestarting = ({ pid, pm2_env }: ListEntry): boolean =>
  pm2_env.status === 'stopped' && pid !== undefined && pid > 0

const look = async (calls: DaemonCalls, { pm_id }: ListEntry): Promise<ListEntry | undefined> =>
  entriesSchema.parse(await calls.list()).find(it => it.pm_id === pm_id)

/** It once it runs again; undefined if it doesn't. */
async function launched(calls: DaemonCalls, entry: ListEntry): Promise<ListEntry | undefined> {
  for (const end = performance.now() + launchTime; performance.now() < end; await delay(20)) {
    const now = await look(calls, entry)
    if (now?.pm2_env.status === 'online') return now
  }
  return undefined
}
