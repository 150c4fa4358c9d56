/** A changing value that can be followed. */

/** Followers get the current value and then each newer one. Slow ones skip values that have been replaced. */
export class Latest<T> {
  readonly #wake = new Set<() => void>()
  #current: T

  constructor(current: T) {
    this.#current = current
  }

  get value(): T {
    return this.#current
  }

  set(value: T): void {
    this.#current = value
    for (const wake of this.#wake) wake()
  }

  /** Ends when the signal is aborted. */
  async *follow(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    let wake = (): void => undefined
    let changed = true
    const mark = (): void => {
      changed = true
      wake()
    }
    this.#wake.add(mark)
    signal.addEventListener('abort', mark)
    try {
      while (!signal.aborted) {
        if (!changed)
          await new Promise<void>(resolve => {
            wake = resolve
          })
        if (signal.aborted || !changed) continue
        changed = false
        yield this.#current
      }
    } finally {
      this.#wake.delete(mark)
      signal.removeEventListener('abort', mark)
    }
  }
}
