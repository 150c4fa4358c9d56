import { vi } from 'vitest'

/** Waits until a check passes. Vitest's own wait gives up after a second, which a busy machine may need. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, 10_000)
