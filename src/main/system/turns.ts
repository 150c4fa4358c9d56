/** Lets only a few pieces of work run at a time. */

interface Waiter {
  readonly key: string
  begin(): void
}

/** The rest wait, in the order in which they came, except that none waits for another's key. */
export class Turns {
  readonly #most: { readonly inAll: number; readonly each: number }
  readonly #running: string[] = []
  readonly #waiting: Waiter[] = []

  /** @param most how many run at a time: in all, and of each key */
  constructor(most: { readonly inAll: number; readonly each: number }) {
    this.#most = most
  }

  /** Resolves to what `work` returns. @throws what it throws; the signal's reason, if that is aborted before its turn */
  async run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(key, signal)
    try {
      return await work()
    } finally {
      this.#running.splice(this.#running.indexOf(key), 1)
      this.#next()
    }
  }

  #turn(key: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal.reason)
      }
      const waiter = {
        key,
        begin: (): void => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(waiter)
      this.#next()
    })
  }

  #next(): void {
    const { inAll, each } = this.#most
    if (this.#running.length >= inAll) return
    const at = this.#waiting.findIndex(({ key }) => this.#running.filter(it => it === key).length < each)
    const [waiter] = at < 0 ? [] : this.#waiting.splice(at, 1)
    if (!waiter) return
    this.#running.push(waiter.key)
    waiter.begin()
  }
}
