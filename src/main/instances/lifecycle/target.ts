/** Shared by the jobs on an existing instance: their services, and what they look up about it before they begin. */
import type { InstanceConfig, InstanceDetails } from '../../../shared/instance'
import type { PortCheck } from '../../../shared/ports'
import type { Target } from '../../../shared/jobs/target'
import { problem } from '../../../shared/problem'
import type { Manifest } from '../../../shared/workspace'
import type { Processes } from '../../processes/client'
import { readManifest } from '../../workspace/base'
import { readInstanceConfig } from '../../workspace/instance-config'
import { instancePaths, type InstancePaths, type WorkspacePaths } from '../../workspace/paths'
import type { Configs } from '../configs'
import type { Desired } from '../desired'
import type { Ownership } from '../ownership'
import type { HealthTarget } from '../health'
import { targetOf } from './derived'
import type { InstancePools } from '../pooled'
import { isActive, ownProcess, ownedBy } from './own-process'

export interface LifecycleServices {
  readonly paths: WorkspacePaths
  readonly processes: Processes
  readonly pools: InstancePools
  readonly desired: Desired
  readonly ownership: Ownership
  readonly configs: (manifest?: Manifest) => Promise<Configs>
}

/** For jobs that start something. */
export interface PortServices extends LifecycleServices {
  readonly ports: { suggest(): Promise<number>; check(port: number): Promise<PortCheck> }
}

/** @throws Problem `instance-unknown`, or the one that its folder has */
export async function findInstance(
  services: Pick<LifecycleServices, 'paths' | 'configs'>,
  name: string,
): Promise<{ config: InstanceConfig; paths: InstancePaths; target: Target; manifest: Manifest }> {
  const manifest = await readManifest(services.paths.root)
  const { configs, broken } = await services.configs(manifest)
  const found = broken.find(it => it.folder === name)
  if (found) throw problem(found.problem)
  const config = configs.find(it => it.name === name)
  if (!config)
    throw problem({
      code: 'instance-unknown',
      message: `There is no instance “${name}”.`,
      hint: 'It may have been removed in the meantime.',
    })
  const paths = instancePaths(services.paths, manifest, name)
  return { config, paths, manifest, target: targetOf(services.paths, manifest, name, config.port) }
}

/** For jobs, which never touch another's instance. @throws as `findInstance`; Problem `instance-foreign` */
export async function findOwn(
  services: Pick<LifecycleServices, 'paths' | 'configs' | 'ownership'>,
  name: string,
): ReturnType<typeof findInstance> {
  const found = await findInstance(services, name)
  await services.ownership.require(found.config, found.manifest)
  return found
}

/**
 * Seconds that its application may take to answer: its own limit, or the manifest's.
 * @throws Problem `file-corrupt`
 */
export async function bootTime(
  { paths }: Pick<LifecycleServices, 'paths'>,
  name: string,
  known?: Manifest,
): Promise<InstanceDetails['boot']> {
  const manifest = known ?? (await readManifest(paths.root))
  const own = (await readInstanceConfig(instancePaths(paths, manifest, name).config))?.bootSeconds
  const standard = manifest.server.bootSeconds
  return { seconds: own ?? standard, own: own !== undefined, standard }
}

/**
 * What its health check needs. Read when the wait begins, as the operator may have changed it.
 * @throws Problem `file-corrupt`, and those of the manifest
 */
export async function healthTarget<Its extends ProcessLook & { readonly port: number }>(
  { paths }: Pick<LifecycleServices, 'paths'>,
  target: Its,
): Promise<Its & HealthTarget> {
  const manifest = await readManifest(paths.root)
  const { seconds } = await bootTime({ paths }, target.name, manifest)
  return { ...target, bootSeconds: seconds, health: manifest.server.health }
}

type ProcessLook = Pick<Target, 'name' | 'cwd'>

/** Whether PM2 is running it, or is about to. */
export async function isOnline(
  { processes }: Pick<LifecycleServices, 'processes'>,
  target: ProcessLook,
): Promise<boolean> {
  const found = await ownProcess(await processes.list(), target)
  return found !== undefined && isActive(found.status)
}

/** Whether it is running at all: in PM2, or as a process that outlived a killed daemon. */
export async function isRunning(services: Pick<LifecycleServices, 'processes'>, target: ProcessLook): Promise<boolean> {
  return (await isOnline(services, target)) || (await ownedBy(await services.processes.lost(), target)).length > 0
}

/** Every instance with its port, and whether it is running. */
export async function instancePorts(
  services: Pick<LifecycleServices, 'paths' | 'configs' | 'processes'>,
): Promise<{ name: string; port: number; running: boolean }[]> {
  const manifest = await readManifest(services.paths.root)
  const [{ configs }, listed, lost] = await Promise.all([
    services.configs(manifest),
    services.processes.list(),
    services.processes.lost(),
  ])
  return Promise.all(
    configs.map(async ({ name, port }) => {
      const ref = { name, cwd: instancePaths(services.paths, manifest, name).server }
      const process = await ownProcess(listed, ref)
      return {
        name,
        port,
        running: (process !== undefined && isActive(process.status)) || (await ownedBy(lost, ref)).length > 0,
      }
    }),
  )
}
