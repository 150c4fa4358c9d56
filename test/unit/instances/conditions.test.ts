/** That nothing stops the look at the services for good. */
import { expect, it, vi } from 'vitest'
import { Conditions } from '../../../src/main/instances/conditions'
import type { InfrastructureStatus } from '../../../src/shared/infrastructure'
import { eventually } from '../../support/eventually'

vi.mock('node:timers/promises', async original => ({
  ...(await original<object>()),
  setTimeout: () => Promise.resolve(),
}))

it('after an error, what was found is forgotten, and the services are watched again', async () => {
  const stop = new AbortController()
  const status = { pooled: false, postgres: { name: 'postgres', state: 'stopped' } } as InfrastructureStatus
  let watches = 0
  const conditions = new Conditions({
    infrastructure: {
      status: () => Promise.resolve(status),
      async *watch() {
        yield status
        if (++watches === 1) throw new Error('the disk is full')
        await new Promise(() => undefined)
      },
    },
    pools: { refusal: () => Promise.resolve(undefined) },
    changing: () => false,
    signal: stop.signal,
  })
  const database = { port: 1, directPort: 1 }
  const found: boolean[] = []
  const config = { name: 'school', database } as Parameters<ReturnType<Conditions['diagnosis']>>[0]
  const process = { status: 'online' } as Parameters<ReturnType<Conditions['diagnosis']>>[1]
  void conditions.watch(stop.signal, () => found.push(conditions.diagnosis()(config, process) !== undefined))
  await eventually(() => expect(found).toEqual([true, false, true]))
  stop.abort()
})
