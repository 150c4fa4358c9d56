import { expect, onTestFinished, test } from 'vitest'
import type { ServiceState } from '../../../src/shared/infrastructure'
import { Supervisor } from '../../../src/main/infrastructure/supervisor'
import type { Restarting } from '../../../src/main/infrastructure/transitions'
import { eventually } from '../../support/eventually'

test('one that was started by hand after failed attempts is forgotten: the next outage counts from 1, without the old reason', async () => {
  let state: ServiceState = 'stopped'
  let shown: Restarting | undefined
  const seen: unknown[] = []
  const infrastructure = {
    kind: () => Promise.resolve('podman' as const),
    found: () =>
      Promise.resolve({
        services: {
          postgres: { name: 'postgres' as const, state, port: 1 },
          pgbouncer: { name: 'pgbouncer' as const, state: 'absent' as const, port: 2 },
        },
        warnings: [],
      }),
    restart: () => Promise.reject(new Error('the port is taken')),
    showRestarting: (_service: string, now: Restarting | undefined) => {
      shown = now && { ...now }
      seen.push([now?.attempt, now?.problem !== undefined])
    },
    logTail: () => Promise.resolve(''),
  }
  const wishes = { wanted: ['postgres' as const], instances: [] }
  const supervisor = new Supervisor(
    {
      infrastructure,
      wanted: { read: () => Promise.resolve(wishes), set: () => Promise.resolve(), has: () => Promise.resolve(true) },
      busy: () => false,
      restored: () => Promise.resolve(),
      healthy: () => undefined,
      log: { info: () => undefined, problem: () => undefined },
    },
    { look: 1, calm: 1, pause: 1, longestPause: 1, lasting: 1 },
  )
  const end = new AbortController()
  const running = supervisor.run(end.signal)
  onTestFinished(async () => {
    end.abort()
    await running
  })
  await eventually(() => expect(shown?.problem).toBeDefined())
  state = 'running'
  await eventually(() => expect(shown).toBeUndefined())
  seen.length = 0
  state = 'stopped'
  await eventually(() => expect(seen.length).toBeGreaterThan(0))
  expect(seen[0]).toEqual([1, false])
})

test('a pause that nobody of ours made is ended, and that is logged', async () => {
  const queriesHeld = { code: 'queries-held' as const, message: 'Queries are held.' }
  const logged: string[] = []
  let restored = 0
  const end = new AbortController()
  const supervisor = new Supervisor(
    {
      infrastructure: {
        kind: () => Promise.resolve('podman' as const),
        found: () =>
          Promise.resolve({
            services: {
              postgres: { name: 'postgres' as const, state: 'running' as const, port: 1 },
              pgbouncer: { name: 'pgbouncer' as const, state: 'failed' as const, port: 2, problem: queriesHeld },
            },
            warnings: [],
          }),
        restart: () => Promise.resolve(),
        showRestarting: () => undefined,
        logTail: () => Promise.resolve(''),
      },
      wanted: {
        read: () => Promise.resolve({ wanted: ['postgres', 'pgbouncer'] as const, instances: [] }),
        set: () => Promise.resolve(),
        has: () => Promise.resolve(true),
      },
      busy: () => false,
      restored: () => {
        restored++
        end.abort()
        return Promise.resolve()
      },
      healthy: () => undefined,
      log: { info: it => void logged.push(it), problem: () => undefined },
    },
    { look: 1, calm: 1, pause: 1, longestPause: 1, lasting: 1 },
  )
  await supervisor.run(end.signal)
  expect([restored, logged]).toEqual([1, [expect.stringContaining('paused at PgBouncer')]])
})
