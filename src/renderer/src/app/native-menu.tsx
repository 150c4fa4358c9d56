/** Puts the actions into the desktop window's own menus, and does what is chosen there. */
import { useSubscription } from '@trpc/tanstack-react-query'
import { useEffect } from 'react'
import { useLocation } from 'wouter'
import type { MenuEntry } from '../../../shared/menu'
import { useInstanceActions } from '../instances/actions'
import { useListState } from '../instances/list-state'
import { isPageOf } from '../instances/page-of'
import { useShownInstances } from '../instances/use-shown'
import { useAppActions } from './actions'
import { hasDialog } from './covered'
import { rowKeys } from './keys'
import { useApp } from './live'
import { useTRPC, useTRPCClient } from './trpc'

export const NativeMenu = () => (useApp().desktop ? <Menu /> : null)

type Runnable = MenuEntry & { readonly run?: () => void }

function Menu() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const entries = [...useAppEntries(), ...useInstanceEntries()]
  const shown = JSON.stringify(entries) // without `run`
  useEffect(() => {
    const set = (its: MenuEntry[]): void => void client.app.setMenu.mutate(its).catch(() => undefined) // closing
    set(JSON.parse(shown) as MenuEntry[])
  }, [client, shown])
  useEffect(() => () => void client.app.setMenu.mutate([]).catch(() => undefined), [client])
  useSubscription(
    trpc.app.watchMenu.subscriptionOptions(undefined, {
      onData: id => {
        if (!hasDialog()) entries.find(it => it.id === id && it.enabled)?.run?.()
      },
    }),
  )
  return null
}

const useAppEntries = (): Runnable[] =>
  useAppActions().map(({ id, label, menu, keys, disabled, run }) => ({
    id,
    label,
    menu,
    key: keys?.join('+'),
    enabled: disabled !== true,
    run,
  }))

/** For the instance whose page is open, or the only one that is selected in the list. */
function useInstanceEntries(): Runnable[] {
  const [location] = useLocation()
  const { selection } = useListState()
  const shown = useShownInstances()
  const actionsOf = useInstanceActions()
  const chosen = shown.filter(({ instance: { name } }) =>
    location === '/instances' ? selection.names.has(name) : isPageOf(location, name),
  )
  const [one] = chosen
  if (!one || chosen.length > 1)
    return [{ menu: 'Instance', id: 'none', label: 'Select one instance in the list first', enabled: false }]
  const keyOf = (id: string): string | undefined =>
    location === '/instances' ? rowKeys.find(it => (it.actions as readonly string[]).includes(id))?.key : undefined
  return actionsOf(one).map(({ id, named, run }) => ({
    menu: 'Instance',
    id: `instance-${id}`,
    label: named,
    key: keyOf(id)?.toUpperCase(),
    enabled: true,
    run,
  }))
}
