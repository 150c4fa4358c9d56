/** How long something runs, in words that change by themselves. One clock serves all of them. */
import { useSyncExternalStore } from 'react'
import { uptime } from '../../../shared/amounts'

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => { for (const it of listeners) it() }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size || timer === undefined) return
    clearInterval(timer)
    timer = undefined
  }
}

/** @param since milliseconds since 1970 */
export function Uptime({ since }: { since: number }) {
  return useSyncExternalStore(subscribe, () => uptime(Date.now() - since))
}
