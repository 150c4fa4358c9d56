import { expect, it } from 'vitest'
import { UsageHistory } from '../../../src/main/instances/usage-history'
import { measureEvery, usageRemembered } from '../../../src/shared/usage'

const usage = (cpu: number) => new Map([['alpha', { cpu, memory: cpu * 10 }]])

it('is an hour long, and handed out from a moment on', () => {
  const history = new UsageHistory()
  for (let at = 0; at <= 2 * usageRemembered; at += measureEvery) history.record(usage(at / measureEvery), at)
  const all = history.since('alpha', 0)
  expect(all).toHaveLength(usageRemembered / measureEvery)
  expect(all.at(-1)).toEqual({ at: 2 * usageRemembered, cpu: 1440, memory: 14_400 })
  expect(history.since('alpha', 2 * usageRemembered - measureEvery)).toHaveLength(1)
  expect(history.since('nobody', 0)).toEqual([])
  history.record(new Map(), 4 * usageRemembered)
  expect(history.since('alpha', 0)).toEqual([])
})

it('of the current run alone, if it was interrupted', () => {
  const history = new UsageHistory()
  for (const [cpu, at] of [
    [1, 0],
    [2, 5000],
    [3, 60_000],
    [4, 65_000],
  ] as const)
    history.record(usage(cpu), at)
  expect(history.recent(60, 66_000)).toEqual([{ name: 'alpha', cpu: [3, 4], memory: [30, 40] }])
  expect(history.recent(1, 66_000)).toEqual([{ name: 'alpha', cpu: [4], memory: [40] }])
  expect(history.recent(60, 120_000)).toEqual([]) // it isn't running any more
})
