/** Queues for work that must not overlap. */

/** Runs one piece of work at a time, in the order in which it was added. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()

  /** Resolves to what `work` returns. @throws what `work` throws; only its caller sees that, and later work still runs */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(() => work())
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Resolves when everything added so far has ended, successfully or not. */
  async idle(): Promise<void> {
    await this.#last
  }
}

/** One queue per key. A queue exists only while it has work. */
export class KeyedQueue {
  readonly #queues = new Map<string, { readonly queue: SerialQueue; pending: number }>()

  /** As `SerialQueue.run`, in this key's queue. */
  async run<T>(key: string, work: () => T | Promise<T>): Promise<T> {
    const entry = this.#queues.get(key) ?? { queue: new SerialQueue(), pending: 0 }
    this.#queues.set(key, entry)
    entry.pending++
    try {
      return await entry.queue.run(work)
    } finally {
      if (--entry.pending === 0) this.#queues.delete(key)
    }
  }
}
