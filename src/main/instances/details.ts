/** The details of one instance: its settings, with secrets masked, and what a deletion would remove. */
import { realpath, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join, relative } from 'node:path'
import { parse } from 'dotenv'
import type { DeletePreview } from '../../shared/removal'
import type { InstanceDetails } from '../../shared/instance'
import { problem } from '../../shared/problem'
import type { Settings } from '../../shared/settings'
import { isHarmlessName } from '../../shared/secret-names'
import type { Databases } from '../infrastructure/databases'
import { limitsWith } from '../infrastructure/limits'
import type { Processes } from '../processes/client'
import { rotatedFiles } from '../system/rotate-names'
import { readIfExists } from '../system/files'
import { measure } from '../system/tree'
import type { InstancePaths } from '../workspace/paths'
import { bootTime, findInstance, isRunning, type LifecycleServices } from './lifecycle/target'
import { envFileOf } from './env-edits'
import { linkedFolder } from './folder-owner'
import { identityOf } from './system-user/identity'

export interface DetailServices extends LifecycleServices {
  readonly databases: Databases
  readonly settings: { read(): Promise<Settings> }
}

/** @throws Problem `instance-unknown`, or the one that its folder has */
export async function instanceDetails(services: DetailServices, name: string): Promise<InstanceDetails> {
  const {
    config: { database, systemUser, limits = {}, labels },
    paths,
  } = await findInstance(services, name)
  const text = (await readIfExists(paths.env)) ?? ''
  return {
    name,
    paths: { folder: paths.folder, server: paths.server, uploads: join(paths.server, 'uploads') },
    database: {
      name: database.name,
      role: database.user,
      host: database.host,
      port: database.port,
      directPort: database.directPort,
      pooled: database.port !== database.directPort,
    },
    limits: { limits: limitsWith(limits, await services.settings.read()), own: limits },
    boot: await bootTime(services, name),
    ...(labels?.notes !== undefined && { notes: labels.notes }),
    user: systemUser ? identityOf(services.paths, name).name : userInfo().username,
    env: Object.entries(parse(text)).map(([key, value]) => (isHarmlessName(key) ? { key, value } : { key })),
    envFile: await envFileOf(paths, text),
    logs: await logsOf(services.processes, name),
  }
}

/** One masked value, at the operator's request. @throws Problem `env-key-unknown` */
export async function revealValue(services: DetailServices, name: string, key: string): Promise<string> {
  const { paths } = await findInstance(services, name)
  const values = parse((await readIfExists(paths.env)) ?? '')
  if (Object.hasOwn(values, key)) return values[key] ?? ''
  throw problem({ code: 'env-key-unknown', message: `The .env of “${name}” has no ${key} any more.` })
}

/** Sizes are of the files' contents. Packages shared with other instances aren't counted, since they stay. */
export async function previewDelete(
  services: DetailServices,
  name: string,
  signal?: AbortSignal,
): Promise<DeletePreview> {
  const { config, paths, target } = await findInstance(services, name)
  const { database } = config
  const linked = await linkedFolder(config.paths.instance, paths.folder)
  const [running, usage, files, logs] = await Promise.all([
    isRunning(services, target),
    services.databases.usage(database.name).catch(() => undefined),
    filesOf(paths, linked, signal),
    logsOf(services.processes, name, true),
  ])
  return {
    name,
    running,
    database: { name: database.name, role: database.user, ...usage },
    files,
    logs: { count: logs.length, bytes: logs.reduce((sum, it) => sum + it.bytes, 0) },
    ...(config.systemUser && { systemUser: identityOf(services.paths, name).name }),
  }
}

/** @param linked the target of the instance's folder, if that is a link */
export async function filesOf(
  { folder, server }: InstancePaths,
  linked: Awaited<ReturnType<typeof linkedFolder>>,
  signal?: AbortSignal,
): Promise<DeletePreview['files']> {
  if (linked && !linked.owned)
    return { folder, target: linked.target, stays: true, bytes: 0, uploads: 0, count: 0, complete: true, links: [] }
  const real = await realpath(folder)
  const uploads = join(real, relative(folder, server), 'uploads')
  const isInside = (await realpath(uploads).catch(() => undefined)) === uploads // not through a link
  const apart = isInside ? await measure(uploads, { signal }) : { bytes: 0, files: 0, complete: true, links: [] }
  const rest = await measure(real, { signal, skipped: ['node_modules', ...(isInside ? [uploads] : [])] })
  return {
    folder,
    target: linked?.target,
    bytes: rest.bytes + apart.bytes,
    uploads: apart.bytes,
    count: rest.files + apart.files,
    complete: rest.complete && apart.complete,
    links: [...apart.links, ...rest.links].filter(it => !it.target.startsWith(`${real}/`)),
  }
}

/** @param rotated include archives */
export async function logsOf(
  processes: Processes,
  name: string,
  rotated = false,
): Promise<{ path: string; bytes: number }[]> {
  const live = await processes.logFiles(name).catch(() => [])
  const files = rotated ? [...live, ...(await Promise.all(live.map(rotatedFiles))).flat()] : live
  const found = await Promise.all(
    files.map(async path => ({ path, bytes: (await stat(path).catch(() => undefined))?.size })),
  )
  return found.filter((it): it is { path: string; bytes: number } => it.bytes !== undefined)
}
