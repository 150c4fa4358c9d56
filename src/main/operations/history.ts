/**
 * The known operations: the open ones, and the newest settled ones of each kind. Bounded, however long the app runs.
 */
import { isOpen, type OperationState } from '../../shared/operation'
import { problem } from '../../shared/problem'
import { removeJournal, type Readable } from './journal'
import type { OutputChunk } from './tail'
import { hasEnded, type Walk } from './walk'

/**
 * Settled operations of each kind that are remembered, with their journals. A frequent job doesn't push out the others.
 */
export const keptOfKind = 50
/** Settled operations that keep their output in memory. */
const outputsKept = 20

export class History {
  /** Open operations, and recently settled ones with their output. */
  readonly #walks = new Map<string, Walk>()
  readonly #settled = new Map<string, OperationState>()
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  remember(found: readonly Readable[]): void {
    for (const { id, state } of found) this.#settled.set(id, state)
  }

  add(walk: Walk): void {
    this.#walks.set(walk.state.id, walk)
  }

  /** All operations, oldest first. */
  list(): readonly OperationState[] {
    return [...this.#settled.values(), ...[...this.#walks.values()].map(it => it.state)].toSorted((a, b) =>
      a.id < b.id ? -1 : 1,
    )
  }

  /** @throws Problem `operation-unknown` */
  state(id: string): OperationState {
    const state = this.#walks.get(id)?.state ?? this.#settled.get(id)
    if (!state) throw unknown()
    return state
  }

  /** @throws Problem `operation-unknown`, `operation-settled` */
  open(id: string): Walk {
    const state = this.state(id)
    const walk = this.#walks.get(id)
    if (!walk || !isOpen(state)) throw hasEnded()
    return walk
  }

  /** @throws Problem `operation-unknown` */
  output(id: string): readonly OutputChunk[] {
    this.state(id)
    return this.#walks.get(id)?.output.chunks() ?? []
  }

  /** Stops all walks without settling them. */
  async end(): Promise<void> {
    await Promise.all([...this.#walks.values()].map(it => it.end()))
  }

  /**
   * Call it when an operation has settled. Forgets older ones of its kind and deletes their journals; never this one,
   * whatever the clock says.
   */
  bound({ id: newest, kind }: OperationState): void {
    const settled = [...this.#walks.values()].map(it => it.state).filter(it => !isOpen(it))
    for (const state of settled.slice(0, -outputsKept)) {
      this.#settled.set(state.id, state)
      this.#walks.delete(state.id)
    }
    for (const { id } of this.list()
      .filter(it => it.kind === kind && !isOpen(it) && it.id !== newest)
      .toSorted(bySettling)
      .slice(0, 1 - keptOfKind)) {
      this.#settled.delete(id)
      this.#walks.delete(id)
      void removeJournal(this.#folder, id)
    }
  }
}

/** Oldest first; one that was stuck for a long time and has just settled counts as new. */
const bySettling = (a: OperationState, b: OperationState): number =>
  Date.parse(a.settledAt ?? '') - Date.parse(b.settledAt ?? '')

export const unknown = () =>
  problem({
    code: 'operation-unknown',
    message: 'There is no such operation.',
    hint: 'Activity lists all known operations.',
    action: 'open-activity',
  })
