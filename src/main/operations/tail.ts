/** The end of an operation's output, for a window that comes later. */

/** `offset`: characters of this operation's output before this chunk. */
export interface OutputChunk { readonly step: string; readonly chunk: string; readonly offset: number }

/** Characters kept; at most one chunk more. */
const limit = 256_000

export class Tail {
  readonly #chunks: OutputChunk[] = []
  #length = 0

  /** @returns the chunk with its place in the whole output */
  add(step: string, chunk: string): OutputChunk {
    const added = { step, chunk, offset: this.#length }
    this.#chunks.push(added)
    this.#length += chunk.length
    while (this.#length - (this.#chunks[1]?.offset ?? 0) > limit && this.#chunks.length > 1) this.#chunks.shift()
    return added
  }

  chunks(): readonly OutputChunk[] { return [...this.#chunks] }
}
