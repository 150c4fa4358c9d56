/** A moment in the machine's own time zone, e.g. `2026-01-31 12:00:00`. @param at milliseconds since 1970 */
export const localTime = (at: number): string =>
  new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ')
