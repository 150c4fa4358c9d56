/** Work that is done at most once. */

/** @returns a function that begins the work at its first call, and returns the same result at every one */
export function once<T>(work: () => T): () => T {
  let done: { readonly result: T } | undefined
  return () => (done ??= { result: work() }).result
}
