/**
 * Whose instance it is. A copied folder still names the original's database, so whatever is done to the copy would be
 * done to the original. No job may touch it until it is adopted.
 */
import { readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseNames, type InstanceConfig } from '../../shared/instance'
import { problem } from '../../shared/problem'
import type { Manifest } from '../../shared/workspace'
import type { Databases } from '../infrastructure/databases'
import type { KnownSockets, ListeningProcess, portsHolders } from '../system/sockets'
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
  /** Found among the likely processes, which are examined again and again. */
  readonly #sockets: KnownSockets = new Map()

  constructor(services: OwnershipServices) {
    this.#services = services
  }

  /**
   * For plans: checks folder, port and database. A database that can't be reached now is checked again before it is
   * dropped.
   * @throws Problem `instance-foreign`
   */
  async require(config: InstanceConfig, manifest: Manifest): Promise<void> {
    await this.requireFolder(config.name)
    const holder = (await this.runningElsewhere([config], manifest)).get(config.name)
    if (holder !== undefined)
      throw foreignInstance(config.name, `The same instance is running on port ${config.port} from ${holder}.`)
    const names = databaseNames(config.name)
    const marked = await this.#services.databases.isForeign(names).catch(() => false)
    if (marked) throw foreignInstance(config.name, `The database ${names.database} is marked as another workspace’s.`)
  }

  /**
   * For steps, right before they destroy something: checks only the folder, by its current config.json. Passes if the
   * folder is gone.
   * @param place where the instance's folder is now, if it was set aside
   * @throws Problem `instance-foreign`
   */
  async requireFolder(name: string, place?: string): Promise<void> {
    const folder = place ?? join(this.#services.paths.instances, name)
    const config = await readInstanceConfig(join(folder, 'config.json'))
    const other = config && (await otherOwner(config.paths.instance, folder))
    if (other !== undefined) throw foreignInstance(name, `Its config.json belongs to ${other}, which exists.`)
  }

  /**
   * Marks these instances' databases as this workspace's if they have no mark (the older tool left none) and limits
   * their roles, except those that belong to another. The mark only helps to recognise copies later, so failures are
   * left to the next time.
   */
  async claim({ configs, foreign, manifest }: Pick<Configs, 'configs' | 'foreign' | 'manifest'>): Promise<void> {
    const ours = configs.filter(it => !foreign.has(it.name))
    const elsewhere = await this.runningElsewhere(ours, manifest)
    const own = ours.flatMap(({ name, database, limits }) => {
      const names = databaseNames(name)
      const isNamed = database.name === names.database && database.user === names.role
      return isNamed && !elsewhere.has(name) ? [{ ...names, limits }] : []
    })
    await this.#services.databases.claim(own).catch(() => undefined)
  }

  /**
   * Folders of other instances that use the same database and listen on the same port, by the name of ours.
   * @param likely processes that probably hold the instances' ports: saves examining every process on the machine
   */
  async runningElsewhere(
    configs: readonly InstanceConfig[],
    manifest: Manifest,
    likely: readonly number[] = [],
  ): Promise<ReadonlyMap<string, string>> {
    const holders = await this.#services.portsHolders(
      configs.map(it => it.port),
      likely,
      likely.length > 0 ? this.#sockets : undefined, // a plan needs every holder
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
    for (const { pid } of holders) {
      const cwd = pid === undefined ? undefined : await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
      if (cwd === server || !cwd?.endsWith(`/${manifest.server.folder}`)) continue
      if (cwd === (await realpath(server).catch(() => server))) continue
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
