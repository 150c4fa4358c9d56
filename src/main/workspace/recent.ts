/** Recently opened workspaces, listed in the app's folder in the user's home. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { RecentWorkspace } from '../../shared/workspace'
import { isFolder, readJson, writeJson } from '../system/files'

const schema = z.array(z.object({ path: z.string(), openedAt: z.string() }))
const kept = 10

/** Milliseconds that a folder may take to answer; one on a dead network mount never does. */
const timeout = 1000
/** A check that hangs occupies one of Node's four file threads, so no more than this may hang. */
const maxHanging = 2

export class RecentWorkspaces {
  readonly #looks = new Map<string, Promise<boolean>>()
  /** Checks that take too long, until they return. */
  readonly #hanging = new Set<string>()
  readonly #path: string
  readonly #look: (path: string) => Promise<boolean>

  /** @param path a file; its folder exists */
  constructor(path: string, look: (path: string) => Promise<boolean> = isFolder) {
    this.#path = path
    this.#look = look
  }

  /**
   * Newest first, each with whether it still exists; a folder that doesn't answer counts as missing. An unreadable list
   * counts as empty: it contains nothing important.
   */
  async list(): Promise<RecentWorkspace[]> {
    const found: RecentWorkspace[] = []
    // one at a time: see `maxHanging`
    for (const it of await this.#read()) found.push({ ...it, exists: await this.#exists(it.path) })
    return found
  }

  async add(path: string): Promise<void> {
    const others = (await this.#read()).filter(it => it.path !== path)
    await writeJson(this.#path, [{ path, openedAt: new Date().toISOString() }, ...others].slice(0, kept))
  }

  async forget(path: string): Promise<void> {
    await writeJson(
      this.#path,
      (await this.#read()).filter(it => it.path !== path),
    )
  }

  async #exists(path: string): Promise<boolean> {
    if (this.#hanging.has(path) || this.#hanging.size >= maxHanging) return false
    const looking = this.#looks.get(path) ?? this.#begin(path)
    const end = new AbortController()
    const late = delay(timeout, undefined, { signal: end.signal }).then(
      () => {
        if (this.#looks.has(path)) this.#hanging.add(path)
      },
      () => undefined,
    )
    try {
      return await Promise.race([looking, late.then(() => false)])
    } finally {
      end.abort()
    }
  }

  #begin(path: string): Promise<boolean> {
    const looking = this.#look(path).finally(() => {
      this.#looks.delete(path)
      this.#hanging.delete(path)
    })
    this.#looks.set(path, looking)
    return looking
  }

  #read(): Promise<z.infer<typeof schema>> {
    return readJson(this.#path, schema).then(
      it => it ?? [],
      () => [],
    )
  }
}
