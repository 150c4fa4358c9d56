/** Waits for an operation, for dialogs that show its result. */
import { isMoving, type OperationState } from '../../../shared/operation'
import type { OperationsStore } from './store'

/** Resolves once it has settled or is stuck. */
export function whenSettled(operations: OperationsStore, id: string): Promise<OperationState> {
  const find = (): OperationState | undefined => operations.view().operations.find(it => it.id === id && !isMoving(it))
  return new Promise(resolve => {
    const known = find()
    if (known) return resolve(known)
    const stop = operations.subscribe(() => {
      const found = find()
      if (!found) return
      stop()
      resolve(found)
    })
  })
}
