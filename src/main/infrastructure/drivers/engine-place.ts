/**
 * Where a workspace's containers are, recorded when the first is created: after a `docker context use` or with another
 * DOCKER_HOST, they would look absent, and be created again.
 */
import { realpath, rm } from 'node:fs/promises'
import { z } from 'zod'
import { readJson, writeJson } from '../../system/files'

const schema = z.object({ address: z.string().startsWith('unix://'), workspace: z.string() })

export class EnginePlace {
  readonly #path: string
  readonly #workspace: string

  /** @param path a file in the workspace's own folder @param workspace its path: a copy has no containers yet */
  constructor(path: string, workspace: string) {
    this.#path = path
    this.#workspace = workspace
  }

  /** @returns the daemon's address; undefined if it isn't known @throws Problem `file-corrupt` */
  async read(): Promise<string | undefined> {
    const found = await readJson(this.#path, schema)
    return found?.workspace === this.#workspace ? found.address : undefined
  }

  /** Only for a daemon at a Unix socket: reaching any other takes more than its address. */
  async record(address: string): Promise<void> {
    if (!address.startsWith('unix://') || (await this.read()) !== undefined) return
    await writeJson(this.#path, { address, workspace: this.#workspace })
  }

  async forget(): Promise<void> {
    await rm(this.#path, { force: true })
  }
}

/** Two addresses may name one socket: /var/run is usually a link to /run. */
export async function isSameSocket(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map(it => {
      const path = it.replace(/^unix:\/\//, '')
      return realpath(path).catch(() => path)
    }),
  )
  return first === second
}
