/** The workspace's secrets, in one file that only its user can read. Plans and journals refer to them by key. */
import { z } from 'zod'
import { readJson, writeJson } from '../system/files'

const schema = z.record(z.string(), z.string())

export class Secrets {
  /** Writes are serialized: each one reads the file, changes it and replaces it. */
  private last: Promise<unknown> = Promise.resolve()

  constructor(private readonly path: string) {}

  /** @returns undefined if there is no such secret */
  async get(key: string): Promise<string | undefined> {
    await this.last
    return (await this.read())[key]
  }

  /** Durable when it resolves. */
  set(key: string, value: string): Promise<void> {
    return this.setAll({ [key]: value })
  }

  /** All of them or none. */
  setAll(secrets: Readonly<Record<string, string>>): Promise<void> {
    return this.change(all => ({ ...all, ...secrets }))
  }

  /** The keys that are there: names, not secrets. */
  async keys(): Promise<string[]> {
    await this.last
    return Object.keys(await this.read())
  }

  /** Forgets what is there of these keys. */
  forget(...keys: readonly string[]): Promise<void> {
    return this.change(all => Object.fromEntries(Object.entries(all).filter(([key]) => !keys.includes(key))))
  }

  private async read(): Promise<Record<string, string>> {
    return await readJson(this.path, schema) ?? {}
  }

  private change(how: (all: Record<string, string>) => Record<string, string>): Promise<void> {
    const next = this.last.then(async () => writeJson(this.path, how(await this.read())))
    this.last = next.catch(() => undefined) // the caller hears of it; the next write is not its victim
    return next
  }
}
