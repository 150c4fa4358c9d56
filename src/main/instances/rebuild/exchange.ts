/**
 * Exchanges an instance's code by renaming folders: old aside, new in, its own files over. Every half of it tells by what
 * is where how far it came, so that it can be finished or taken back after a power cut.
 */
import { rename, rm } from 'node:fs/promises'
import { existsItself, makeFolder, syncFolder } from '../../system/files'
import type { Run } from '../../system/run'
import type { InstancePaths } from '../../workspace/paths'
import { carryOwn } from './own-files'

/** @param released paths below the server folder that belong to the old or the new release */
export async function switchIn(run: Run, paths: InstancePaths, released: ReadonlySet<string>): Promise<void> {
  const { next, replaced } = paths.slots
  await makeFolder(replaced.folder)
  for (const part of ['server', 'client'] as const) {
    if (!(await existsItself(next[part]))) continue // it is in already
    if (!(await existsItself(replaced[part]))) await move(paths[part], replaced[part])
    await move(next[part], paths[part])
  }
  await syncFolder(paths.folder)
  await carryOwn(run, replaced.server, paths.server, released)
  await syncFolder(paths.folder)
}

/** The reverse, from any half of it. Nothing to do if nothing was exchanged. */
export async function switchBack(run: Run, paths: InstancePaths, released: ReadonlySet<string>): Promise<void> {
  const { next, replaced } = paths.slots
  if (!(await existsItself(replaced.folder))) return
  await makeFolder(next.folder)
  if ((await existsItself(replaced.server)) && (await existsItself(paths.server)))
    await carryOwn(run, paths.server, replaced.server, released)
  for (const part of ['server', 'client'] as const) {
    if (!(await existsItself(replaced[part]))) continue
    if (await existsItself(paths[part])) await move(paths[part], next[part])
    await move(replaced[part], paths[part])
  }
  await syncFolder(paths.folder)
  await rm(replaced.folder, { recursive: true, force: true })
}

/** The folder may be gone, e.g. a client folder that the replaced tool never made. */
async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
