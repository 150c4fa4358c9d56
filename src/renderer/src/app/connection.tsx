/** Whether the line to the main process is up. A lost line is said calmly; it comes back by itself. */
import { Loader } from '@mantine/core'
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react'
import type { Connection } from './trpc'
import classes from './connection.module.css'

const LostContext = createContext(false)

/** True while the line is down. */
export const useConnectionLost = (): boolean => useContext(LostContext)

export function ConnectionState({ socket, children }: { socket: Connection['socket']; children: ReactNode }) {
  const lost = useSyncExternalStore(
    notify => {
      const subscription = socket.connectionState.subscribe({ next: notify })
      return () => subscription.unsubscribe()
    },
    () => { const state = socket.connectionState.get(); return state.state === 'connecting' && state.error !== null },
  )
  return <LostContext value={lost}>{children}</LostContext>
}

/** A hiccup shorter than this is not worth a word. */
const patience = 600

export function ConnectionBanner() {
  const lost = useConnectionLost()
  const [shown, setShown] = useState(false)
  useEffect(() => {
    if (!lost) { setShown(false); return }
    const timer = setTimeout(() => setShown(true), patience)
    return () => clearTimeout(timer)
  }, [lost])
  return (
    <div role="status" className={classes.banner} data-shown={shown || undefined}>
      {shown && <><Loader size={14} />Connection lost. Reconnecting… Your instances and running jobs are not affected.</>}
    </div>
  )
}
