/** Subscriptions as promises. */
import { toFailure } from './failure'

interface Done {
  onError(error: unknown): void
  onComplete(): void
}

/** Runs a subscription until it ends or the signal is aborted. */
export async function runSubscription(
  signal: AbortSignal,
  subscribe: (done: Done) => { unsubscribe(): void },
): Promise<void> {
  let subscription: { unsubscribe(): void } | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => resolve())
      subscription = subscribe({ onError: error => reject(toFailure(error)), onComplete: resolve })
      if (signal.aborted) resolve()
    })
  } finally {
    subscription?.unsubscribe()
  }
}
