/** The errors in the services' logs, without the values that were part of queries. */
import type { LogLine } from './log'

/** Milliseconds: a day. */
export const errorsWithin = 86_400_000

export interface ServiceError {
  readonly text: string
  /** How often it was logged. */
  readonly count: number
  /** The last time, in milliseconds since 1970. */
  readonly at?: number | undefined
}

/** Time, time zone, process and PgBouncer's level, with which lines begin. */
const stamp = /^(?:\d{4}-\d\d-\d\d [\d:.]+ [\w+-]+ )?(?:\[\d+\]:? )?(?:LOG |WARNING )?/
const colours = /\u001b\[[\d;]*m/g

/** What PostgreSQL quotes after these is a name of the schema; anything else may be a value. */
const names =
  /\b(?:relation|table|column|constraint|index|database|role|user|schema|function|type|sequence|parameter|encoding|extension|view|trigger|language|statement) $/

/** The message with “…” for each quoted text that may be a value. */
export const hideValues = (message: string): string =>
  message.replace(/"([^"]*)("|$)|'[^']*('|$)/g, (quoted, name: string | undefined, _end, _other, at: number) =>
    name !== undefined && /^[\w.$-]{1,63}$/.test(name) && names.test(message.slice(0, at)) ? quoted : '“…”',
  )

/** @param lines oldest first @returns each message once, the latest first */
export function errorsIn(lines: readonly LogLine[]): ServiceError[] {
  const found = new Map<string, ServiceError>()
  for (const { text, at, error, continues } of lines) {
    if (!error || continues) continue
    const message = hideValues(text.replace(colours, '').replace(stamp, '').trim())
    const count = (found.get(message)?.count ?? 0) + 1
    found.delete(message)
    found.set(message, { text: message, count, at })
  }
  return [...found.values()].toReversed()
}
