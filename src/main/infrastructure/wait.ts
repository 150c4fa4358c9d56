/** Waiting for a condition of the world. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again and again until there is an answer.
 * @param timeout milliseconds
 * @returns undefined if there was none in that time @throws the signal's reason, or what `ask` throws
 */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  { timeout, signal }: { timeout: number; signal?: AbortSignal },
): Promise<T | undefined> {
  const end = Date.now() + timeout
  for (;;) {
    signal?.throwIfAborted()
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() >= end) return undefined
    await sleep(100, undefined, { signal })
  }
}
