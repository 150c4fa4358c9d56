/** Prepares what a log view needs before it is opened, so that its first line appears sooner. */
import { useEffect } from 'react'
import { useTRPCClient } from '../app/trpc'
import { terminalFont } from '../operations/terminal-theme'

export function useWarmLogs(): void {
  const { logs } = useTRPCClient()
  useEffect(() => {
    logs.warm.query().catch(() => undefined) // opening a log will report it
    void document.fonts.load(`12px ${terminalFont}`)
  }, [logs])
}
