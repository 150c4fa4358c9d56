/** The workspace's secrets, in one file that only its user can read. Plans and journals refer to them by key. */
import { z } from 'zod'
import { readSealed, writeSealed } from '../system/sealed'
import { SerialQueue } from '../system/serial-queue'

const schema = z.record(z.string(), z.string())
const hint = 'Restore it from a backup: PostgreSQL’s administrator and unfinished operations need it.'

export class Secrets {
  /** Each change reads the file, changes it and replaces it. */
  readonly #changes = new SerialQueue()
  #closed = false
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** @returns undefined if there is no such secret */
  async get(key: string): Promise<string | undefined> {
    await this.#changes.idle()
    return (await this.#read())[key]
  }

  /**
   * The secret with this key, generated if there is none. Concurrent callers get the same one. Durable when it
   * resolves.
   */
  async ensure(key: string, make: () => string): Promise<string> {
    let value = await this.get(key)
    if (value === undefined) await this.#change(all => ({ ...all, [key]: (value = all[key] ?? make()) }))
    return value as string
  }

  /** Stores all or none. Durable when it resolves. */
  setAll(secrets: Readonly<Record<string, string>>): Promise<void> {
    return this.#change(all => ({ ...all, ...secrets }))
  }

  /** All secrets, so that they can be masked. */
  async all(): Promise<Readonly<Record<string, string>>> {
    await this.#changes.idle()
    return this.#read()
  }

  /** All keys; these aren't secret. */
  async keys(): Promise<string[]> {
    await this.#changes.idle()
    return Object.keys(await this.#read())
  }

  /** Forgets the secrets with these keys, if there are any. */
  forget(...keys: readonly string[]): Promise<void> {
    return this.#change(all => Object.fromEntries(Object.entries(all).filter(([key]) => !keys.includes(key))))
  }

  /** Refuses further changes. Returns when the last one is on disk. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#changes.idle()
  }

  async #read(): Promise<Record<string, string>> {
    return (await readSealed(this.#path, schema, hint)) ?? {}
  }

  #change(how: (all: Record<string, string>) => Record<string, string>): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the workspace is closed'))
    return this.#changes.run(async () => writeSealed(this.#path, how(await this.#read())))
  }
}
