import { expect, it } from 'vitest'
import {
  byMinute,
  lastOf,
  nearest,
  pathsOf,
  ticksOf,
  type Point,
  type Series,
} from '../../../src/renderer/src/charts/scale'

const series = (points: readonly Point[], least = 10): Series => ({
  word: 'CPU',
  points,
  gap: 15,
  least,
  show: value => `${value} %`,
})
const range = { from: 100, until: 200 }
const points = [
  { at: 90, value: 99 },
  { at: 100, value: 0 },
  { at: 110, value: 20 },
  { at: 150, value: 5 },
  { at: 200, value: 10 },
]

it('a line is in percent of the plot, and interrupted where nothing was measured', () => {
  expect(pathsOf(series(points), range)).toEqual(['M0 100L10 79.8', 'M50 94.95', 'M100 89.9'])
  expect(pathsOf(series([{ at: 100, value: 1 }]), range)).toEqual(['M0 90']) // noise near zero stays flat
  expect(pathsOf(series([]), range)).toEqual([])
})

it('the value under the cursor is the nearest that was measured, if there is one around', () => {
  const its = series(points)
  expect([104, 106, 160, 1000, 0].map(at => nearest(its, at)?.value)).toEqual([0, 20, 5, undefined, undefined])
  expect(nearest(its, 130)).toBeUndefined()
})

it('as a table, each minute has its mean', () => {
  expect(byMinute([60_000, 65_000, 120_000].map(at => ({ at, value: at / 1000 })))).toEqual([
    { at: 60_000, value: 62.5 },
    { at: 120_000, value: 120 },
  ])
})

it('a short history fills the chart, but is not stretched beyond a sixth of it', () => {
  const known = (at: number) => lastOf(600, series([{ at, value: 1 }]), 1000)
  expect([known(100), known(700), known(999), lastOf(600, series([]), 1000)].map(it => it.from)).toEqual([
    400, 700, 900, 900,
  ])
})

it('the axis names evenly spread times', () => {
  expect(ticksOf(range, 3)).toEqual([100, 150, 200])
})
