/**
 * The address of a screen: a path and, after a question mark, the screen's state, e.g. `#/instances?filter=errored`. All
 * of it lies behind the #, so it works under any scheme. (Wouter's own hook moves the state in front of the #, where it
 * would stay behind on every other screen.)
 */
import { useSyncExternalStore } from 'react'
import type { BaseLocationHook } from 'wouter'
import { hasToken } from './page-session'

const followers = new Set<() => void>()
const changed = (): void => {
  for (const it of followers) it()
}
addEventListener('hashchange', changed) // a link, back, forward

const follow = (follower: () => void): (() => void) => {
  followers.add(follower)
  return () => followers.delete(follower)
}

let shown = location.hash
/** A sign-in link in this tab is no screen: what is shown stays until the page is loaded anew with it (main.tsx). */
function parts(): readonly string[] {
  if (!hasToken()) shown = location.hash
  return /^#?\/?([^?]*)\??(.*)$/s.exec(shown) ?? []
}
const path = (): string => `/${parts()[1] ?? ''}`
const state = (): string => parts()[2] ?? ''

/** @param to with or without state */
function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  try {
    history[replace ? 'replaceState' : 'pushState'](null, '', `#${to}`)
  } catch {
    return // the browser takes no more for now: it counts them
  }
  changed()
}

export const useAddress: BaseLocationHook = () => [useSyncExternalStore(follow, path), navigate]
useAddress.hrefs = href => `#${href}`

/** The state, for URLSearchParams. */
export const useAddressState = (): string => useSyncExternalStore(follow, state)
