/** Which instances should run: what the operator wants, not what is. After a reboot, *resurrect all* means these. */
import { z } from 'zod'
import { readJson, writeJson } from '../system/files'

export class Desired {
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  /** @param path a file in the workspace's own folder */
  constructor(private readonly path: string) {}

  /** @throws Problem `file-corrupt` */
  async names(): Promise<readonly string[]> {
    await this.#last
    return this.#read()
  }

  add(name: string): Promise<void> { return this.#change(names => [...names.filter(it => it !== name), name]) }

  remove(name: string): Promise<void> { return this.#change(names => names.filter(it => it !== name)) }

  /** Nothing is changed any more. Returns when the last change is on disk. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#last
  }

  async #read(): Promise<readonly string[]> { return await readJson(this.path, z.array(z.string())) ?? [] }

  #change(how: (names: readonly string[]) => readonly string[]): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the workspace is closed'))
    const next = this.#last.then(async () => {
      const names = await this.#read()
      const wanted = how(names)
      if (wanted.join('\n') !== names.join('\n')) await writeJson(this.path, wanted)
    })
    this.#last = next.catch(() => undefined) // the caller hears of it; the next change is not its victim
    return next
  }
}
