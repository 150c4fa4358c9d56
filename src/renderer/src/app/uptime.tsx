/** Uptimes that update themselves, all driven by one clock. */
import { useCallback, useSyncExternalStore } from 'react'
import { uptime } from '../../../shared/amounts'

/** Milliseconds. The clock ticks every second while an uptime is below a minute, otherwise as often as minutes need. */
const minute = 60_000
const quick = 1000
const calm = 10_000

/** Listeners, each with the start time it shows. */
const listeners = new Map<() => void, number>()
let timer: ReturnType<typeof setTimeout> | undefined

function tick(): void {
  timer = undefined
  for (const listener of listeners.keys()) listener()
  schedule()
}

function schedule(): void {
  clearTimeout(timer)
  if (listeners.size) timer = setTimeout(tick, Date.now() - Math.max(...listeners.values()) < minute ? quick : calm)
}

/** @param since milliseconds since 1970 */
export function Uptime({ since }: { since: number }) {
  const subscribe = useCallback(
    (listener: () => void) => {
      listeners.set(listener, since)
      if (timer === undefined || Date.now() - since < minute) schedule()
      return () => {
        listeners.delete(listener)
      }
    },
    [since],
  )
  return useSyncExternalStore(subscribe, () => uptime(Date.now() - since))
}
