/** Ctrl+C, SIGTERM and a closed terminal. Who runs something that must not just be left takes them. */
import { exitCodes } from './exit-codes'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Interrupts {
  #handler: ((count: number) => void) | undefined
  #count = 0

  constructor() {
    for (const it of signals) process.on(it, () => this.#interrupt())
  }

  /**
   * @param handler is told how many there were since it was taken. @returns gives them back: the next one ends the
   * process
   */
  take(handler: (count: number) => void): () => void {
    this.#count = 0
    this.#handler = handler
    return () => {
      this.#handler = undefined
    }
  }

  #interrupt(): void {
    if (!this.#handler) process.exit(exitCodes.interrupted) // nothing is open; what the kernel holds for us it frees
    this.#handler(++this.#count)
  }
}
