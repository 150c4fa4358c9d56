import { expect, it } from 'vitest'
import { steady } from '../../../src/main/instances/usage'

it('is in whole units, and news only when it is clearly another', () => {
  expect(steady(3.4, undefined, 1)).toBe(3)
  expect(steady(3.74, 3, 1)).toBe(3)
  expect(steady(2.26, 3, 1)).toBe(3)
  expect(steady(3.8, 3, 1)).toBe(4)
  expect(steady(0.2, 1, 1)).toBe(0) // what rests comes to rest
  expect(steady(87.3 * 2 ** 20, 80 * 2 ** 20, 2 ** 20)).toBe(87 * 2 ** 20)
})

it('of what wobbles around a half, nothing', () => {
  const told = [0.45, 0.55, 0.48, 0.6, 0.4].reduce<number[]>((all, it) => [...all, steady(it, all.at(-1), 1)], [])
  expect(new Set(told)).toEqual(new Set([0]))
})
