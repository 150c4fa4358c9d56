import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { nextAfter, Schedule, type ScheduledWork, type ScheduleState } from '../../../src/main/system/schedule'
import { patternOf } from '../../../src/shared/maintenance'
import { problem } from '../../../src/shared/problem'

const everySecond = '* * * * * *'
const quick = { settle: 0, retry: 20 }
const ends: (() => Promise<void>)[] = []
afterEach(() => Promise.all(ends.splice(0).map(it => it())))

/** Work that only counts, and a schedule that runs it until the test has ended. */
function scheduled(given: Partial<ScheduledWork> & { begun?: Date }, times = quick) {
  const runs: Date[] = []
  const world = { pattern: everySecond as string | undefined, begun: given.begun }
  const schedule = new Schedule(
    {
      pattern: () => Promise.resolve(world.pattern),
      since: () => Promise.resolve(world.begun),
      run: () => {
        world.begun = new Date()
        runs.push(world.begun)
        return Promise.resolve()
      },
      ...given,
    },
    times,
  )
  const ending = new AbortController()
  const shown: ScheduleState[] = []
  const working = [
    schedule.run(ending.signal),
    (async () => {
      for await (const it of schedule.watch(ending.signal)) shown.push(it)
    })(),
  ]
  ends.push(async () => {
    ending.abort()
    await Promise.all(working)
  })
  return { schedule, runs, shown, world }
}
const until = async (met: () => boolean): Promise<void> => {
  while (!met()) await delay(5)
}
const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000)

it('runs at each moment of its pattern', async () => {
  const { runs } = scheduled({ begun: new Date() })
  await until(() => runs.length === 3)
  const seconds = runs.map(it => Math.floor(it.getTime() / 1000))
  expect(new Set(seconds).size).toBe(3)
})

it('a missed run is made up once, after the machine has settled', async () => {
  const { runs, shown, world } = scheduled({ begun: hoursAgo(24 * 30) }, { settle: 200, retry: 20 })
  world.pattern = '0 * * * *'
  await until(() => shown.some(it => it.next && it.next.getTime() < Date.now()))
  expect(runs).toEqual([])
  await until(() => runs.length > 0)
  await until(() => (shown.at(-1)?.next?.getTime() ?? 0) > Date.now())
  await delay(100)
  expect(runs).toHaveLength(1)
})

it('work that can’t begin is shown with its reason, and tried again', async () => {
  let tries = 0
  const { shown, world } = scheduled({
    begun: hoursAgo(3),
    run: () => {
      if (++tries < 3) return Promise.reject(problem({ code: 'busy', message: 'Not now.' }))
      world.begun = new Date()
      return Promise.resolve()
    },
  })
  world.pattern = '0 * * * *'
  await until(() => shown.some(it => it.problem?.code === 'busy'))
  await until(() => tries === 3)
  await until(() => shown.at(-1)?.problem === undefined)
  expect(shown.at(-1)?.next?.getTime()).toBeGreaterThan(Date.now())
})

it('changing the pattern makes up no run, and no pattern means never', async () => {
  const { schedule, runs, shown, world } = scheduled({ begun: hoursAgo(24 * 30) }, { settle: 100, retry: 10_000 })
  world.pattern = undefined
  schedule.look()
  await until(() => shown.at(-1)?.next === undefined)
  world.pattern = '0 * * * *'
  schedule.changed()
  await until(() => (shown.at(-1)?.next?.getTime() ?? 0) > Date.now())
  await delay(200)
  expect(runs).toEqual([])
})

it('without anything to do yet, nothing is due', async () => {
  const { runs, shown } = scheduled({})
  await delay(1100)
  expect(runs).toEqual([])
  expect(shown.at(-1)).toEqual({})
})

it('the settings of maintenance are a pattern in local time', () => {
  const from = new Date(2026, 10, 26, 12) // a Thursday
  const next = (day: Parameters<typeof patternOf>[0]['day'], hour: number) => {
    const pattern = patternOf({ day, hour })
    return pattern && nextAfter(pattern, from)
  }
  expect(next('sunday', 3)).toEqual(new Date(2026, 10, 29, 3))
  expect(next('thursday', 11)).toEqual(new Date(2026, 11, 3, 11))
  expect(next('thursday', 13)).toEqual(new Date(2026, 10, 26, 13))
  expect(next('daily', 0)).toEqual(new Date(2026, 10, 27, 0))
  expect(next('never', 3)).toBeUndefined()
})
