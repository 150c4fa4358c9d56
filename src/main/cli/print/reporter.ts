/** Reports the progress of operations. */
import type { OperationEvent, OperationState } from '../../../shared/operation'

export interface Reporter {
  /** An operation that was already running when we began to follow it. */
  snapshot(state: OperationState): void
  /** @param state after the event */
  event(event: OperationEvent, state: OperationState): void
  /** An additional line, e.g. why one of many instances was refused. */
  note(text: string): void
  /** Nothing more follows: restores the terminal. */
  end(): void
}
