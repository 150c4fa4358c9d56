/** Everything created registers how to end it; closing ends everything in reverse order. */
export class Closing {
  readonly #ends: (() => unknown)[] = []
  #closed: Promise<void> | undefined

  /** @param end ends what was just created; if it returns a promise, that is awaited */
  add(end: () => unknown): void {
    this.#ends.push(end)
  }

  /** Ends everything once, newest first, even if some fail. @throws the first error */
  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    const errors: unknown[] = []
    for (const end of this.#ends.toReversed()) {
      try {
        await end()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
