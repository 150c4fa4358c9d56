/** Operations that stopped because PostgreSQL or PgBouncer wasn't running continue by themselves once both are. */
import { isOpen, waitsForInfrastructure } from '../../shared/operation'
import type { Operations } from '../operations/engine'

/**
 * Milliseconds before an operation is retried again, doubled each time, so that one that fails at once doesn't flood
 * the log.
 */
const pause = 2000
const longestPause = 60_000

export class Resume {
  /** By operation. `due` is a time of `performance.now()`. */
  readonly #tries = new Map<string, { attempt: number; due: number }>()
  readonly #operations: Pick<Operations, 'list' | 'retry'>

  constructor(operations: Pick<Operations, 'list' | 'retry'>) {
    this.#operations = operations
  }

  /** Call it now and then while both services are running. */
  look(): void {
    const open = this.#operations.list().filter(isOpen)
    for (const id of this.#tries.keys()) if (!open.some(it => it.id === id)) this.#tries.delete(id)
    for (const { id } of open.filter(waitsForInfrastructure)) {
      const { attempt, due } = this.#tries.get(id) ?? { attempt: 0, due: 0 }
      if (performance.now() < due) continue
      this.#tries.set(id, {
        attempt: attempt + 1,
        due: performance.now() + Math.min(longestPause, pause * 2 ** attempt),
      })
      this.#operations.retry(id)
    }
  }
}
