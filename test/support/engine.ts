/** An engine that can run some operations; not opened yet. */
import { Operations, type OperationsOptions } from '../../src/main/operations/engine'
import type { AnyOperation } from '../../src/main/operations/operation'
import type { OperationState } from '../../src/shared/operation'

export interface TestEngineOptions extends OperationsOptions {
  readonly operations: readonly AnyOperation[]
  readonly onSettled?: (state: OperationState) => void
}

export function engineOf({ operations, onSettled, ...options }: TestEngineOptions): Operations {
  const engine = new Operations(options)
  engine.define(() => Promise.resolve(operations))
  if (onSettled) engine.whenSettled(onSettled)
  return engine
}
