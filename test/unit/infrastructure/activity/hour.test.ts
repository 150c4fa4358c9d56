/** The last hour, a sample a minute, and what it says about growth and hits. */
import { describe, expect, it } from 'vitest'
import { Hour, type Sample, type Totals } from '../../../../src/main/infrastructure/activity/hour'
import { rememberedMinutes } from '../../../../src/shared/database-activity'

const start = Date.UTC(2026, 0, 1)
const minute = 60_000
const sample = (changes: Partial<Sample> = {}): Sample => ({
  connections: 0,
  transactions: 0,
  hits: 0,
  reads: 0,
  deadlocks: 0,
  ...changes,
})
const totals = (changes: Partial<Totals> = {}): Totals => ({ ...sample(), waiting: 0, longestWait: 0, ...changes })
const only = (changes: Partial<Sample>): Map<string, Sample> => new Map([['a', sample(changes)]])

describe('a minute', () => {
  it('keeps the most of what is looked at several times', () => {
    const hour = new Hour()
    hour.add(start, totals({ connections: 3, waiting: 9, longestWait: 800 }), only({ connections: 3 }))
    hour.add(start + 5000, totals({ connections: 7, waiting: 1, longestWait: 20 }), only({ connections: 7 }))
    hour.add(start + 10_000, totals({ connections: 2 }), only({ connections: 2 }))
    expect(hour.history).toMatchObject({ connections: [7], waiting: [9], longestWait: [800] })
    expect(hour.connectionsOf('a')).toEqual([7])
  })

  it('is forgotten after an hour, and memory doesn’t grow', () => {
    const hour = new Hour()
    for (let it = 0; it < 500; it++) hour.add(start + it * minute, totals({ connections: it }), new Map())
    expect(hour.history.connections).toHaveLength(rememberedMinutes)
    expect(hour.history.connections.at(0)).toBe(500 - rememberedMinutes)
    hour.add(start + 600 * minute, totals(), new Map())
    expect(hour.history.connections).toEqual([0])
  })

  it('a clock that is set back begins anew', () => {
    const hour = new Hour()
    hour.add(start, totals({ connections: 1 }), new Map())
    hour.add(start - 60 * minute, totals({ connections: 2 }), new Map())
    expect(hour.history.connections).toEqual([2])
  })
})

describe('what was counted', () => {
  it('transactions a second, over minutes that weren’t looked at too', () => {
    const hour = new Hour()
    hour.add(start, totals({ transactions: 1000 }), new Map())
    hour.add(start + minute, totals({ transactions: 1600 }), new Map())
    hour.add(start + 3 * minute, totals({ transactions: 4000 }), new Map())
    expect(hour.history.transactionsPerSecond).toEqual([10, 20])
  })

  it('hits, deadlocks and growth of one database', () => {
    const hour = new Hour()
    hour.add(start, totals(), only({ hits: 100, reads: 100, deadlocks: 5, size: 10_000 }))
    hour.add(start + minute, totals(), only({ hits: 190, reads: 110, deadlocks: 7, size: 8000 }))
    expect(hour.changeOf('a')).toEqual({ cacheHits: 0.9, deadlocks: 2, growth: -2000 })
  })

  it('counters that were reset aren’t counted', () => {
    const hour = new Hour()
    hour.add(start, totals(), only({ hits: 1000, reads: 1000, transactions: 50 }))
    hour.add(start + minute, totals(), only({ hits: 3, reads: 4, transactions: 1 }))
    hour.add(start + 2 * minute, totals(), only({ hits: 13, reads: 4, transactions: 2 }))
    expect(hour.changeOf('a')).toEqual({ cacheHits: 1, deadlocks: 0 })
    expect(hour.changeOf('unknown')).toEqual({ deadlocks: 0 })
  })
})
