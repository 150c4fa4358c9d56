/** Compact formatting of sizes, times and counts. */

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** e.g. "0 B", "712 KB", "8.4 MB", "1.2 GB"; units are powers of 1024. */
export function bytes(count: number): string {
  let value = Math.max(0, count)
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** Percent of one core, e.g. "0 %", "3 %", "112 %". */
export const percent = (value: number): string => `${Math.round(value)} %`

/** e.g. "48 s", "12 min", "5 h 12 min", "3 d 4 h". @param milliseconds negative values (clock skew) count as zero */
export function uptime(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** e.g. "3.2 s", "48 s", "2 min 05 s". @param milliseconds negative values (clock skew) count as zero */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** "one instance", "3 instances". */
export const count = (number: number, noun: string): string => (number === 1 ? `one ${noun}` : `${number} ${noun}s`)

/** "a", "a and b", "a, b and c". Beyond `limit` names, the rest become "… and 4 more". */
export function enumerate(names: readonly string[], limit = 5): string {
  const shown = names.length > limit ? [...names.slice(0, limit - 1), `${names.length - limit + 1} more`] : names
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

/** Upper-cases the first letter: "one instance" becomes "One instance". */
export const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

export const uncapital = (words: string): string => words.charAt(0).toLowerCase() + words.slice(1)
