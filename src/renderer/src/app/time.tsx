/** Times and durations in words, and the clock that ticks only where one is shown. */
import { useEffect, useState } from 'react'

/** e.g. "3.2 s", "48 s", "2 min 05 s". @param milliseconds below zero (clocks differ) counts as zero */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** The time of day if it was today, else the day too. @param at ISO 8601 */
export function when(at: string, now = new Date()): string {
  const date = new Date(at)
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' }
  if (date.toDateString() === now.toDateString()) return date.toLocaleTimeString(undefined, time)
  return date.toLocaleString(undefined, { day: 'numeric', month: 'short', ...(date.getFullYear() === now.getFullYear() ? time : { year: 'numeric' }) })
}

/** The time since a moment, ticking. @param since ISO 8601 */
export function Elapsed({ since }: { since: string }) {
  const [now, setNow] = useState(Date.now)
  const elapsed = now - Date.parse(since)
  const quick = elapsed < 10_000
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), quick ? 100 : 1000)
    return () => clearInterval(timer)
  }, [quick])
  return <span className="number">{duration(elapsed)}</span>
}
