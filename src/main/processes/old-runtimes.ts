/** Removes the copies of other versions (`system/runtime.ts`) that nothing uses any more. */
import { basename } from 'node:path'
import { readIfExists } from '../system/files'
import { allPids, environmentOf, executable } from '../system/proc'
import { otherRuntimes, removeRuntimes, runtimeVariable } from '../system/runtime'
import { pm2Paths } from './daemon'
import { maxDumpBytes } from './dump'

/**
 * A copy is used by a process that runs a program in it, or was started with it, and by a dump that would start one
 * again: of this home, and of every daemon that is running. @param home PM2_HOME
 */
export async function removeOldRuntimes(home: string): Promise<void> {
  const copies = await otherRuntimes()
  if (copies.length === 0) return
  const homes = new Set([home])
  const named: (string | undefined)[] = []
  for (const pid of await allPids()) {
    const environment = await environmentOf(pid)
    named.push(await executable(pid), environment.get(runtimeVariable))
    const other = environment.get('PM2_HOME')
    if (other !== undefined) homes.add(other)
  }
  for (const it of homes) {
    const { dump, dumpBackup } = pm2Paths(it)
    for (const path of [dump, dumpBackup]) named.push(await readIfExists(path, maxDumpBytes))
  }
  // A dump is JSON, in which a path may be written differently; the copy's own name never is.
  await removeRuntimes(copies.filter(copy => !named.some(it => it?.includes(basename(copy)))))
}
