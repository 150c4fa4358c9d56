/** The list's keyboard shortcuts, as `app/keys.ts` lists them. Disabled under dialogs and menus. */
import { useEffect, useEffectEvent, type RefObject } from 'react'
import { isCovered } from '../app/covered'
import { findKey, isTyping, rowKeys } from '../app/keys'

interface ListKeys {
  readonly search: RefObject<HTMLInputElement | null>
  readonly onSelectAll: () => void
  /** @param searching the search field has the focus */
  readonly onEscape: (searching: boolean) => void
  /** @param actions ids of actions; the first possible one is to be run */
  readonly onAction: (name: string, actions: readonly string[]) => void
}

export function useListKeys({ search, onSelectAll, onEscape, onAction }: ListKeys): void {
  const handle = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || isCovered(event)) return
    const { key, target, ctrlKey, metaKey, altKey, repeat } = event
    if (key === 'Escape') return onEscape(target === search.current)
    if (isTyping(target) || altKey) return
    if (ctrlKey || metaKey) {
      if (key.toLowerCase() !== 'a') return
      event.preventDefault()
      return onSelectAll()
    }
    if (key === findKey) {
      event.preventDefault()
      return search.current?.focus()
    }
    const name = pointedAt()
    const found = rowKeys.find(it => it.key === key.toLowerCase())
    if (found && name !== undefined && !repeat) onAction(name, found.actions)
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => handle(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}

/** The instance whose row or card has the focus, or else is under the mouse. */
function pointedAt(): string | undefined {
  const focused = document.activeElement?.closest<HTMLElement>('[data-instance]')
  return (focused ?? document.querySelector<HTMLElement>('[data-instance]:hover'))?.dataset['instance']
}
