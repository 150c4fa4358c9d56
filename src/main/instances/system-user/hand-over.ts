/**
 * Gives an instance's files to its system user, and takes them back. Its config.json records which is the case.
 *
 * root changes owners file by file, which may take minutes, and meanwhile nobody must be able to swap a folder for a
 * link. So the instance's folder is closed first, then the user's processes are ended, and the folder is opened last: a
 * process that starts as the user in between can't enter. After a crash the folder stays closed until the step or its
 * undo has run again.
 */
import type { Owners } from '../../../shared/instance'
import { exists, isFolder, removeTemporary } from '../../system/files'
import { endProcessesOf } from '../../system/users'
import type { Run } from '../../system/run'
import { readManifest } from '../../workspace/base'
import { changeInstanceConfig, requireInstanceConfig } from '../../workspace/instance-config'
import { instancePaths, type WorkspacePaths } from '../../workspace/paths'
import { findSystemUser, requireSystemUser } from './identity'
import { closeFolder, giveTo, openFolder, ownerBefore, placesOf, takeBack } from './ownership'

interface HandOverServices {
  readonly paths: WorkspacePaths
  readonly run: Run
}

/**
 * The user must exist. @param before who owned the files before there was a user @throws Problem `system-user-missing`
 * …
 */
export async function handOver(
  services: HandOverServices,
  name: string,
  before: Owners,
  signal: AbortSignal,
): Promise<void> {
  const user = await requireSystemUser(services.paths, name)
  const { paths, manifest } = await filesOf(services, name)
  const places = placesOf(paths, manifest)
  await requireInstanceConfig(paths.config)
  await closeFolder(places)
  await endProcessesOf(services.run, user)
  await removeTemporary(paths.folder) // a crash may have left part of a config.json
  // from here on it is never started as our own user
  await changeInstanceConfig(paths.config, it => ({ ...it, systemUser: { before } }))
  await giveTo(services.run, user, places, signal)
  await openFolder(places, { uid: 0, gid: user.gid, mode: 0o750 })
}

/** The reverse; the user stays. If the user or the folder is gone, there is nothing to take back. */
export async function handBack(
  services: HandOverServices,
  name: string,
  before: Owners,
  signal: AbortSignal,
): Promise<void> {
  const user = await findSystemUser(services.paths, name)
  const { paths, manifest } = await filesOf(services, name)
  const places = placesOf(paths, manifest)
  const isThere = await isFolder(paths.folder)
  if (isThere) await closeFolder(places)
  if (user) await endProcessesOf(services.run, user)
  if (!isThere) return
  await removeTemporary(paths.folder)
  if (user) await takeBack(services.run, user, places, before, signal)
  await openFolder(places, ownerBefore(before, '.'))
  if (await exists(paths.config)) await changeInstanceConfig(paths.config, it => ({ ...it, systemUser: undefined }))
}

async function filesOf({ paths }: HandOverServices, name: string) {
  const manifest = await readManifest(paths.root)
  return { manifest, paths: instancePaths(paths, manifest, name) }
}
