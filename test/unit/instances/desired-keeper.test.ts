import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DesiredKeeper, settling } from '../../../src/main/instances/desired-keeper'
import type { Gathered } from '../../../src/main/instances/gather'
import type { ProcessInfo, ProcessStatus } from '../../../src/main/processes/client'

let desired: string[]
let busy: Set<string>
let closing: AbortController
let keeper: DesiredKeeper
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  desired = ['a']
  busy = new Set()
  closing = new AbortController()
  keeper = new DesiredKeeper({
    desired: {
      add: name => Promise.resolve(void desired.push(name)),
      remove: name => Promise.resolve(void (desired = desired.filter(it => it !== name))),
    },
    busy: () => busy,
    signal: closing.signal,
  })
})
afterEach(() => vi.useRealTimers())

const look = (
  name: string,
  status: ProcessStatus | undefined,
  restarts = 0,
  more: Partial<Gathered> = {},
): Gathered => ({
  instances: [
    {
      config: { name } as never,
      process: status && ({ name, status, restarts } satisfies Partial<ProcessInfo> as never),
    },
  ],
  broken: [],
  foreign: new Map(),
  desired: [...desired],
  ...more,
})
const observe = (found: Gathered, current = true): Promise<boolean> => keeper.observe(found, () => current)
const passes = (ms = settling): void => void vi.advanceTimersByTime(ms)

describe('DesiredKeeper', () => {
  it('what is online should run', async () => {
    expect(await observe(look('b', 'online'))).toBe(false)
    expect(desired).toEqual(['a', 'b'])
    await observe(look('b', 'online'))
    expect(desired).toEqual(['a', 'b'])
  })

  it('what stays stopped should not, and not what is between a crash and its restart', async () => {
    expect(await observe(look('a', 'stopped', 1))).toBe(true)
    passes()
    expect(await observe(look('a', 'stopped', 2))).toBe(true) // restarted meanwhile
    passes(settling - 1)
    expect(await observe(look('a', 'stopped', 2))).toBe(true)
    expect(desired).toEqual(['a'])
    passes(1)
    expect(await observe(look('a', 'stopped', 2))).toBe(false)
    expect(desired).toEqual([])
  })

  it('nor what was online in between', async () => {
    await observe(look('a', 'stopped'))
    passes()
    await observe(look('a', 'online'))
    await observe(look('a', 'stopped'))
    expect(desired).toEqual(['a'])
  })

  it.each([undefined, 'errored', 'stopping', 'launching', 'waiting restart'] as const)(
    'one that PM2 calls %s should run as before',
    async status => {
      for (let looks = 0; looks < 3; looks++, passes()) await observe(look('a', status))
      expect(desired).toEqual(['a'])
    },
  )

  it('what an open operation owns is the operation’s', async () => {
    busy.add('a').add('b')
    for (let looks = 0; looks < 3; looks++, passes()) {
      await observe(look('A', 'online'))
      await observe(look('b', 'online'))
    }
    for (let looks = 0; looks < 3; looks++, passes()) await observe(look('a', 'stopped'))
    expect(desired).toEqual(['a'])
  })

  it('nothing follows from an old look, of a copy, without PM2, or after the end', async () => {
    await observe(look('b', 'online'), false)
    await observe(look('b', 'online', 0, { foreign: new Map([['b', '/elsewhere']]) }))
    await observe(look('b', 'online', 0, { processProblem: { code: 'pm2-died', message: '' } }))
    await observe(look('a', 'stopped'))
    passes()
    await observe(look('a', 'stopped'), false)
    closing.abort()
    await observe(look('a', 'stopped'))
    await observe(look('b', 'online'))
    expect(desired).toEqual(['a'])
  })
})
