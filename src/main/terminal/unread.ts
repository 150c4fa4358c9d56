/** Counts what a page has been sent but not yet drawn, so that a flood waits at its source. */
import { mostUnread } from '../../shared/terminal'

export class Unread {
  #characters = 0
  #proceed: (() => void) | undefined

  /** Resolves when the page can take more. @throws the signal's reason */
  async add(characters: number, signal: AbortSignal): Promise<void> {
    this.#characters += characters
    if (this.#characters <= mostUnread) return
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error)
      this.#proceed = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
    })
  }

  remove(characters: number): void {
    this.#characters = Math.max(0, this.#characters - characters)
    if (this.#characters <= mostUnread / 2) this.#proceed?.()
  }
}
