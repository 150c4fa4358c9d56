/** The output of one operation's steps, bounded in size. */

/** `offset`: number of characters of the operation's output before this chunk. */
export interface OutputChunk {
  readonly step: string
  readonly chunk: string
  readonly offset: number
}

/** Characters kept per operation; the oldest are dropped. */
const limit = 2_000_000

export class OutputLog {
  #complete = false
  #chunks: OutputChunk[] = []
  #steps = new Set<string>()
  #size = 0
  readonly #listeners = new Set<(added: OutputChunk | undefined) => void>()

  get chunks(): readonly OutputChunk[] {
    return this.#chunks
  }

  /** True if nothing since the operation's start is missing, except what exceeded the limit. */
  get complete(): boolean {
    return this.#complete
  }

  /** Whether a step has printed anything. */
  has(step: string): boolean {
    return this.#steps.has(step)
  }

  /** The operation started while we were watching. */
  begin(): void {
    this.#complete = true
  }

  /** Some output may have been missed. */
  lose(): void {
    this.#complete = false
    this.#tell(undefined)
  }

  append({ step, chunk, offset }: OutputChunk): void {
    const added = { step, chunk, offset }
    this.#chunks.push(added)
    this.#steps.add(step)
    this.#size += chunk.length
    while (this.#size > limit && this.#chunks.length > 1) this.#size -= this.#chunks.shift()?.chunk.length ?? 0
    this.#tell(added)
  }

  /** Replaces the output with what the engine kept, plus newer chunks received here. */
  catchUp(kept: readonly OutputChunk[]): void {
    const last = kept.at(-1)
    const end = last ? last.offset + last.chunk.length : 0
    this.#chunks = [...kept, ...this.#chunks.filter(it => it.offset >= end)]
    this.#steps = new Set(this.#chunks.map(it => it.step))
    this.#size = this.#chunks.reduce((sum, it) => sum + it.chunk.length, 0)
    this.#complete = true
    this.#tell(undefined)
  }

  /** @param listener gets each new chunk, or undefined if everything may have changed @returns unsubscribes */
  readonly subscribe = (listener: (added: OutputChunk | undefined) => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  #tell(added: OutputChunk | undefined): void {
    for (const listener of this.#listeners) listener(added)
  }
}
