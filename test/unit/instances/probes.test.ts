/** When running instances are asked, and what counts. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Probes, type Running } from '../../../src/main/instances/probes'
import type { Problem } from '../../../src/shared/problem'

const bad: Problem = { code: 'no-http-answer', message: 'It doesn’t answer.' }
const now = new Date('2026-01-01T00:00:00Z').getTime()
const running = (name: string, more: Partial<Running> = {}): Running => ({
  name,
  pid: 1,
  cwd: '',
  port: 5000,
  execMode: 'fork',
  startedAt: now - 3_600_000,
  bootSeconds: 60,
  health: { path: '/' },
  ...more,
})

let asked: string[]
let wrong: Set<string>
let waiting: Set<number>
let stop: AbortController
beforeEach(() => {
  vi.useFakeTimers({ now, toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] })
  ;[asked, wrong, waiting, stop] = [[], new Set(), new Set(), new AbortController()]
})
afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

/** Probes of these, running. */
function probesOf(all: readonly Running[]): { probes: Probes; changed: () => number } {
  const ask = (kind: string) => (it: Running) => {
    asked.push(`${kind} ${it.name}`)
    return Promise.resolve(wrong.has(`${kind} ${it.name}`) ? bad : undefined)
  }
  const probes = new Probes({
    answer: ask('answer'),
    login: ask('login'),
    waiting: () => waiting,
  })
  let changes = 0
  probes.follow(all)
  probes.run(stop.signal, () => changes++)
  return { probes, changed: () => changes }
}
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)
const times = (what: string): number => asked.filter(it => it === what).length

it('a single look asks all at once, which Node doesn’t take for a leak', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const probes = new Probes({
    answer: async (_, signal) => {
      signal.addEventListener('abort', () => undefined)
      return Promise.resolve(undefined)
    },
    login: () => Promise.resolve(undefined),
    waiting: () => waiting,
  })
  probes.follow(Array.from({ length: 11 }, (_, index) => running(`i${index}`)))
  await probes.once(stop.signal)
  expect(warned).not.toHaveBeenCalled()
  warned.mockRestore()
})

it('a hundred are asked in a minute, never many at once, and few logins are tried', async () => {
  probesOf(Array.from({ length: 100 }, (_, index) => running(`i${index}`)))
  await pass(1)
  expect(asked.length).toBeLessThanOrEqual(4)
  await pass(65)
  expect(new Set(asked.filter(it => it.startsWith('answer'))).size).toBe(100)
  expect(asked.filter(it => it.startsWith('login')).length).toBeLessThan(30)
  asked = []
  await pass(600)
  expect(asked.filter(it => it.startsWith('answer')).length).toBeLessThan(1010)
})

it('what doesn’t answer is asked again soon, until it does', async () => {
  wrong.add('answer a')
  const { probes, changed } = probesOf([running('a')])
  await pass(1)
  expect([probes.of('a').answer, changed()]).toEqual([bad, 1])
  await pass(20)
  expect(times('answer a')).toBeGreaterThan(3)
  wrong.clear()
  await pass(6)
  expect([probes.of('a').answer, changed()]).toEqual([undefined, 2])
})

it('one failed login may be bad luck, two in a row are not', async () => {
  wrong.add('login a')
  const { probes } = probesOf([running('a', { startedAt: now })])
  await pass(1.5)
  expect([times('login a'), probes.of('a').login]).toEqual([1, undefined])
  await pass(3)
  expect([times('login a'), probes.of('a').login]).toEqual([2, bad])
})

it('a new process is asked at once, and nothing is known of it', async () => {
  wrong.add('answer a')
  const { probes } = probesOf([running('a')])
  await pass(1)
  wrong.clear()
  asked = []
  probes.follow([running('a', { pid: 2, startedAt: Date.now() })])
  expect(probes.of('a').answer).toBeUndefined()
  await pass(1.5)
  expect(asked.toSorted()).toEqual(['answer a', 'login a'])
  probes.follow([])
  asked = []
  await pass(60)
  expect(asked).toEqual([])
})

it('one that keeps clients waiting is asked within seconds', async () => {
  probesOf([running('a'), running('b', { port: 5001 })])
  await pass(2)
  asked = []
  waiting.add(5001)
  await pass(6)
  expect([times('answer b'), times('answer a')]).toEqual([1, 0])
})

it('logins are tried again when the database is back', async () => {
  const { probes } = probesOf([running('a', { startedAt: now })])
  await pass(2)
  expect(times('login a')).toBe(1)
  probes.loginsAgain()
  await pass(1)
  expect(times('login a')).toBe(2)
})

it('a single look asks only what isn’t known or was wrong', async () => {
  wrong.add('answer a')
  const { probes } = probesOf([running('a'), running('b')])
  await pass(2)
  stop.abort()
  asked = []
  await probes.once(new AbortController().signal)
  expect(asked).toEqual(['answer a'])
  await pass(40)
  asked = []
  await probes.once(new AbortController().signal)
  expect(asked.toSorted()).toEqual(['answer a', 'answer b'])
})
