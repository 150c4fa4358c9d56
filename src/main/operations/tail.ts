/** The end of an operation's output, for windows opened later. */

/** `offset`: characters of this operation's output before this chunk. */
export interface OutputChunk {
  readonly step: string
  readonly chunk: string
  readonly offset: number
}

/** Characters kept, give or take one chunk. */
const limit = 256_000
/** Chunks are joined up to this many characters: a progress bar prints thousands of small ones. */
const chunkLength = 4000

export class OutputTail {
  readonly #chunks: OutputChunk[] = []
  #length = 0

  /** @returns the chunk with its place in the whole output */
  add(step: string, chunk: string): OutputChunk {
    const added = { step, chunk, offset: this.#length }
    this.#length += chunk.length
    const last = this.#chunks.at(-1)
    if (last?.step === step && last.chunk.length + chunk.length <= chunkLength)
      this.#chunks[this.#chunks.length - 1] = { ...last, chunk: last.chunk + chunk }
    else this.#chunks.push(added)
    for (let second = this.#chunks[1]; second && this.#length - second.offset >= limit; second = this.#chunks[1])
      this.#chunks.shift()
    return added
  }

  chunks(): readonly OutputChunk[] {
    return [...this.#chunks]
  }
}
