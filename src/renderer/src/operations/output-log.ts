/** What the running steps of one operation print, bounded, for whoever looks. */

export interface OutputChunk { readonly step: string; readonly chunk: string }

/** Characters kept for an operation; the oldest go first. */
const limit = 2_000_000

export class OutputLog {
  /** True once everything since the operation's beginning is here, as far as it is kept. */
  complete = false
  #chunks: OutputChunk[] = []
  #size = 0
  readonly #listeners = new Set<(added: OutputChunk | undefined) => void>()

  get chunks(): readonly OutputChunk[] { return this.#chunks }

  append(added: OutputChunk): void {
    this.#chunks.push(added)
    this.#size += added.chunk.length
    while (this.#size > limit && this.#chunks.length > 1) this.#size -= this.#chunks.shift()?.chunk.length ?? 0
    for (const listener of this.#listeners) listener(added)
  }

  /** Takes what the engine kept, in place of what was heard since this window opened. */
  replace(chunks: readonly OutputChunk[]): void {
    this.#chunks = [...chunks]
    this.#size = chunks.reduce((sum, it) => sum + it.chunk.length, 0)
    this.complete = true
    for (const listener of this.#listeners) listener(undefined)
  }

  /** @param listener gets each new chunk, or undefined when all were replaced @returns ends it */
  subscribe(listener: (added: OutputChunk | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }
}
