/** Finds in a service's own log why it isn't running. */

/** PostgreSQL's and PgBouncer's severities, and what they log at lower ones just before giving up. */
const relevant =
  /\b(?:FATAL|PANIC|ERROR|invalid|could not|cannot|syntax error|unrecognized|out of memory|no space left)\b/i
/** What PostgreSQL answers to clients until it is ready: not a reason in itself. */
const notReady = /\bthe database system is (?:starting up|not yet accepting connections|shutting down|in recovery mode)/
/** Time, time zone and pid, with which both begin their lines. */
const stamp = /^\d{4}-\d\d-\d\d [\d:.]+ \w+ \[\d+\]:? */

/**
 * The last two lines of a log that show why a service gave up, oldest first, without their stamps; undefined if there
 * are none.
 */
export function errorLines(log: string): string | undefined {
  const lines = log
    .split('\n')
    .filter(it => relevant.test(it) && !notReady.test(it))
    .map(it => it.replace(stamp, '').trim())
  return [...new Set(lines)].slice(-2).join(' ') || undefined
}
