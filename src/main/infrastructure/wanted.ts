/**
 * Whether the infrastructure should run: what the operator asked for last, not what is. After a reboot or a crash, the
 * supervisor goes by it.
 */
import { z } from 'zod'
import { readJson, writeJson } from '../system/files'

const schema = z.object({ wanted: z.boolean(), workspace: z.string() })

export class Wanted {
  readonly #path: string
  readonly #workspace: string

  /**
   * @param path a file in the workspace's own folder @param workspace whose services are meant: those of a copy's
   * original are not the copy's
   */
  constructor(path: string, workspace: string) {
    this.#path = path
    this.#workspace = workspace
  }

  /**
   * @returns undefined if it was never said: a workspace of an earlier version, a new one, a copy. @throws Problem
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
