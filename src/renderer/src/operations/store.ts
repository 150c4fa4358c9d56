/** All operations, folded from pushed events. Their output is kept separately. */
import {
  fold,
  isOpen,
  type OperationState,
  type OperationsUpdate,
  type UnreadableJournal,
} from '../../../shared/operation'
import { OutputLog } from './output-log'

export interface OperationsView {
  /** False until the first snapshot arrives. */
  readonly ready: boolean
  /** Open ones first, then newest first. */
  readonly operations: readonly OperationState[]
  readonly unreadable: readonly UnreadableJournal[]
}

export class OperationsStore {
  #view: OperationsView = { ready: false, operations: [], unreadable: [] }
  readonly #logs = new Map<string, OutputLog>()
  readonly #listeners = new Set<() => void>()

  readonly view = (): OperationsView => this.#view

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** The output of one operation, created on first use. */
  log(id: string): OutputLog {
    let log = this.#logs.get(id)
    if (!log) this.#logs.set(id, (log = new OutputLog()))
    return log
  }

  apply(update: OperationsUpdate): void {
    if (update.type === 'snapshot') {
      for (const log of this.#logs.values()) log.lose() // output sent while disconnected is missing
      this.#show({ ready: true, operations: sort(update.operations), unreadable: update.unreadable })
      return
    }
    const { event } = update
    if (event.type === 'output') {
      this.log(event.id).append(event)
      return
    }
    const known = this.#view.operations.find(it => it.id === event.id)
    if (!known && event.type !== 'opened') return // an event of an operation that our snapshot doesn't contain
    if (event.type === 'opened') this.log(event.id).begin()
    const others = this.#view.operations.filter(it => it.id !== event.id)
    this.#show({ ...this.#view, operations: sort([fold(known, event), ...others]) })
  }

  #show(view: OperationsView): void {
    this.#view = view
    for (const listener of this.#listeners) listener()
  }
}

const sort = (operations: readonly OperationState[]): OperationState[] =>
  operations.toSorted((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || b.openedAt.localeCompare(a.openedAt))
