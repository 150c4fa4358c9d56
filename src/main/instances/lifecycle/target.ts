/** What the jobs on an existing instance share: their collaborators, and what they find out about it before they begin. */
import { join } from 'node:path'
import type { InstanceConfig } from '../../../shared/instance'
import { problem } from '../../../shared/problem'
import type { Manifest } from '../../../shared/workspace'
import type { Processes } from '../../processes/client'
import { readManifest } from '../../workspace/base'
import { instancePaths, type InstancePaths, type WorkspacePaths } from '../../workspace/paths'
import type { Configs } from '../configs'
import type { Desired } from '../desired'

export interface LifecycleServices {
  readonly paths: WorkspacePaths
  readonly processes: Processes
  readonly desired: Desired
  readonly configs: (manifest?: Manifest) => Promise<Configs>
}

/** An instance as a plan names it. `cwd` and `script` are absolute. */
export type Target = { readonly name: string; readonly port: number; readonly cwd: string; readonly script: string }

/** @throws Problem `instance-unknown`, or the one that its folder has */
export async function findInstance(to: Pick<LifecycleServices, 'paths' | 'configs'>, name: string): Promise<{ config: InstanceConfig; paths: InstancePaths; target: Target; manifest: Manifest }> {
  const manifest = await readManifest(to.paths.root)
  const { configs, broken } = await to.configs(manifest)
  const found = broken.find(it => it.folder === name)
  if (found) throw problem(found.problem)
  const config = configs.find(it => it.name === name)
  if (!config) throw problem({ code: 'instance-unknown', message: `There is no instance "${name}".`, hint: 'It may have been removed meanwhile.' })
  const paths = instancePaths(to.paths, manifest, name)
  return { config, paths, manifest, target: { name, port: config.port, cwd: paths.server, script: join(paths.server, manifest.server.entry) } }
}

/** Whether PM2 runs it now. */
export const isOnline = async ({ processes }: Pick<LifecycleServices, 'processes'>, { name }: Pick<Target, 'name'>): Promise<boolean> =>
  (await processes.list()).some(it => it.name === name && (it.status === 'online' || it.status === 'launching'))
