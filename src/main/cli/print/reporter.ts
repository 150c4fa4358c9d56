/** Tells how operations go while they run. */
import type { OperationEvent, OperationState } from '../../../shared/operation'

export interface Reporter {
  /** An operation that was already going on when it was looked at. */
  snapshot(state: OperationState): void
  /** @param state after the event */
  event(event: OperationEvent, state: OperationState): void
  /** A line between, e.g. why one name of many was refused. */
  note(text: string): void
  /** Nothing more comes: leaves the terminal as it is to stay. */
  end(): void
}
