/**
 * Whether a row would look the same: the list is pushed anew when anything of it has changed, and few of its rows have.
 */
import type { ShownInstance } from './arrange'

export function sameShown(a: ShownInstance, b: ShownInstance): boolean {
  return same(a.instance, b.instance) && same(a.status, b.status)
}

/** Flat objects of plain values. */
function same<T extends object>(a: T, b: T): boolean {
  if (a === b) return true
  const keys = Object.keys(a) as (keyof T)[]
  return keys.length === Object.keys(b).length && keys.every(key => a[key] === b[key])
}
