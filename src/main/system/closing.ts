/** What is made registers its end; closing is the reverse of making. */
export class Closing {
  readonly #ends: (() => unknown)[] = []
  #closed: Promise<void> | undefined

  /** @param end what ends the thing that was just made; it may be a promise that is waited for */
  add(end: () => unknown): void {
    this.#ends.push(end)
  }

  /** Ends everything, the newest first, each whatever came of the others. Once. @throws the first error */
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
