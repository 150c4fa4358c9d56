/** The configuration of PostgreSQL and PgBouncer, changed while an instance runs. On the real ones. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { totalmem } from 'node:os'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Client } from 'pg'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { isOpen, type OperationState } from '../../../src/shared/operation'
import { armFaults } from '../../support/faults'
import { layOut, makeDatabase, type CliInstance } from '../../support/cli-instance'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, type TestWorkspace } from '../../support/workspace'

let workspace: TestWorkspace
let school: CliInstance
let client: Client

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  school = await layOut(workspace, 'school')
  await makeDatabase(workspace, school)
  await run('start', { name: 'school' })
  client = await pooled()
})
afterAll(async () => {
  await client.end()
  await workspace.remove()
})

const settled = async (kind: string, input: object): Promise<OperationState> => {
  const { operations } = workspace.services
  return operations.settled(await operations.start(kind, input))
}
const run = async (kind: string, input: object): Promise<OperationState> => mustSucceed(await settled(kind, input))
const change = (service: 'postgres' | 'pgbouncer', values: Record<string, number | null>): Promise<OperationState> =>
  settled('infrastructure-settings', { service, values })

async function pooled(): Promise<Client> {
  const { database, role: user, password } = school
  const { port } = (await workspace.services.infrastructure.status()).pgbouncer
  const it = new Client({ host: '127.0.0.1', port, database, user, password, connectionTimeoutMillis: 20_000 })
  it.on('error', () => undefined)
  await it.connect()
  return it
}
const answers = async (): Promise<unknown> => {
  const it = await pooled()
  try {
    return (await it.query<{ who: string }>('SELECT current_user AS who')).rows[0]?.who
  } finally {
    await it.end()
  }
}
const shown = async (name: string): Promise<unknown> =>
  (await workspace.sql<{ value: string }>('SELECT current_setting($1) AS value', [name]))[0]?.value
const configured = async (name: string): Promise<unknown> =>
  withConnection(await workspace.services.infrastructure.throughPool('pgbouncer'), async console => {
    const { rows } = await console.query<{ key: string; value: string }>('SHOW CONFIG')
    return rows.find(it => it.key === name)?.value
  })
const pids = async (): Promise<unknown> => {
  const details = await workspace.services.infrastructure.details.look()
  return [details.postgres.startedAt, details.pgbouncer.startedAt]
}
const own = async (): Promise<{ postgres?: unknown; pgbouncer?: unknown }> =>
  JSON.parse(await readFile(join(workspace.root, '.instance-manager/settings.json'), 'utf8')) as object

it('takes over at once what needs no restart; no client is cut', async () => {
  const before = await pids()
  mustSucceed(await change('postgres', { 'postgres.workMemMB': 6 }))
  mustSucceed(await change('pgbouncer', { 'pgbouncer.poolSize': 7 }))
  expect([await shown('work_mem'), await configured('default_pool_size')]).toEqual(['6MB', '7'])
  expect(await own()).toMatchObject({ postgres: { workMemMB: 6 }, pgbouncer: { poolSize: 7 } })
  expect(await pids()).toEqual(before)
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  expect((await workspace.services.instances.limits('school')).limits.pool).toBe(7)
})

it('restarts for what needs it, in one go', async () => {
  mustSucceed(await change('postgres', { 'postgres.maxConnections': 300, 'postgres.sharedBuffersMB': 64 }))
  expect([await shown('max_connections'), await shown('shared_buffers')]).toEqual(['300', '64MB'])
  expect(await answers()).toBe('school_user')
  mustSucceed(await change('pgbouncer', { 'pgbouncer.maxClients': 500 }))
  expect(await configured('max_client_conn')).toBe('500')
  expect(await answers()).toBe('school_user')
})

it('puts the old settings back if PostgreSQL doesn’t come up with the new ones, and instances are served again', async () => {
  await workspace.sql('ALTER SYSTEM SET superuser_reserved_connections = 200') // read at the next start
  const state = await change('postgres', { 'postgres.maxConnections': 180, 'postgres.workMemMB': null })
  expect(state).toMatchObject({ phase: 'rolled-back', turned: { problem: { code: 'service-failed' } } })
  expect(state.turned?.problem?.details).toContain('superuser_reserved_connections')
  expect(await own()).toMatchObject({ postgres: { maxConnections: 300, workMemMB: 6 } })
  expect([await shown('max_connections'), await shown('work_mem')]).toEqual(['300', '6MB'])
  expect(await answers()).toBe('school_user')
  await workspace.sql('ALTER SYSTEM RESET ALL')
})

it.each(['done start-postgres', 'done start-pgbouncer'])(
  'cancelled after %s: what runs has the old settings again',
  async what => {
    const { operations } = workspace.services
    const before = [await shown('max_connections'), await configured('max_client_conn')]
    const disarm = await armFaults([{ at: 'before', what }], () => {
      for (const { id } of operations.list().filter(isOpen)) operations.cancel(id)
    })
    const state = await (what === 'done start-postgres'
      ? change('postgres', { 'postgres.maxConnections': 250 })
      : change('pgbouncer', { 'pgbouncer.maxClients': 600 }))
    disarm()
    expect(state).toMatchObject({ phase: 'rolled-back', turned: { reason: 'cancelled' } })
    expect([await shown('max_connections'), await configured('max_client_conn')]).toEqual(before)
    expect(await answers()).toBe('school_user')
  },
)

it.each([
  ['the same', 'postgres', { 'postgres.workMemMB': 6 }, 'settings-same'],
  [
    'more memory than half of the machine’s',
    'postgres',
    { 'postgres.sharedBuffersMB': Math.ceil(totalmem() / 2 ** 21) + 1 },
    'settings-memory',
  ],
  ['what is out of range', 'postgres', { 'postgres.maxConnections': 20 }, 'input'],
  ['another service’s', 'postgres', { 'pgbouncer.poolSize': 6 }, 'input'],
  ['another setting of the workspace', 'postgres', { 'ports.postgres': 6000 }, 'input'],
] as const)('refuses %s', async (_, service, values, code) => {
  await expect(change(service, values)).rejects.toMatchObject({ problem: { code } })
})

it('refuses fewer connections than running instances may take', async () => {
  await run('limits', { name: 'school', pool: 200 })
  await expect(change('postgres', { 'postgres.maxConnections': 209 })).rejects.toMatchObject({
    problem: { code: 'settings-connections', field: 'postgres.maxConnections' },
  })
  await run('limits', { name: 'school', pool: null })
})

it('allows a change that makes nothing worse, even if it isn’t enough', async () => {
  const { settings } = workspace.services
  const tooMuch = Math.ceil(totalmem() / 2 ** 21) + 1
  await run('limits', { name: 'school', pool: 200 })
  await settings.change({ 'postgres.maxConnections': 160, 'postgres.sharedBuffersMB': tooMuch }) // by hand
  for (const [field, value] of [
    ['postgres.maxConnections', 159],
    ['postgres.sharedBuffersMB', tooMuch + 1],
  ] as const)
    await expect(change('postgres', { [field]: value })).rejects.toMatchObject({ problem: { field } })
  mustSucceed(await change('postgres', { 'postgres.workMemMB': 7 }))
  mustSucceed(await change('postgres', { 'postgres.maxConnections': 170, 'postgres.sharedBuffersMB': 64 }))
  expect(await shown('max_connections')).toBe('170')
  await run('limits', { name: 'school', pool: null })
})

it('with both stopped, they are only recorded, and the next start has them', async () => {
  await workspace.stopInfrastructure()
  const { steps } = mustSucceed(
    await change('postgres', { 'postgres.maxConnections': null, 'postgres.sharedBuffersMB': null }),
  )
  expect(steps.map(it => [it.name, it.notes])).toEqual([
    ['write-settings', 'PostgreSQL isn’t running. The change takes effect when it starts.'],
  ])
  expect((await workspace.services.infrastructure.status()).postgres.state).toBe('stopped')
  await workspace.startInfrastructure()
  expect([await shown('max_connections'), await shown('shared_buffers')]).toEqual(['800', '128MB'])
})

it('of one that has crashed: it says so, and the start by the supervisor has them', async () => {
  const { infrastructure, operations } = workspace.services
  await workspace.killInfrastructure()
  const { steps } = mustSucceed(await change('postgres', { 'postgres.maxConnections': 310 }))
  expect(steps.map(it => it.name)).toEqual(['write-settings', 'provision-postgres'])
  expect(steps[0]?.notes).toContain('PostgreSQL isn’t running. The change takes effect when it starts.')
  // as the supervisor does it: without configuring
  await infrastructure.restart('embedded', 'postgres', new AbortController().signal)
  expect(await shown('max_connections')).toBe('310')
  expect(operations.list().filter(isOpen)).toEqual([])
})
