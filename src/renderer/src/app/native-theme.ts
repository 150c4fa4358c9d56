/** Makes the desktop windows' own parts, such as menus and dialogs, light or dark as the pages are. */
import { useMantineColorScheme } from '@mantine/core'
import { useEffect } from 'react'
import { useApp } from './live'
import { useTRPCClient } from './trpc'

export function useNativeTheme(): void {
  const { desktop } = useApp()
  const client = useTRPCClient()
  const { colorScheme } = useMantineColorScheme()
  useEffect(() => {
    if (!desktop) return
    void client.app.setTheme.mutate(colorScheme === 'auto' ? 'system' : colorScheme).catch(() => undefined) // closing
  }, [desktop, client, colorScheme])
}
