/** What a service's own log says about why it does not run. */

/** PostgreSQL's and PgBouncer's severities, and what they say at the milder ones just before they give up. */
const telling =
  /\b(?:FATAL|PANIC|ERROR|invalid|could not|cannot|syntax error|unrecognized|out of memory|no space left)\b/i
/** Time, time zone and process number, as both begin their lines. */
const stamp = /^\d{4}-\d\d-\d\d [\d:.]+ \w+ \[\d+\]:? */

/**
 * The last two lines of a log that tell why a service gave up, oldest first, without their stamps; undefined if none
 * does.
 */
export function tellingLines(log: string): string | undefined {
  const lines = log
    .split('\n')
    .filter(it => telling.test(it))
    .map(it => it.replace(stamp, '').trim())
  return [...new Set(lines)].slice(-2).join(' ') || undefined
}
