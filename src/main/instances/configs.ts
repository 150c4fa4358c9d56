/** Reads the instances from their folders: the guide's files are the only source of truth. */
import { readdir, stat } from 'node:fs/promises'
import { nameSchema, type BrokenInstance, type InstanceConfig } from '../../shared/instance'
import { problem, toProblem } from '../../shared/problem'
import type { Manifest } from '../../shared/workspace'
import type { ConnectedInstance } from '../infrastructure/settings-guard'
import { readIfExists } from '../system/files'
import { readInstanceConfig } from '../workspace/instance-config'
import { instancePaths, type InstancePaths, type WorkspacePaths } from '../workspace/paths'
import { otherOwner } from './folder-owner'

export interface Configs {
  readonly configs: readonly InstanceConfig[]
  readonly broken: readonly BrokenInstance[]
  /** Copies, by name: the folder to which each one's config.json belongs. See ownership.ts. */
  readonly foreign: ReadonlyMap<string, string>
  /** Every folder's name, including broken instances and those being created: none of them is free. */
  readonly taken: readonly string[]
  /** The manifest that they were read with. */
  readonly manifest: Manifest
  /** An instance's server folder, by its name. */
  readonly serverOf: (name: string) => string
}

/** Files read before, by path. A file with the same stamp isn't read again. */
export type ConfigCache = Map<string, { readonly stamp: string; readonly config: InstanceConfig }>

/**
 * @param busy lower-case names of instances that an open operation owns: such a folder with a reservation is being
 * created, not broken
 * @param known a cache, for callers that read often
 */
export async function readConfigs(
  paths: WorkspacePaths,
  manifest: Manifest,
  busy: ReadonlySet<string>,
  known: ConfigCache = new Map(),
): Promise<Configs> {
  const folders = await instanceFolders(paths)
  const places = new Map(folders.map(it => [it, instancePaths(paths, manifest, it)]))
  const placesOf = (name: string): InstancePaths => places.get(name) ?? instancePaths(paths, manifest, name)
  const read = await Promise.all(folders.map(it => readConfig(placesOf(it), it, busy, known)))
  const configs = read.map(it => it.config).filter(it => it !== undefined)
  const others = await Promise.all(
    configs.map(async it => [it.name, await otherOwner(it.paths.instance, placesOf(it.name).folder)] as const),
  )
  return {
    configs,
    foreign: new Map(others.filter((it): it is readonly [string, string] => it[1] !== undefined)),
    broken: read.map(it => it.broken).filter(it => it !== undefined),
    taken: folders,
    manifest,
    serverOf: name => placesOf(name).server,
  }
}

/** Instances with a database in this workspace: all but copies, which get one when they are adopted. */
export const connectedInstances = ({ configs, broken, foreign }: Configs): ConnectedInstance[] => [
  ...configs.filter(it => !foreign.has(it.name)),
  ...broken.map(it => ({ name: it.folder })),
]

/** The names of all instances' folders, whatever they contain. */
export async function instanceFolders(paths: WorkspacePaths): Promise<string[]> {
  const entries = await readdir(paths.instances, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  // A link is an instance on another disk.
  return entries
    .filter(it => (it.isDirectory() || it.isSymbolicLink()) && !it.name.startsWith('.'))
    .map(it => it.name)
    .toSorted()
}

async function readConfig(
  its: InstancePaths,
  folder: string,
  busy: ReadonlySet<string>,
  known: ConfigCache,
): Promise<{ config?: InstanceConfig; broken?: BrokenInstance }> {
  if (!nameSchema.safeParse(folder).success) {
    return {
      broken: {
        folder,
        problem: {
          code: 'instance-name',
          message: `“${folder}” isn’t a valid instance name.`,
          hint: 'It was left untouched. Rename or move the folder.',
        },
      },
    }
  }
  try {
    if (busy.has(folder.toLowerCase()) && (await readIfExists(its.reservation)) !== undefined) return {}
    const config = await readKnown(its.config, known)
    if (!config)
      throw problem({
        code: 'config-missing',
        message: `${folder} has no config.json.`,
        hint: 'It was left untouched. Restore the file, or move the folder away.',
      })
    if (config.name !== folder)
      throw problem({
        code: 'config-name',
        message: `The config.json in ${folder} belongs to “${config.name}”.`,
        hint: 'It was left untouched. Correct “name”, or rename the folder.',
      })
    return { config }
  } catch (error) {
    const found = toProblem(error)
    if (found.code !== 'file-corrupt') return { broken: { folder, problem: found } }
    return { broken: { folder, problem: { ...found, message: `The config.json of “${folder}” can’t be used.` } } }
  }
}

async function readKnown(path: string, known: ConfigCache): Promise<InstanceConfig | undefined> {
  const info = await stat(path).catch(() => undefined) // reading it reports what is wrong
  const stamp = info && `${info.ino} ${info.size} ${info.mtimeMs} ${info.ctimeMs}`
  const before = known.get(path)
  if (before && before.stamp === stamp) return before.config
  const config = await readInstanceConfig(path)
  if (config && stamp !== undefined) known.set(path, { stamp, config })
  return config
}
