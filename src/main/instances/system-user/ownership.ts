/**
 * Who may do what with an instance's files once it has its own user. The folder, code and packages still belong to root
 * and are closed to everyone but the user's group, which can read but not change them. The user can read `.env`, and
 * owns its data folders. Packages are hard links whose owner is shared with the release and every other instance, so it
 * is never changed.
 *
 * The user must not own the folder: it could then replace files that root reads and writes there with links. All of
 * this happens while the folder is closed and none of the user's processes are running (hand-over.ts). A process of a
 * third user may still hold a data folder open that the user passed to it. So owners there are changed with `-execdir`,
 * which can't be diverted by swapping a folder for a link.
 */
import { constants } from 'node:fs'
import { lstat, mkdir, open, realpath, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Owner, Owners } from '../../../shared/instance'
import { problem } from '../../../shared/problem'
import type { Manifest } from '../../../shared/workspace'
import { isOneOf } from '../../releases/tree'
import { existsItself } from '../../system/files'
import type { Run } from '../../system/run'
import type { SystemUser } from '../../system/users'
import { sharedMode } from '../../workspace/env-file'
import type { Slot } from '../../workspace/paths'

/** An instance's paths, or those of other code of it. `data`: its data folders, none inside another. */
export interface Places extends Slot {
  readonly data: readonly string[]
}

/** @param slot the instance itself, or other code of it */
export function placesOf({ folder, server, client, env }: Slot, manifest: Manifest): Places {
  const { dataFolders } = manifest.server
  const outer = dataFolders.filter(it => !dataFolders.some(other => it.startsWith(`${other}/`)))
  return { folder, server, client, env, data: outer.map(it => join(server, it)) }
}

const timeout = 600_000 // ms; 150,000 uploads on a slow disk

/**
 * The current owners of the folder, `.env`, the code and the data folders, by their paths inside the folder. @throws
 * Problem `isolation-link`
 */
export async function readOwners({ folder, server, client, env, data }: Places): Promise<Owners> {
  const entries = await Promise.all(
    [folder, server, client, env, ...data].map(async path => {
      // the instance's folder may be a link to another disk
      const found = await (path === folder ? stat : lstat)(path).catch(() => undefined)
      if (found?.isSymbolicLink()) {
        throw problem({
          code: 'isolation-link',
          message: `${path} is a link.`,
          cause: 'A system user couldn’t reach its target, whose permissions aren’t changed.',
          hint: 'Replace the link with the file or folder itself (a bind mount if it is on another disk), then try again.',
        })
      }
      return found
        ? [[relative(folder, path) || '.', { uid: found.uid, gid: found.gid, mode: found.mode & 0o777 }] as const]
        : []
    }),
  )
  return Object.fromEntries(entries.flat())
}

/** Closes an instance's folder to everyone but root, so nothing inside can be reached by its path. */
export const closeFolder = (places: Places): Promise<void> => openFolder(places, { uid: 0, gid: 0, mode: 0o700 })

/** Opens it again. */
export const openFolder = async ({ folder }: Pick<Places, 'folder'>, owner: Owner): Promise<void> =>
  change(await realpath(folder), owner)

/** Who owned a path before. @param path inside the instance's folder; `.` is the folder itself */
export const ownerBefore = (before: Owners, path: string): Owner => before[path] ?? { uid: 0, gid: 0, mode: 0o700 }

/** Gives the contents of an instance's folder to its user. Safe to repeat after an interruption. */
export async function giveTo(run: Run, { uid, gid }: SystemUser, places: Places, signal: AbortSignal): Promise<void> {
  const { server, client, env, data } = places
  const find = finder(run, signal)
  for (const it of data) await mkdir(it, { recursive: true }) // the user can't create it
  const code = skipping([...data, env])
  await find(
    [server, client],
    [
      ...code,
      '(',
      '-type',
      'd',
      '-o',
      '-type',
      'f',
      '-links',
      '1',
      ')',
      '-exec',
      'chgrp',
      String(gid),
      '{}',
      '+',
      '-exec',
      'chmod',
      'g+rX,go-w',
      '{}',
      '+',
    ],
  )
  // The new user may have got the user id of the files' former owner.
  await find([server, client], [...code, '-user', String(uid), '-exec', 'chown', '--no-dereference', '0', '{}', '+'])
  await find([server, client], [...code, '-type', 'f', '-links', '+1', '-exec', 'chmod', 'a+rX,go-w', '{}', '+'])
  // A data file with a second hard link may be somebody else's too.
  await find(data, [
    '(',
    '-type',
    'd',
    '-o',
    '-links',
    '1',
    ')',
    '-execdir',
    'chown',
    '--no-dereference',
    `${uid}:${gid}`,
    '{}',
    '+',
  ])
  await find(data, ['-type', 'd', '-execdir', 'chmod', 'u+rwx', '{}', '+'])
  await change(env, { uid: 0, gid, mode: sharedMode })
}

/** Gives everything back to its former owners. Safe to repeat after an interruption. */
export async function takeBack(
  run: Run,
  { uid, gid }: SystemUser,
  places: Places,
  before: Owners,
  signal: AbortSignal,
): Promise<void> {
  const { folder, server, client, env, data } = places
  const find = finder(run, signal)
  const had = (path: string): Owner => ownerBefore(before, relative(folder, path))
  for (const path of [server, client]) {
    await find(
      [path],
      [
        ...skipping([...data, env]),
        '-group',
        String(gid),
        '-exec',
        'chgrp',
        '--no-dereference',
        String(had(path).gid),
        '{}',
        '+',
      ],
    )
  }
  for (const path of data) {
    await find(
      [path],
      [
        '(',
        '-user',
        String(uid),
        '-o',
        '-group',
        String(gid),
        ')',
        '-execdir',
        'chown',
        '--no-dereference',
        `${had(path).uid}:${had(path).gid}`,
        '{}',
        '+',
      ],
    )
    await change(path, had(path))
  }
  await change(env, had(env))
}

/** `find` walks folders of any size in constant memory, and never follows a link below its starting points. */
const finder =
  (run: Run, signal: AbortSignal) =>
  async (starts: readonly string[], tests: readonly string[]): Promise<void> => {
    const there = await Promise.all(starts.map(existsItself))
    const found = starts.filter((_, index) => there[index])
    if (found.length > 0)
      // `-execdir` refuses a PATH with relative folders
      await run('find', ['-P', ...found, ...tests], { signal, timeout, env: { PATH: '/usr/bin:/bin' } })
  }

/** Leaves out these paths and everything below them. */
const skipping = (paths: readonly string[]): string[] => [...isOneOf(paths), '-prune', '-o']

/** Does nothing if the path is gone. Never follows a link. */
async function change(path: string, { uid, gid, mode }: Owner): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    },
  )
  if (!handle) return
  try {
    await handle.chown(uid, gid)
    await handle.chmod(mode)
  } finally {
    await handle.close()
  }
}
