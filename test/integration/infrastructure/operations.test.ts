/** Starting, stopping and restarting as operations, on the engine's real journal. */
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, withConnection } from '../../../src/main/infrastructure/connection'
import { workingIn } from '../../../src/main/infrastructure/drivers/daemons'
import { infrastructureStart } from '../../../src/main/infrastructure/start'
import { infrastructureRestart } from '../../../src/main/infrastructure/restart'
import { infrastructureStop } from '../../../src/main/infrastructure/stop'
import type { Operations } from '../../../src/main/operations/engine'
import type { AnyOperation } from '../../../src/main/operations/operation'
import { Pools } from '../../../src/main/infrastructure/pools'
import { nobody } from '../../../src/main/infrastructure/tenants'
import { serviceNames } from '../../../src/shared/infrastructure'
import { isOpen } from '../../../src/shared/operation'
import { armFaults } from '../../support/faults'
import { memorySecrets } from '../../support/memory-secrets'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import { engineOf } from '../../support/engine'
import { mustSucceed, until } from '../../support/workspace'

let it: TestInfrastructure
let operations: Operations
const run = async (kind: string, input: object = {}) => operations.settled(await operations.start(kind, input))
/** The names in each job that was begun to start instances again. */
const begun: (readonly string[])[] = []
const states = async (): Promise<string[]> => {
  const { postgres, pgbouncer } = await it.infrastructure.status()
  return [postgres.state, pgbouncer.state]
}
const pids = async () => ({
  postgres: await workingIn(join(it.services.paths.embedded, 'postgres'), 'postgres'),
  pgbouncer: await workingIn(join(it.services.paths.embedded, 'pgbouncer'), 'pgbouncer'),
})
const cancelOpen = (): void => {
  for (const { id } of operations.list().filter(isOpen)) operations.cancel(id)
}
const timeouts = { connect: 20_000, query: 20_000 }
const query = async (): Promise<unknown> =>
  withConnection(await it.infrastructure.throughPool('postgres'), client => client.query('SELECT 1'))

beforeAll(async () => {
  it = await testInfrastructure({ driver: 'embedded' })
  operations = engineOf({
    folder: join(it.root, 'operations'),
    secrets: memorySecrets(),
    operations: [
      infrastructureStart(it.infrastructure, names => {
        begun.push(names)
        return Promise.resolve('begun')
      }),
      infrastructureStop(it.infrastructure),
      infrastructureRestart(it.infrastructure),
    ] as readonly AnyOperation[],
  })
  await operations.open()
})
afterAll(() => it.dispose())

test('a failing start leaves running what ran before, and nothing else', async () => {
  const pgbouncerTaken = createServer()
  await new Promise<void>(resolve => {
    pgbouncerTaken.listen(it.settings.ports.pgbouncer, '127.0.0.1', resolve)
  })
  try {
    expect(await run('infrastructure-start')).toMatchObject({
      phase: 'rolled-back',
      turned: { reason: 'failed', problem: { code: 'port-taken' } },
    })
  } finally {
    await new Promise(resolve => pgbouncerTaken.close(resolve))
  }
  expect((await it.infrastructure.status()).postgres.state).toBe('stopped')
})

test('started, started again, stopped: each settles, and no secret is in a journal', async () => {
  expect((await run('infrastructure-start')).steps.map(step => `${step.name} ${step.status}`)).toEqual([
    'provision-postgres done',
    'start-postgres done',
    'secure-postgres done',
    'provision-pgbouncer done',
    'start-pgbouncer done',
  ])
  expect(await states()).toEqual(['running', 'running'])
  expect((await run('infrastructure-start')).phase).toBe('succeeded')
  expect((await run('infrastructure-stop')).phase).toBe('succeeded')
  expect(await states()).toEqual(['stopped', 'stopped'])

  const folder = join(it.root, 'operations')
  const journals = (await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))).join(
    '\n',
  )
  expect(journals).toContain('secure-postgres')
  for (const key of ['infrastructure.admin', 'infrastructure.pgbouncer_auth']) {
    const secret = await it.secrets.get(key)
    expect(secret).toMatch(/^\w{24}$/)
    expect(journals).not.toContain(secret)
  }
})

test('each is restarted alone, the other keeps running, and a query gets through right after', async () => {
  mustSucceed(await run('infrastructure-start'))
  const first = await pids()
  expect((await run('infrastructure-restart', { service: 'pgbouncer' })).steps.map(step => step.name)).toEqual([
    'stop-pgbouncer',
    'provision-pgbouncer',
    'start-pgbouncer',
  ])
  await query()
  const second = await pids()
  expect(second.postgres[0]).toBe(first.postgres[0])
  expect(second.pgbouncer).not.toEqual(first.pgbouncer)
  mustSucceed(await run('infrastructure-restart', { service: 'postgres' }))
  await query()
  const third = await pids()
  expect(third.pgbouncer).toEqual(second.pgbouncer)
  expect(third.postgres).not.toContain(second.postgres[0])
  mustSucceed(await run('infrastructure-restart'))
  await query()
  const last = await pids()
  expect([last.postgres, last.pgbouncer]).not.toEqual([third.postgres, third.pgbouncer])
})

