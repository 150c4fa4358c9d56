/** Chooses the reporter for an output: live lines on a terminal, plain lines elsewhere, or events as JSON. */
import { asJson } from './clean'
import type { Output } from './output'
import type { Reporter } from './reporter'

export async function reporterFor(json: boolean, out: Output, err: Output): Promise<Reporter> {
  if (json) return jsonReporter(out)
  if (err.terminal) return new (await import('./live')).LiveReporter(err)
  return new (await import('./plain')).PlainReporter(err)
}

/** Prints the events unchanged, one per line. */
const jsonReporter = (out: Output): Reporter => ({
  snapshot: operation => out.line(asJson({ type: 'snapshot', operation })),
  event: event => out.line(asJson(event)),
  note: () => undefined,
  end: () => undefined,
})
