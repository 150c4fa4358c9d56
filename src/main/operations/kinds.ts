/** The kinds of operations that the engine can run. They are loaded when needed: an engine that only looks rarely needs any. */
import { once } from '../system/once'
import type { AnyOperation } from './operation'

export class Kinds {
  readonly #loads: (() => Promise<readonly AnyOperation[]>)[] = []
  readonly #all = new Map<string, AnyOperation>()

  /** @param load called only if kinds are needed */
  add(load: () => Promise<readonly AnyOperation[]>): void {
    this.#loads.push(load)
  }

  /** By name. Loads them at the first call; `add` comes before. */
  readonly load = once(async (): Promise<ReadonlyMap<string, AnyOperation>> => {
    const loaded = await Promise.all(this.#loads.map(it => it()))
    for (const it of loaded.flat()) this.#all.set(it.kind, it)
    return this.#all
  })

  /** They must be loaded. */
  of(kind: string): AnyOperation {
    const operation = this.#all.get(kind)
    if (!operation) throw new Error(`there is no operation of kind ${kind}`)
    return operation
  }

  /** The secret that a kind leaves after a success, to be shown once. They must be loaded. */
  readonly shows = (kind: string): string | undefined => this.#all.get(kind)?.shows
}
