/**
 * The time at the start of a line: PM2's `2026-11-23T18:26:07: ` (local time), PostgreSQL's and PgBouncer's `2026-11-23
 * 18:26:07.123 UTC `, and ISO 8601, with or without brackets. A time without a zone is local, as those programs write
 * it.
 */

export interface Stamp {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Length in bytes: where the text begins. */
  readonly length: number
}

const pattern =
  /^\[?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)(?![A-Za-z\d])| [A-Z]{2,5}(?= \[))?\]?:? ?/
/** The longest possible stamp. Bytes. */
const longest = 48

/** Recently converted hours, since converting local time is slow. */
const hours = new Map<string, number>()

/** @param line its first bytes are enough */
export function stampOf(line: Buffer): Stamp | undefined {
  const first = line[0] ?? 0
  if (first !== 0x5b && (first < 0x31 || first > 0x39)) return undefined // `[` or a digit
  const match = pattern.exec(line.toString('latin1', 0, Math.min(line.length, longest)))
  if (!match) return undefined
  const [whole, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone] = match
  if (Number(month) > 12 || Number(day) > 31 || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60)
    return undefined
  const rest = (Number(minute) * 60 + Number(second)) * 1000 + Math.floor(Number(`0.${fraction || '0'}`) * 1000)
  const at =
    zone === undefined
      ? localHour(year, month, day, hour) + rest
      : Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour)) + rest - zoneOffset(zone)
  return at >= 0 ? { at, length: whole.length } : undefined
}

function localHour(year: string, month: string, day: string, hour: string): number {
  const key = `${year}${month}${day}${hour}`
  let found = hours.get(key)
  if (found === undefined) {
    found = new Date(Number(year), Number(month) - 1, Number(day), Number(hour)).getTime()
    if (hours.size > 1000) hours.clear()
    hours.set(key, found)
  }
  return found
}

/** Milliseconds east of Greenwich. */
function zoneOffset(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)
  if (!match) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0)) * 60_000
}
