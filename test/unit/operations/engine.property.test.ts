/**
 * The engine against a simulated world and real journals: whatever is done to it at whatever point (crash, torn write,
 * full disk, failure, cancel, closing, again during the recovery), the world ends *before* or *after*, never between.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { actions, interceptJournals, simulate, type Action } from './simulation'

beforeEach(interceptJournals)
afterEach(() => {
  vi.restoreAllMocks()
})

describe('the engine leaves the world before or after', () => {
  const shapes = [
    { parts: [2, 1, 2], pivot: undefined },
    { parts: [1, 2, 1], pivot: 1 },
    { parts: [1, 2], pivot: 0 },
    { parts: [1, 2, 1, 1], pivot: undefined, atOnce: 2 },
    { parts: [1, 1, 2, 1], pivot: undefined, atOnce: 3 },
  ]
  const cases = shapes.flatMap(shape => (['resume', 'roll-back'] as const).map(recovery => ({ ...shape, recovery })))

  it.each(cases)(
    'with each action at every point, alone and with a failure and a crash after it (%o)',
    async shape => {
      const base = { ...shape, deaf: false, gives: false }
      const { points } = await simulate({ ...base, script: new Map() })
      expect(points).toBeGreaterThan(10)
      for (let at = 0; at < points; at++)
        for (const action of actions) {
          const scripts = [
            [[at, action]],
            [
              [at, action],
              [at + 1, 'fail'],
              [at + 2, 'crash'],
            ],
          ] as const
          for (const script of scripts)
            expect({ script, ...(await simulate({ ...base, script: new Map<number, Action>(script) })) }).toMatchObject(
              { broken: [] },
            )
        }
    },
    60_000,
  ) // on a busy machine

  it('with many actions at random points of random operations', async () => {
    const scenarios = fc.record({
      parts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
      pivotAt: fc.option(fc.nat(4), { nil: undefined }),
      abreast: fc.constantFrom(undefined, 2, 3),
      recovery: fc.constantFrom('resume' as const, 'roll-back' as const),
      deaf: fc.boolean(),
      gives: fc.boolean(),
      script: fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...actions)), { maxLength: 8 }).map(it => new Map(it)),
    })
    await fc.assert(
      fc.asyncProperty(scenarios, async ({ pivotAt, abreast, ...rest }) => {
        const { broken } = await simulate({
          ...rest,
          ...(pivotAt === undefined ? { pivot: undefined, atOnce: abreast } : { pivot: pivotAt % rest.parts.length }),
        })
        expect(broken).toEqual([])
      }),
      {
        numRuns: Number(process.env['PROPERTY_RUNS'] ?? 500),
        // Found once: the app ended right after a cancel, which was then forgotten.
        examples: [
          [
            {
              parts: [1, 1],
              pivotAt: undefined,
              abreast: undefined,
              recovery: 'resume',
              deaf: true,
              gives: false,
              script: new Map<number, Action>([
                [6, 'cancel'],
                [7, 'close'],
              ]),
            },
          ],
          // Found once: a crash while the step beside still wrote. A dead process's write must not come later.
          [
            {
              parts: [3, 2, 1, 1, 1],
              pivotAt: undefined,
              abreast: 2,
              recovery: 'roll-back',
              deaf: false,
              gives: false,
              script: new Map<number, Action>([
                [21, 'crash-late'],
                [22, 'crash'],
              ]),
            },
          ],
        ],
      },
    )
  }, 60_000)
})
