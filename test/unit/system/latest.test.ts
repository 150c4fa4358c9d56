import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Latest } from '../../../src/main/system/latest'

describe('Latest', () => {
  it('gives the present value, then newer ones; a slow follower skips what was overtaken', async () => {
    const latest = new Latest(1)
    const follower = latest.follow(new AbortController().signal)
    expect((await follower.next()).value).toBe(1)
    latest.set(2)
    latest.set(3)
    expect((await follower.next()).value).toBe(3)
    const next = follower.next()
    latest.set(4)
    expect((await next).value).toBe(4)
    await follower.return()
  })

  it('ends when the signal is aborted, waiting or not', async () => {
    const stop = new AbortController()
    const latest = new Latest(1)
    const [waiting, idle] = [latest.follow(stop.signal), latest.follow(stop.signal)]
    await waiting.next()
    const next = waiting.next()
    stop.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(await idle.next()).toEqual({ done: true, value: undefined })
    expect((await latest.follow(stop.signal).next()).done).toBe(true)
  })

  it('shows every follower the last value, whatever the timing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 12 }), async moves => {
        const latest = new Latest(-1)
        const last = moves.length - 1
        const followers = [0, 1, 2].map(async pace => {
          const seen: number[] = []
          for await (const value of latest.follow(new AbortController().signal)) {
            seen.push(value)
            if (value === last) return seen
            for (let wait = 0; wait < pace; wait++) await turn()
          }
          return seen
        })
        for (const [index, [before, after]] of moves.entries()) {
          for (let wait = 0; wait < before; wait++) await turn()
          latest.set(index)
          for (let wait = 0; wait < after; wait++) await Promise.resolve()
        }
        for (const seen of await Promise.all(followers)) {
          expect(seen).toEqual(seen.toSorted((a, b) => a - b))
          expect(new Set(seen).size).toBe(seen.length)
        }
      }),
      { numRuns: 100 },
    )
  })
})
