import { describe, expect, it } from 'vitest'
import { Crashes } from '../../../src/main/instances/crashes'

const minute = 60_000
const start = 1_000 * minute

/** Looks of one instance: minutes since the start, restarts, and how long its process has been running. */
function seen(...looks: readonly { at: number; restarts: number; id?: number; up?: number }[]): Crashes {
  const crashes = new Crashes()
  for (const { at, restarts, id = 0, up = 10 } of looks) {
    const now = start + at * minute
    crashes.observe(new Map([['a', { id, restarts, startedAt: now - up * minute }]]), now)
  }
  return crashes
}
const of = (crashes: Crashes, at: number): number => crashes.of('a', start + at * minute)

describe('crashes', () => {
  it('count in the last five minutes', () => {
    const its = seen({ at: 0, restarts: 4 }, { at: 1, restarts: 5 }, { at: 3, restarts: 8 }, { at: 4, restarts: 8 })
    expect([4, 5.9, 6, 7.9, 8].map(it => of(its, it))).toEqual([4, 4, 3, 3, 0])
  })

  it('before the first look count only if the process has just been started again', () => {
    expect(of(seen({ at: 0, restarts: 7, up: 2 }), 0)).toBe(0)
    const its = seen({ at: 0, restarts: 7, up: 0.5 }, { at: 1, restarts: 8 })
    expect([1, 5, 6].map(it => of(its, it))).toEqual([8, 1, 0])
  })

  it('of another process are another’s', () => {
    expect(of(seen({ at: 0, restarts: 0 }, { at: 1, restarts: 6 }, { at: 2, restarts: 0, id: 1 }), 2)).toBe(0)
    expect(of(seen({ at: 0, restarts: 6 }, { at: 1, restarts: 0, up: 0 }), 1)).toBe(0) // “pm2 reset”
  })

  it('of an instance that isn’t listed are none', () => {
    const its = seen({ at: 0, restarts: 9, up: 0 })
    its.observe(new Map(), start)
    expect([its.of('a', start), its.of('b', start)]).toEqual([0, 0])
  })
})