test('while PostgreSQL restarts, queries wait and none fails; only a transaction that doesn’t end is ended', async () => {
  mustSucceed(await run('infrastructure-start'))
  const endless = await connect(await it.infrastructure.throughPool('postgres'), timeouts)
  await endless.client.query('BEGIN')
  await endless.client.query('SELECT 1')
  const restarting = new AbortController()
  let answered = 0
  const ask = async (): Promise<void> => {
    const { client, close } = await connect(await it.infrastructure.throughPool('postgres'), timeouts)
    await client.query('SELECT 1')
    answered++
    while (!restarting.signal.aborted) await client.query('SELECT 1')
    await client.query('SELECT 1')
    await close()
  }
  const asking = Promise.all([ask(), ask(), ask()])
  asking.catch(() => undefined)
  await until(() => answered === 3)
  const before = await pids()
  mustSucceed(await run('infrastructure-restart', { service: 'postgres' }))
  restarting.abort()
  await asking
  expect((await pids()).postgres).not.toEqual(before.postgres)
  await expect(endless.client.query('SELECT 1')).rejects.toThrow('onnection')
  await endless.close()
})

/** The engine is killed once all queries wait. */
const held = async (): Promise<unknown> => it.infrastructure.hold()
/** It is killed while it waits for a transaction to end. */
const half = async (): Promise<void> => {
  const [busy, killed] = await Promise.all(
    ['postgres', 'pgbouncer'].map(async of => connect(await it.infrastructure.throughPool(of), timeouts)),
  )
  await busy?.client.query('BEGIN')
  killed?.client.query('PAUSE').catch(() => undefined)
  await killed?.close()
  await busy?.close()
}

test.each([held, half])('queries that a killed engine left waiting go on with the next start: %o', async leave => {
  mustSucceed(await run('infrastructure-start'))
  await leave()
  const asked = query()
  asked.catch(() => undefined)
  mustSucceed(await run('infrastructure-start'))
  expect(await asked).toMatchObject({ rowCount: 1 })
})

test('one that is stopped alone is not wanted any more, and the start of both brings it back', async () => {
  const { wanted } = it.infrastructure
  mustSucceed(await run('infrastructure-stop', { service: 'pgbouncer' }))
  expect([await states(), (await wanted.read())?.wanted]).toEqual([['running', 'stopped'], ['postgres']])
  mustSucceed(await run('infrastructure-stop', { service: 'postgres' }))
  expect([await states(), (await wanted.read())?.wanted]).toEqual([['stopped', 'stopped'], []])
  // PgBouncer needs PostgreSQL, so both are started
  mustSucceed(await run('infrastructure-start', { service: 'pgbouncer' }))
  expect([await states(), (await wanted.read())?.wanted]).toEqual([
    ['running', 'running'],
    ['postgres', 'pgbouncer'],
  ])
})

test('a restart that is cancelled ends with what was running before', async () => {
  const disarm = await armFaults([{ at: 'after', what: 'doing provision-pgbouncer' }], cancelOpen)
  expect(await run('infrastructure-restart')).toMatchObject({
    phase: 'rolled-back',
    turned: { reason: 'cancelled' },
  })
  disarm()
  expect(await states()).toEqual(['running', 'running'])
})

test.each(['infrastructure-stop', 'infrastructure-restart'])(
  '%s of PostgreSQL, cancelled: what PgBouncer refused meanwhile gets through at once',
  async kind => {
    mustSucceed(await run('infrastructure-start'))
    const pools = new Pools(database => it.infrastructure.throughPool(database))
    it.infrastructure.serve({
      ...nobody,
      heal: async () => {
        const { user, password } = await it.infrastructure.throughPool('postgres')
        await pools.heal({ database: 'postgres', user, password: password ?? '' })
      },
    })
    let refused: Promise<unknown> | undefined
    const disarm = await armFaults([{ at: 'before', what: 'done stop-postgres' }], () => {
      refused = query().catch(String)
      cancelOpen()
    })
    expect((await run(kind, { service: 'postgres' })).phase).toBe('rolled-back')
    disarm()
    await query()
    expect(await refused).toBeDefined()
    it.infrastructure.serve(nobody)
  },
)

