/**
 * Exchanges an instance's code by renaming folders: the old code moves aside, the new code into its place, and the
 * instance's own files into the new code. Which folders exist shows how far it got, so it can be finished or undone
 * after a power cut at any point.
 */
import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Manifest } from '../../../shared/workspace'
import { existsItself, makeFolder, syncFolder } from '../../system/files'
import type { Run } from '../../system/run'
import type { InstancePaths, Slot } from '../../workspace/paths'
import { carryOwn, ownIn, readReleased, withoutOwn, writeReleased, type Released } from './own-files'
import { opposite, readMove, removeMove, writeMove } from './schema-move'

const parts = ['server', 'client'] as const

/** Kept in the old code's slot, and stays with that code. */
const listIn = ({ folder }: Slot): string => join(folder, 'released')

/** Creates the slot for the code to be replaced. @param released of both codes; `.env` and data folders are left out */
export async function makeReplaced(
  paths: InstancePaths,
  manifest: Manifest,
  released: Iterable<string>,
): Promise<void> {
  await makeFolder(paths.slots.replaced.folder)
  await removeMove(paths.slots.replaced) // left by an abandoned operation
  await writeReleased(listIn(paths.slots.replaced), withoutOwn(released, manifest))
}

/** Whether any of the old code has been moved aside. */
export const isSwitched = async ({ slots: { replaced } }: InstancePaths): Promise<boolean> =>
  (await Promise.all(parts.map(it => existsItself(replaced[it])))).some(Boolean)

/** Does nothing if it contains old code. */
export async function removeReplaced(paths: InstancePaths): Promise<void> {
  if (!(await isSwitched(paths))) await rm(paths.slots.replaced.folder, { recursive: true, force: true })
}

/** What belongs to the old and new code of the exchange in progress. */
export async function releasedIn(paths: InstancePaths, { server }: Manifest): Promise<Released> {
  const list = listIn(paths.slots.replaced)
  const found = await readReleased(list)
  if (!found) throw new Error(`${list} is gone`)
  return { paths: found, data: server.dataFolders }
}

/** What belongs to an instance's current and previous code. */
export const releasedBefore = ({ slots }: InstancePaths): Promise<ReadonlySet<string> | undefined> =>
  readReleased(listIn(slots.previous))

/** For code that was taken out again and is to be kept: puts the list of what belongs to it beside it. */
export async function rememberReleased({ slots }: InstancePaths): Promise<void> {
  const [found, schema] = await Promise.all([readReleased(listIn(slots.replaced)), readMove(slots.replaced)])
  if (found) await writeReleased(listIn(slots.next), found)
  if (schema) await writeMove(slots.next, opposite(schema))
}

/**
 * The code in *next* becomes the instance's, and the instance's old code goes to *replaced*.
 * @param live a process keeps running in the old code: nothing it uses may be missing for longer than renames take
 */
export async function switchIn(run: Run, paths: InstancePaths, released: Released, live = false): Promise<void> {
  const { next, replaced } = paths.slots
  const links = live ? 'leave' : undefined
  const old = (await existsItself(replaced.server)) ? replaced.server : paths.server
  const known = live && (await existsItself(next.server)) ? await ownIn(run, old, released) : []
  for (const part of parts) {
    if (!(await existsItself(next[part]))) continue // it is already in place
    if (!(await existsItself(replaced[part]))) await move(paths[part], replaced[part])
    await move(next[part], paths[part])
    if (part === 'server') await carryOwn(replaced.server, paths.server, known, links)
  }
  await carryOwn(replaced.server, paths.server, await ownIn(run, replaced.server, released), links)
  await syncFolder(paths.folder)
}

/**
 * Carries over what a process, now ended, wrote into its working folder in code that was moved away, and removes the
 * links left for it.
 */
export async function settleOwn(run: Run, paths: InstancePaths, { server }: Slot, released: Released): Promise<void> {
  if (await existsItself(server)) await carryOwn(server, paths.server, await ownIn(run, server, released), 'remove')
}

/** The reverse, however far `switchIn` got. Does nothing if nothing was exchanged. @param live as for `switchIn` */
export async function switchBack(run: Run, paths: InstancePaths, released: Released, live = false): Promise<void> {
  const { next, replaced } = paths.slots
  await makeFolder(next.folder)
  const both = await Promise.all([replaced.server, paths.server].map(existsItself))
  if (both.every(Boolean)) {
    const own = await ownIn(run, paths.server, released)
    const later = { from: next.server, to: paths.server }
    await carryOwn(paths.server, replaced.server, own, live ? 'leave' : undefined, later)
  }
  for (const part of parts) {
    if (!(await existsItself(replaced[part]))) continue
    await move(paths[part], next[part])
    await move(replaced[part], paths[part])
  }
  await syncFolder(paths.folder)
}

/** Ignores what doesn't exist, e.g. the client folder of an instance without one. */
async function move(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to)) // the manifest's folders may be nested
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
