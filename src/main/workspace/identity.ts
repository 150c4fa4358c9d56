/** Which workspace this is: a random id that marks its databases, and where and by which version it was last opened. */
import { randomUUID } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { problem } from '../../shared/problem'
import { isNewer } from '../../shared/versions'
import { readJson, writeJson } from '../system/files'
import { workspacePaths, type WorkspacePaths } from './paths'

const identitySchema = z.object({
  id: z.uuid(),
  /** The workspace's real path. */
  path: z.string().refine(isAbsolute),
  /** The workspace that this one was copied from, with its `.instance-manager`. */
  copyOf: z.string().optional(),
  /** The app's version that last opened it, and so the newest that ever did. */
  version: z.string().optional(),
})
export type Identity = Readonly<z.infer<typeof identitySchema>>

/**
 * The workspace's identity, created when it is first opened. If the recorded path is gone, the workspace was moved and
 * keeps its identity. If the recorded path still holds a workspace with this id, this one is a copy: it becomes a
 * separate workspace, and doesn't inherit what is about the original: its unfinished operations, its list of instances
 * that should be running, and the old PostgreSQL that a move left behind, which the copy could otherwise remove.
 * @param version the app's; it is recorded
 * @throws Problems `file-corrupt`, `workspace-newer`; nothing is written then
 */
export async function identify(paths: WorkspacePaths, version: string): Promise<Identity> {
  const known = await readKnown(paths, version)
  if (known?.path === paths.root && known.version === version) return known
  const copied = known && (await isElsewhere(known, paths))
  if (copied) await leaveBehind(paths, known.id)
  const identity: Identity = copied
    ? { id: randomUUID(), path: paths.root, copyOf: known.path, version }
    : { ...known, id: known?.id ?? randomUUID(), path: paths.root, version }
  await writeJson(paths.identity, identity)
  return identity
}

/** The same for read-only use: nothing is written, so a workspace without its own identity gets a temporary one. */
export async function lookAtIdentity(paths: WorkspacePaths, version: string): Promise<Identity> {
  const known = await readKnown(paths, version)
  if (known && (known.path === paths.root || !(await isElsewhere(known, paths)))) return known
  return { id: randomUUID(), path: paths.root, copyOf: known?.path }
}

/** @throws Problem `workspace-newer`: this version might misread what a newer one has written */
async function readKnown(paths: WorkspacePaths, version: string): Promise<Identity | undefined> {
  const known = await readJson(paths.identity, identitySchema)
  if (known?.version !== undefined && isNewer(known.version, version))
    throw problem({
      code: 'workspace-newer',
      message: `${paths.root} was used by a newer version of Instance Manager.`,
      cause: `That was ${known.version}; this is ${version}.`,
      hint: `Update Instance Manager to ${known.version} or newer. Nothing was changed.`,
    })
  return known
}

/**
 * Whether the recorded path holds another workspace with the same id. One that can't be read counts: it may be the
 * original.
 */
async function isElsewhere({ id, path }: Identity, paths: WorkspacePaths): Promise<boolean> {
  const other = workspacePaths(path).identity
  try {
    const found = await readJson(other, identitySchema)
    if (found?.id !== id) return false
    const [there, here] = await Promise.all([stat(other), stat(paths.identity)])
    return there.ino !== here.ino || there.dev !== here.dev // a bind mount gives one folder two paths
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR'
  }
}

async function leaveBehind({ state, operations, desired, formerPostgres }: WorkspacePaths, id: string): Promise<void> {
  const aside = join(state, `operations-of-${id}`)
  await rm(aside, { recursive: true, force: true })
  await rename(operations, aside).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  for (const it of [desired, formerPostgres]) await rm(it, { force: true })
}
