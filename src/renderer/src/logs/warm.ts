/** What a log needs before its first line is drawn, made ready while one may still choose to open it. */
import { useEffect } from 'react'
import { useTRPCClient } from '../app/trpc'
import { terminalFont } from '../operations/terminal'

export function useWarmLogs(): void {
  const { logs } = useTRPCClient()
  useEffect(() => {
    logs.warm.query().catch(() => undefined) // whoever opens one hears of it
    void document.fonts.load(`12px ${terminalFont}`)
  }, [logs])
}
