/** Whether a row would look the same. The whole list is pushed when anything changes, but few rows change. */
import type { ShownInstance } from './arrange'

export function sameShown(a: ShownInstance, b: ShownInstance): boolean {
  return same(a.instance, b.instance) && same(a.status, b.status)
}

function same<T extends object>(a: T, b: T): boolean {
  if (a === b) return true
  const keys = Object.keys(a) as (keyof T)[]
  return (
    keys.length === Object.keys(b).length &&
    keys.every(key => {
      const [one, other] = [a[key], b[key]]
      return one === other || (isObject(one) && isObject(other) && same(one, other))
    })
  )
}

const isObject = (it: unknown): it is object => typeof it === 'object' && it !== null
