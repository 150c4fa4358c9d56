/**
 * Whether the infrastructure should be running: what the operator last asked for, not what is. The supervisor restores
 * it after a reboot or a crash.
 */
import { z } from 'zod'
import { readJson, writeJson } from '../system/files'

const schema = z.object({ wanted: z.boolean(), workspace: z.string() })

export class Wanted {
  readonly #path: string
  readonly #workspace: string

  /**
   * @param path a file in the workspace's own folder @param workspace the workspace's path: the file of a copied
   * workspace is about the original's services
   */
  constructor(path: string, workspace: string) {
    this.#path = path
    this.#workspace = workspace
  }

  /**
   * @returns undefined if it isn't known: in a new workspace, a copy, or one from an earlier version. @throws Problem
   * `file-corrupt`
   */
  async read(): Promise<boolean | undefined> {
    const found = await readJson(this.#path, schema)
    return found?.workspace === this.#workspace ? found.wanted : undefined
  }

  /** Durable when it resolves. */
  async set(wanted: boolean): Promise<void> {
    if ((await this.read()) !== wanted) await writeJson(this.#path, { wanted, workspace: this.#workspace })
  }
}
