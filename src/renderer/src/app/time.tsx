/** Times as text, and a clock that ticks only where it is shown. */
import { useEffect, useState } from 'react'
import { duration } from '../../../shared/amounts'

/** The time of day, preceded by the date unless it is today. @param at ISO 8601, or milliseconds since 1970 */
export function when(at: string | number, now = new Date()): string {
  const date = new Date(at)
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' }
  if (date.toDateString() === now.toDateString()) return date.toLocaleTimeString(undefined, time)
  return date.toLocaleString(undefined, {
    day: 'numeric',
    month: 'short',
    ...(date.getFullYear() === now.getFullYear() ? time : { year: 'numeric' }),
  })
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
