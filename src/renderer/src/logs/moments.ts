/** Formats moments and time ranges of logs, in the local time zone. */

const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

/**
 * e.g. `14:05:09` or `14:05:09.123`, always equally wide. Hand-written for speed, because it runs for each of thousands
 * of lines.
 */
export function clockOf(at: number, precise: boolean): string {
  const date = new Date(at)
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(it => String(it).padStart(2, '0')).join(':')
  return precise ? `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}` : clock
}
/** e.g. `Mon, 23 Nov 2026`. */
export const dayOf = (at: number): string => day.format(at)
export const wholeOf = (at: number): string => whole.format(at)
/** Whether a new day begins, which must be shown. */
export function isOtherDay(at: number, before: number | undefined): boolean {
  if (before === undefined) return false
  const [one, other] = [new Date(at), new Date(before)]
  return one.getDate() !== other.getDate() || Math.abs(at - before) > 86_400_000
}

/** e.g. `Europe/Vienna (UTC+01:00)`. */
export function timeZone(now = new Date()): string {
  const minutes = -now.getTimezoneOffset()
  const part = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const offset = `UTC${minutes < 0 ? '−' : '+'}${part(Math.abs(minutes) / 60)}:${part(Math.abs(minutes) % 60)}`
  return `${Intl.DateTimeFormat().resolvedOptions().timeZone} (${offset})`
}

export const presets = ['all', '5', '10', '30', '60', 'today'] as const
export type Preset = (typeof presets)[number]
export const presetWord: Record<Preset, string> = {
  all: 'All time',
  5: 'Last 5 minutes',
  10: 'Last 10 minutes',
  30: 'Last 30 minutes',
  60: 'Last hour',
  today: 'Today',
}

/** A time range. Presets count back from when they were chosen. */
export interface TimeRange {
  readonly preset: Preset | 'custom'
  /** Milliseconds since 1970. */
  readonly from?: number
  readonly to?: number
}

export const allTime: TimeRange = { preset: 'all' }

export function rangeOf(preset: Preset, now = new Date()): TimeRange {
  if (preset === 'all') return allTime
  if (preset === 'today') return { preset, from: new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime() }
  return { preset, from: now.getTime() - Number(preset) * 60_000 }
}

/** e.g. `Last hour`, `23 Nov, 14:00 – 15:30`. */
export function rangeWord({ preset, from, to }: TimeRange): string {
  if (preset !== 'custom') return presetWord[preset]
  const words = [from, to].map(it => (it === undefined ? undefined : short.format(it)))
  if (words[0] && words[1]) return `${words[0]} – ${words[1]}`
  return words[0] ? `From ${words[0]}` : `Until ${words[1] ?? 'now'}`
}
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

/** Converts to and from the value of `<input type="datetime-local">`. */
export function inputOf(at: number | undefined): string {
  if (at === undefined) return ''
  const date = new Date(at)
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
export const momentOf = (input: string): number | undefined => {
  const at = Date.parse(input) // without a zone: local time
  return Number.isNaN(at) ? undefined : at
}
