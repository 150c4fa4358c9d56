/** The list's keyboard shortcuts: `/` searches, Ctrl+A selects all, Esc clears. Disabled under dialogs and menus. */
import { useEffect, useEffectEvent, type RefObject } from 'react'
import { isCovered } from '../app/covered'

interface ListKeys {
  readonly search: RefObject<HTMLInputElement | null>
  readonly onSelectAll: () => void
  /** @param searching the search field has the focus */
  readonly onEscape: (searching: boolean) => void
}

export function useListKeys({ search, onSelectAll, onEscape }: ListKeys): void {
  const handle = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || isCovered(event)) return
    const typing =
      event.target instanceof HTMLElement &&
      event.target.matches('input:not([type="checkbox"], [type="radio"]), textarea')
    if (event.key === 'Escape') onEscape(event.target === search.current)
    else if (!typing && event.key === '/') {
      event.preventDefault()
      search.current?.focus()
    } else if (!typing && event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      onSelectAll()
    }
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => handle(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}
