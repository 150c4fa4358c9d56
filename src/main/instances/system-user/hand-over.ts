/** An instance's files go to its system user and come back, and its config.json says whose they are. */
import { instanceConfigSchema, type Owners } from '../../../shared/instance'
import { problem } from '../../../shared/problem'
import { isFolder, readJson, writeJson } from '../../system/files'
import { endProcessesOf } from '../../system/users'
import type { Run } from '../../system/run'
import { readManifest } from '../../workspace/base'
import { instancePaths, type WorkspacePaths } from '../../workspace/paths'
import { findSystemUser, requireSystemUser } from './identity'
import { giveTo, placesOf, takeBack } from './ownership'

interface HandOverServices { readonly paths: WorkspacePaths; readonly run: Run }

/** Its user is there, and nothing of the instance runs. @param before who owned its files before it had a user @throws Problem `system-user-missing` … */
export async function handOver(to: HandOverServices, name: string, before: Owners, signal: AbortSignal): Promise<void> {
  const user = await requireSystemUser(to.paths, name)
  await endProcessesOf(user.uid) // nobody exchanges a folder for a link while its owner changes
  const { paths, manifest } = await filesOf(to, name)
  const config = await readJson(paths.config, instanceConfigSchema)
  if (!config) throw problem({ code: 'config-missing', message: `${paths.config} is gone.`, hint: 'Restore it, then retry.' })
  await writeJson(paths.config, { ...config, systemUser: { before } }) // first: from here on it is never started as us
  await giveTo(to.run, user, placesOf(paths, manifest), signal)
}

/** The reverse. The user stays. What is gone needs no owner: nothing to do for it. */
export async function handBack(to: HandOverServices, name: string, before: Owners, signal: AbortSignal): Promise<void> {
  const user = await findSystemUser(to.paths, name)
  const { paths, manifest } = await filesOf(to, name)
  if (user) await endProcessesOf(user.uid)
  if (!await isFolder(paths.folder)) return
  if (user) await takeBack(to.run, user, placesOf(paths, manifest), before, signal)
  const config = await readJson(paths.config, instanceConfigSchema)
  if (config) await writeJson(paths.config, { ...config, systemUser: undefined })
}

async function filesOf({ paths }: HandOverServices, name: string) {
  const manifest = await readManifest(paths.root)
  return { manifest, paths: instancePaths(paths, manifest, name) }
}
