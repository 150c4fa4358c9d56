/**
 * The page's open shells, one an instance: they outlast a look at another screen, and end with the instance or the
 * workspace.
 */
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'
import { useInstances } from '../app/live'
import type { ShellSession } from './session'

type Shells = Map<string, ShellSession>

const ShellsContext = createContext<Shells | undefined>(undefined)

export function ShellsProvider({ children }: { children: ReactNode }) {
  const [shells] = useState<Shells>(() => new Map())
  useEffect(
    () => () => {
      for (const it of shells.values()) it.close()
      shells.clear()
    },
    [shells],
  )
  const { data } = useInstances()
  useEffect(() => {
    if (!data) return
    const names = new Set([...data.instances.map(it => it.name), ...data.broken.map(it => it.folder)])
    for (const [name, it] of shells) {
      if (names.has(name)) continue
      it.close()
      shells.delete(name)
    }
  }, [data, shells])
  return <ShellsContext value={shells}>{children}</ShellsContext>
}

export function useShells(): Shells {
  const shells = useContext(ShellsContext)
  if (!shells) throw new Error('useShells needs a ShellsProvider')
  return shells
}
