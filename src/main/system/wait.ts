/** Polling, for things without events. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface WaitOptions {
  /** Milliseconds between two calls; 100 by default. */
  readonly every?: number
  /** Milliseconds; unlimited by default. */
  readonly timeout?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Calls `ask`, at least once, until it returns anything but undefined or false.
 * @returns that answer; undefined after the timeout
 * @throws the signal's reason; what `ask` throws
 */
export async function waitFor<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { every = 100, timeout = Infinity, signal }: WaitOptions = {},
): Promise<T | undefined> {
  const end = performance.now() + timeout
  for (;;) {
    signal?.throwIfAborted()
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() >= end) return undefined
    await sleep(every, undefined, { signal }).catch(() => undefined) // aborted: its reason is thrown above
  }
}
