import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mapLimited } from '../../../src/main/system/map-limited'

it('has as many under way as the limit allows, never more, and keeps the order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 8 }),
      async (items, limit) => {
        let [running, most] = [0, 0]
        const results = await mapLimited(items, limit, async pauses => {
          most = Math.max(most, ++running)
          for (let left = pauses; left > 0; left--) await turn()
          running--
          return pauses * 2
        })
        expect(results).toEqual(items.map(it => it * 2))
        expect(most).toBe(Math.min(limit, items.length))
      },
    ),
  )
})

it('after a failure begins nothing more, and rejects once what is under way has ended', async () => {
  const log: string[] = []
  const failing = mapLimited(['slow', 'bad', 'never'], 2, async it => {
    log.push(`${it} begins`)
    if (it === 'bad') throw new Error('bad')
    for (let left = 5; left > 0; left--) await turn()
    log.push(`${it} ends`)
  })
  await expect(failing).rejects.toThrow('bad')
  expect(log).toEqual(['slow begins', 'bad begins', 'slow ends'])
})
