/**
 * Which services should be running: what the operator last asked for, not what is. The supervisor restores them after a
 * reboot or a crash.
 */
import { z } from 'zod'
import { serviceNames, type ServiceName } from '../../shared/infrastructure'
import { nameSchema } from '../../shared/instance'
import { readJson, writeJson } from '../system/files'
import { SerialQueue } from '../system/serial-queue'

const wishesSchema = z.object({
  /** Earlier versions wrote a boolean, for both. */
  wanted: z.union([z.array(z.enum(serviceNames)), z.boolean().transform(both => (both ? [...serviceNames] : []))]),
  /** The instances that were stopped together with services, and are started again with them. */
  instances: z.array(nameSchema).default([]),
})
const schema = wishesSchema.extend({ workspace: z.string() })

export type Wishes = Readonly<z.infer<typeof wishesSchema>>

export class Wanted {
  /** Called after each change. */
  changed: () => void = () => undefined
  readonly #path: string
  readonly #workspace: string
  readonly #changes = new SerialQueue()

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
  async read(): Promise<Wishes | undefined> {
    const found = await readJson(this.#path, schema)
    return found?.workspace === this.#workspace ? { wanted: found.wanted, instances: found.instances } : undefined
  }

  async has(service: ServiceName): Promise<boolean> {
    return (await this.read())?.wanted.includes(service) === true
  }

  /** Durable when it resolves. */
  change(how: (now: Wishes) => Partial<Wishes>): Promise<void> {
    return this.#changes.run(async () => {
      const before = await this.read()
      const now = before ?? { wanted: [], instances: [] }
      const next = { ...now, ...how(now) }
      if (before && JSON.stringify(next) === JSON.stringify(before)) return
      await writeJson(this.#path, { ...next, workspace: this.#workspace })
      this.changed()
    })
  }

  /** From now on these should, or shouldn't, be running. @param more changed with it, at once */
  async set(services: readonly ServiceName[], wanted: boolean, more: Partial<Wishes> = {}): Promise<void> {
    await this.change(now => ({
      ...more,
      wanted: serviceNames.filter(it => (services.includes(it) ? wanted : now.wanted.includes(it))),
    }))
  }
}
