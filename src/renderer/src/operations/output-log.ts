/** What the running steps of one operation print, bounded, for whoever looks. */

/** `offset`: characters of the operation's output before this chunk. */
export interface OutputChunk {
  readonly step: string
  readonly chunk: string
  readonly offset: number
}

/** Characters kept for an operation; the oldest go first. */
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

  /** True while everything since the operation's beginning is here, as far as it is kept. */
  get complete(): boolean {
    return this.#complete
  }

  /** Whether a step has printed anything. */
  has(step: string): boolean {
    return this.#steps.has(step)
  }

  /** The operation began before our eyes. */
  begin(): void {
    this.#complete = true
  }

  /** Something may have been missed. */
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

  /** Takes what the engine kept; of what was heard here only what is newer stays. */
  catchUp(kept: readonly OutputChunk[]): void {
    const last = kept.at(-1)
    const end = last ? last.offset + last.chunk.length : 0
    this.#chunks = [...kept, ...this.#chunks.filter(it => it.offset >= end)]
    this.#steps = new Set(this.#chunks.map(it => it.step))
    this.#size = this.#chunks.reduce((sum, it) => sum + it.chunk.length, 0)
    this.#complete = true
    this.#tell(undefined)
  }

  /** @param listener gets each new chunk, or undefined when all may have changed @returns ends it */
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
