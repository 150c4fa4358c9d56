/** The services' places under the embedded driver: each has a folder in the driver's own. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '../../../shared/problem'
import { exists, makePrivateFolder, readIfExists, syncFolder, writeFileAtomic } from '../../system/files'
import type { Service } from '../services/service'
import type { Daemons } from './daemons'
import type { DataPlaces } from './driver'
import { placeTaken } from './problems'

export class FolderData implements DataPlaces {
  readonly #base: string
  readonly #daemons: Pick<Daemons, 'folderOf' | 'processes'>

  /** @param base the driver's folder */
  constructor(base: string, daemons: Pick<Daemons, 'folderOf' | 'processes'>) {
    this.#base = base
    this.#daemons = daemons
  }

  place(service: Service): Promise<string> {
    return Promise.resolve(`the folder ${this.#daemons.folderOf(service)}`)
  }

  async occupant(service: Service, token?: string): Promise<string | undefined> {
    const folder = this.#daemons.folderOf(service)
    if (!keepsData(service) || !(await exists(folder))) return undefined
    // initdb's result is renamed to it, so an empty folder doesn't stop a new cluster
    if (await readdir(folder).then(names => names.length === 0)) return undefined
    if (token !== undefined && (await this.#tokenOf(service)) === token) return undefined
    return await this.place(service)
  }

  used(): Promise<boolean> {
    return exists(this.#base)
  }

  async take(service: Service, token: string): Promise<void> {
    const occupant = await this.occupant(service, token)
    if (occupant !== undefined) throw placeTaken(service, occupant)
    if (!keepsData(service)) return
    await makePrivateFolder(this.#base)
    await writeFileAtomic(this.#tokenFile(service), token, 0o600)
  }

  /** A service without data keeps its folder: its log is there. */
  async empty(service: Service, token?: string): Promise<void> {
    if (!keepsData(service) || (token !== undefined && (await this.#tokenOf(service)) !== token)) return
    const running = await this.#daemons.processes(service)
    if (running.length > 0)
      throw problem({
        code: 'service-stays',
        message: `${service.title} is still running, so its data wasn’t removed.`,
        cause: `Its process ids: ${running.join(', ')}.`,
        hint: 'End them, then try again.',
      })
    const folder = this.#daemons.folderOf(service)
    for (const it of [folder, `${folder}.new`]) await rm(it, { recursive: true, force: true })
    await rm(this.#tokenFile(service), { force: true }) // last: by then nothing is left to recognise
    if (await exists(this.#base)) await syncFolder(this.#base)
  }

  disk(): Promise<string | undefined> {
    return Promise.resolve(join(this.#base, '..'))
  }

  #tokenFile = (service: Service): string => `${this.#daemons.folderOf(service)}.token`
  #tokenOf = (service: Service): Promise<string | undefined> => readIfExists(this.#tokenFile(service))
}

const keepsData = ({ container }: Service): boolean => container.data !== undefined
