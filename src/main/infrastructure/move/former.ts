/** Records the PostgreSQL that a move left behind, until it is removed. */
import { rm } from 'node:fs/promises'
import type { FormerPostgres } from '../../../shared/infrastructure'
import { formerSchema } from '../../../shared/jobs/move'
import { readJson, writeJson } from '../../system/files'

export class Former {
  readonly #path: string

  /** @param path a file in the workspace's own folder */
  constructor(path: string) {
    this.#path = path
  }

  /** Undefined if there is none. @throws Problem `file-corrupt` */
  read(): Promise<FormerPostgres | undefined> {
    return readJson(this.#path, formerSchema)
  }

  write(former: FormerPostgres): Promise<void> {
    return writeJson(this.#path, former)
  }

  forget(): Promise<void> {
    return rm(this.#path, { force: true })
  }
}
