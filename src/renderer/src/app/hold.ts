/** Lets a form keep the dialog around it open. */
import { createContext, useContext, useLayoutEffect } from 'react'

/** `busy`: only this dialog shows the result of what is being done. `typed`: what was typed would be lost. */
export type Hold = 'busy' | 'typed'

export const HoldContext = createContext<(hold: Hold | undefined) => void>(() => undefined)

/**
 * While `busy`, Esc, a click outside and × don't close the dialog; with `typed`, they ask first. In force before the
 * next key press.
 */
export function useHold(hold: Hold | false): void {
  const set = useContext(HoldContext)
  useLayoutEffect(() => {
    set(hold || undefined)
    return () => set(undefined)
  }, [set, hold])
}
