/**
 * Whose an instance is. A copied folder still names the original's database, so whatever is done to the copy would be
 * done to the original: until it is adopted, no job may touch it.
 */
import { readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseNames, type InstanceConfig } from '../../shared/instance'
import { problem } from '../../shared/problem'
import type { Manifest } from '../../shared/workspace'
import type { Databases } from '../infrastructure/databases'
import type { ListeningProcess, portsHolders } from '../system/proc'
import { readInstanceConfig } from '../workspace/instance-config'
import { instancePaths, type WorkspacePaths } from '../workspace/paths'
import type { Configs } from './configs'
import { otherOwner } from './folder-owner'

export interface OwnershipServices {
  readonly paths: WorkspacePaths
  readonly databases: Pick<Databases, 'isForeign' | 'claim'>
  readonly portsHolders: typeof portsHolders
}

export class Ownership {
  readonly #services: OwnershipServices

  constructor(services: OwnershipServices) {
    this.#services = services
  }

  /**
   * For plans: folder, port and database are looked at. A database that cannot be asked now is asked again before it is
   * dropped.
   * @throws Problem `instance-foreign`
   */
  async require(config: InstanceConfig, manifest: Manifest): Promise<void> {
    await this.requireFolder(config.name)
    const holder = (await this.runningElsewhere([config], manifest)).get(config.name)
    if (holder !== undefined)
      throw foreignInstance(config.name, `Its port ${config.port} is in use by the same instance in ${holder}.`)
    const names = databaseNames(config.name)
    const marked = await this.#services.databases.isForeign(names).catch(() => false)
    if (marked) throw foreignInstance(config.name, `The database ${names.database} is marked as another workspace's.`)
  }

  /**
   * For steps, right before they destroy something: the folder alone, by what its config.json says now. One that is
   * gone is nobody's.
   * @param place where the instance's folder lies now, if it was set aside
   * @throws Problem `instance-foreign`
   */
  async requireFolder(name: string, place?: string): Promise<void> {
    const folder = place ?? join(this.#services.paths.instances, name)
    const config = await readInstanceConfig(join(folder, 'config.json'))
    const other = config && (await otherOwner(config.paths.instance, folder))
    if (other !== undefined) throw foreignInstance(name, `Its config.json is that of ${other}, which exists.`)
  }

  /**
   * Marks the databases of these instances as this workspace's, if they carry no mark: the older tool left none. Those
   * that are another's are left out. To be told apart from a copy later is no condition of anything that is done now,
   * so what fails is left to the next time.
   */
  async claim({ configs, foreign, manifest }: Pick<Configs, 'configs' | 'foreign' | 'manifest'>): Promise<void> {
    const ours = configs.filter(it => !foreign.has(it.name))
    const elsewhere = await this.runningElsewhere(ours, manifest)
    const own = ours.flatMap(({ name, database }) => {
      const names = databaseNames(name)
      const isNamed = database.name === names.database && database.user === names.role
      return isNamed && !elsewhere.has(name) ? [names] : []
    })
    await this.#services.databases.claim(own).catch(() => undefined)
  }

  /**
   * Folders of other instances that use the same database and listen on the same port, by the name of ours.
   * @param likely processes that hold the instances' ports, if that is known: it saves a look at every process there is
   */
  async runningElsewhere(
    configs: readonly InstanceConfig[],
    manifest: Manifest,
    likely: readonly number[] = [],
  ): Promise<ReadonlyMap<string, string>> {
    const holders = await this.#services.portsHolders(
      configs.map(it => it.port),
      likely,
    )
    const found = await Promise.all(
      configs.map(async config => {
        const folder = await this.#elsewhere(config, manifest, holders.get(config.port) ?? [])
        return folder === undefined ? [] : [[config.name, folder] as const]
      }),
    )
    return new Map(found.flat())
  }

  async #elsewhere(
    { name, database }: InstanceConfig,
    manifest: Manifest,
    holders: readonly ListeningProcess[],
  ): Promise<string | undefined> {
    const { server } = instancePaths(this.#services.paths, manifest, name)
    const own = await realpath(server).catch(() => server)
    for (const { pid } of holders) {
      const cwd = pid === undefined ? undefined : await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
      if (cwd === own || !cwd?.endsWith(`/${manifest.server.folder}`)) continue
      const folder = cwd.slice(0, -manifest.server.folder.length - 1)
      const other = await readInstanceConfig(join(folder, 'config.json')).catch(() => undefined)
      if (other?.database.directUrl === database.directUrl && other.database.password === database.password)
        return folder
    }
    return undefined
  }
}

export const foreignInstance = (name: string, cause: string) =>
  problem({
    code: 'instance-foreign',
    message: `“${name}” is a copy: its database belongs to another instance.`,
    cause,
    hint: 'Adopt it to give it its own name, database, port and secrets. Until then it is left untouched. If it is the only one left, correct “paths.instance” in its config.json.',
  })
