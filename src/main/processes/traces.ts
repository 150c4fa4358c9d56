/** What an app leaves in PM2's folder: its logs, with rotated ones, and pid files. */
import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { rotatedFiles } from '../system/rotate-names'
import { pm2Paths } from './daemon'

export interface LogFiles {
  readonly outLog: string
  readonly errLog: string
}

/** Where we put an app's output. PM2 would use the same files for `a_b` and `a-b`. */
export function defaultLogs(home: string, name: string): LogFiles {
  const { logs } = pm2Paths(home)
  return { outLog: join(logs, `${name}-out.log`), errLog: join(logs, `${name}-error.log`) }
}

/** Deletes an app's logs, and what they were rotated to. @param others logs of other apps, which stay */
export async function removeLogs(home: string, own: readonly LogFiles[], others: readonly LogFiles[]): Promise<void> {
  const { logs } = pm2Paths(home)
  const pathsOf = (files: readonly LogFiles[]): string[] => files.flatMap(it => [it.outLog, it.errLog])
  const shared = new Set(pathsOf(others)) // the `pm2` command gives `a_b` and `a-b` the same files
  // never /dev/null or one of the operator's own paths
  const doomed = pathsOf(own).filter(it => dirname(it) === logs && !shared.has(it))
  await Promise.all(doomed.map(it => rm(it, { force: true })))
  // only now: a rotation that finds its log deleted removes its own archive
  const rotated = await Promise.all(doomed.map(rotatedFiles))
  await Promise.all(rotated.flat().map(it => rm(it, { force: true })))
}

/**
 * Removes pid files left by a killed daemon; a living one has already removed them. PM2 appends its id of the app to
 * the name.
 */
export async function removePidFiles(home: string, name: string): Promise<void> {
  const { pids } = pm2Paths(home)
  const left = (await readdir(pids).catch(() => [])).filter(
    it => it.startsWith(`${name}-`) && /^\d+\.pid$/.test(it.slice(name.length + 1)),
  )
  await Promise.all(left.map(it => rm(join(pids, it), { force: true })))
}
