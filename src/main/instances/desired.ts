/** Which instances should be running: what the operator wants, not what is. *Resurrect* starts these after a reboot. */
import { z } from 'zod'
import { nameSchema } from '../../shared/instance'
import { readSealed, writeSealed } from '../system/sealed'
import { SerialQueue } from '../system/serial-queue'

const hint = 'Move it away: a new one will be created from the running instances.'

export class Desired {
  readonly #changes = new SerialQueue()
  #closed = false
  readonly #path: string

  /** @param path a file in the workspace's own folder */
  constructor(path: string) {
    this.#path = path
  }

  /** @throws Problem `file-corrupt` */
  async names(): Promise<readonly string[]> {
    await this.#changes.idle()
    return this.#read()
  }

  add(name: string): Promise<void> {
    return this.#change(names => [...names.filter(it => it !== name), name])
  }

  remove(name: string): Promise<void> {
    return this.#change(names => names.filter(it => it !== name))
  }

  /** Refuses further changes. Returns when the last one is on disk. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#changes.idle()
  }

  async #read(): Promise<readonly string[]> {
    return (await readSealed(this.#path, z.array(nameSchema), hint)) ?? []
  }

  #change(how: (names: readonly string[]) => readonly string[]): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the workspace is closed'))
    return this.#changes.run(async () => {
      const names = await this.#read()
      const wanted = how(names)
      if (wanted.join('\n') !== names.join('\n')) await writeSealed(this.#path, [...wanted])
    })
  }
}
