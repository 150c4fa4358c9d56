/** What an app leaves in PM2's folder: its logs, with rotated ones, and pid files. */
import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { existsItself, renameIfExists, syncFolder } from '../system/files'
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
 * Gives an app's logs, and what they were rotated to, the names of another's. Safe to repeat.
 * @param others logs of other apps, which stay
 */
export async function renameLogs(home: string, from: string, to: string, others: readonly LogFiles[]): Promise<void> {
  const shared = new Set(others.flatMap(it => [it.outLog, it.errLog]))
  const [before, after] = [from, to].map(it => defaultLogs(home, it)) as [LogFiles, LogFiles]
  for (const [live, target] of [
    [before.outLog, after.outLog],
    [before.errLog, after.errLog],
  ] as const) {
    if (shared.has(live)) continue
    // a rotated file's name begins as the log's does
    const [stem, its] = [live, target].map(it => it.replace(/\.log$/, '')) as [string, string]
    await renameIfExists(live, target) // first: a rotation that finds its log gone removes its own archive
    // again, until there are none: a rotation in progress renames its own
    for (let found; (found = await rotatedFiles(live)).length > 0;)
      for (const it of found) await renameIfExists(it, its + it.slice(stem.length))
  }
  await syncFolder(pm2Paths(home).logs)
}

/** The files of an app's log that exist. */
export async function logsOf(home: string, name: string): Promise<string[]> {
  const { outLog, errLog } = defaultLogs(home, name)
  const found = await Promise.all(
    [outLog, errLog].map(async it => [...((await existsItself(it)) ? [it] : []), ...(await rotatedFiles(it))]),
  )
  return found.flat()
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
