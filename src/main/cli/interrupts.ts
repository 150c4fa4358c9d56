/** Ctrl+C, SIGTERM and a closed terminal. Code that must not be interrupted part-way registers a handler. */
import { exitCodes } from './exit-codes'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Interrupts {
  #handler: ((count: number) => void) | undefined
  #count = 0

  constructor() {
    for (const it of signals) process.on(it, () => this.#interrupt())
  }

  /**
   * @param handler called with the number of interrupts since it was registered @returns unregisters it; the next
   * interrupt then ends the process
   */
  take(handler: (count: number) => void): () => void {
    this.#count = 0
    this.#handler = handler
    return () => {
      this.#handler = undefined
    }
  }

  #interrupt(): void {
    if (!this.#handler) process.exit(exitCodes.interrupted) // nothing is open, and the kernel frees our locks
    this.#handler(++this.#count)
  }
}
