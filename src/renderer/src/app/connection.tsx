/** Shows when the connection to the main process is lost. It reconnects automatically. */
import { Loader } from '@mantine/core'
import { createContext, useContext, useSyncExternalStore, type ReactNode } from 'react'
import type { Connection } from './trpc'
import classes from './connection.module.css'

/** True while disconnected. */
const LostContext = createContext(false)

export function ConnectionState({ socket, children }: { socket: Connection['socket']; children: ReactNode }) {
  const lost = useSyncExternalStore(
    notify => {
      const subscription = socket.connectionState.subscribe({ next: notify })
      return () => subscription.unsubscribe()
    },
    () => {
      const state = socket.connectionState.get()
      return state.state === 'connecting' && state.error !== null
    },
  )
  return <LostContext value={lost}>{children}</LostContext>
}

/** Appears after a delay (connection.module.css), so brief interruptions go unmentioned. */
export function ConnectionBanner() {
  const lost = useContext(LostContext)
  return (
    <div role="status" className={classes.banner} data-lost={lost || undefined}>
      {lost && (
        <>
          <Loader size={14} />
          Connection lost. Reconnecting… Your instances and running jobs are not affected.
        </>
      )}
    </div>
  )
}