test.each(['done start-pgbouncer', 'done start-postgres'])(
  'a restart that is cancelled before %s leaves stopped what was stopped',
  async what => {
    const { wanted } = it.infrastructure
    mustSucceed(await run('infrastructure-start'))
    mustSucceed(await run('infrastructure-stop', { service: 'pgbouncer' }))
    const disarm = await armFaults([{ at: 'before', what }], cancelOpen)
    expect((await run('infrastructure-restart')).phase).toBe('rolled-back')
    disarm()
    expect([await states(), (await wanted.read())?.wanted]).toEqual([['running', 'stopped'], ['postgres']])
    mustSucceed(await run('infrastructure-stop'))
    const again = await armFaults([{ at: 'before', what }], cancelOpen)
    expect((await run('infrastructure-restart', { service: 'pgbouncer' })).phase).toBe('rolled-back')
    again()
    expect([await states(), (await wanted.read())?.wanted]).toEqual([['stopped', 'stopped'], []])
    mustSucceed(await run('infrastructure-start'))
  },
)

test('instances that were stopped first are started again once all is running, and only then', async () => {
  const calls: string[] = []
  it.infrastructure.serve({
    ...nobody,
    running: () => Promise.resolve([{ name: 'School', port: 5001 }]),
    databases: () => Promise.resolve([]),
    stop: name => Promise.resolve(void calls.push(`stop ${name}`)),
    startAgain: name => Promise.resolve(calls.push(`start ${name}`) > 0),
  })
  const disarm = await armFaults([{ at: 'after', what: 'doing stop-postgres' }], cancelOpen)
  expect((await run('infrastructure-stop', { stopInstances: true })).phase).toBe('rolled-back')
  disarm()
  expect([await states(), (await it.infrastructure.status()).instances]).toEqual([['running', 'running'], []])
  expect(calls).toEqual(['stop School', 'start School'])

  calls.length = 0
  mustSucceed(await run('infrastructure-stop', { stopInstances: true }))
  expect([calls, (await it.infrastructure.status()).instances]).toEqual([['stop School'], ['School']])
  mustSucceed(await run('infrastructure-start', { service: 'postgres' }))
  expect([begun, (await it.infrastructure.status()).instances]).toEqual([[], ['School']])
  const { steps } = mustSucceed(await run('infrastructure-start'))
  expect(begun).toEqual([['School']])
  expect(steps.at(-1)).toMatchObject({ name: 'start-instances', status: 'done', result: { operation: 'begun' } })
  expect((await it.infrastructure.status()).instances).toEqual([])
})

test('a stop that is cancelled keeps in mind the instances that couldn’t be started again', async () => {
  it.infrastructure.serve({
    ...nobody,
    running: () => Promise.resolve(['School', 'Broken'].map((name, index) => ({ name, port: 5001 + index }))),
    startAgain: name => Promise.resolve(name === 'School'),
  })
  const disarm = await armFaults([{ at: 'after', what: 'doing stop-postgres' }], cancelOpen)
  expect((await run('infrastructure-stop', { stopInstances: true })).phase).toBe('rolled-back')
  disarm()
  expect((await it.infrastructure.status()).instances).toEqual(['Broken'])
  begun.length = 0
  mustSucceed(await run('infrastructure-start'))
  expect(begun).toEqual([['Broken']])
})

test.each(['doing provision-postgres', 'doing start-pgbouncer', 'doing start-instances'])(
  'a start that is cancelled after “%s” stays cancelled: nothing should run, and the instances wait for the next one',
  async what => {
    const { wanted } = it.infrastructure
    mustSucceed(await run('infrastructure-stop', { stopInstances: true }))
    await wanted.set(serviceNames, true) // the supervisor was trying to restart them
    const disarm = await armFaults([{ at: 'after', what }], cancelOpen)
    expect(await run('infrastructure-start')).toMatchObject({ phase: 'rolled-back', turned: { reason: 'cancelled' } })
    disarm()
    expect(await states()).toEqual(['stopped', 'stopped'])
    expect(await wanted.read()).toEqual({ wanted: [], instances: ['School', 'Broken'] })
    mustSucceed(await run('infrastructure-start'))
  },
)

test('after a start that failed, what should run still should', async () => {
  mustSucceed(await run('infrastructure-stop'))
  await it.infrastructure.wanted.set(serviceNames, true)
  const taken = createServer()
  await new Promise<void>(resolve => {
    taken.listen(it.settings.ports.pgbouncer, '127.0.0.1', resolve)
  })
  expect(await run('infrastructure-start')).toMatchObject({ phase: 'rolled-back', turned: { reason: 'failed' } })
  await new Promise(resolve => taken.close(resolve))
  expect((await it.infrastructure.wanted.read())?.wanted).toEqual(serviceNames)
})
