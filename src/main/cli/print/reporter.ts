/** Tells how operations go while they run. */
import type { OperationEvent, OperationState } from '../../../shared/operation'
import { asJson } from './clean'
import type { Output } from './output'

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

export async function reporterFor(json: boolean, out: Output, err: Output): Promise<Reporter> {
  if (json) return jsonReporter(out)
  if (err.terminal) return new (await import('./live')).LiveReporter(err)
  return new (await import('./plain')).PlainReporter(err)
}

/** The events as they are, one a line. */
const jsonReporter = (out: Output): Reporter => ({
  snapshot: operation => out.line(asJson({ type: 'snapshot', operation })),
  event: event => out.line(asJson(event)),
  note: () => undefined,
  end: () => undefined,
})
