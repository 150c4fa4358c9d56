/** Limits of one instance, changed while it runs: on the real PostgreSQL and PgBouncer, without cutting a client. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Client } from 'pg'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { Databases } from '../../../src/main/infrastructure/databases'
import { roleConnections } from '../../../src/main/infrastructure/limits'
import { workspacePaths } from '../../../src/main/workspace/paths'
import type { LimitChanges } from '../../../src/shared/limits'
import type { OperationState } from '../../../src/shared/operation'
import { layOut, layOutCopy, makeDatabase, type CliInstance } from '../../support/cli-instance'
import { makeTiny } from '../../support/tiny-base'
import { director, mustSucceed, testWorkspace, until, type TestWorkspace } from '../../support/workspace'

let workspace: TestWorkspace
let school: CliInstance
let other: CliInstance
let ports: { readonly pooled: number; readonly direct: number }

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  const { postgres, pgbouncer } = await workspace.services.infrastructure.status()
  ports = { pooled: pgbouncer.port, direct: postgres.port }
  ;[school, other] = [await layOut(workspace, 'School-1'), await layOut(workspace, 'other')]
  for (const one of [school, other]) {
    await makeDatabase(workspace, one)
    await run('start', { name: one.name })
  }
})
afterAll(() => workspace.remove())

const run = async (kind: string, input: object): Promise<OperationState> => {
  const { operations } = workspace.services
  return mustSucceed(await operations.settled(await operations.start(kind, input)))
}
const limit = (one: CliInstance, changes: LimitChanges): Promise<OperationState> =>
  run('limits', { name: one.name, ...changes })

async function clientOf(one: CliInstance, port: number): Promise<Client> {
  const { database, role: user, password } = one
  const client = new Client({ host: '127.0.0.1', port, database, user, password, connectionTimeoutMillis: 20_000 })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
async function asked<Row extends object>(one: CliInstance, port: number, sql: string): Promise<Row | undefined> {
  const client = await clientOf(one, port)
  try {
    return (await client.query<Row>(sql)).rows[0]
  } finally {
    await client.end()
  }
}
const shown = async (client: Client, setting: string): Promise<unknown> =>
  Object.values((await client.query<Record<string, unknown>>(`SHOW ${setting}`)).rows[0] ?? {})[0]
const poolOf = async (one: CliInstance) =>
  withConnection(await workspace.services.infrastructure.throughPool('pgbouncer'), async console => {
    const { rows } = await console.query<{ name: string; pool_size: string; max_connections: string }>('SHOW DATABASES')
    const row = rows.find(it => it.name === one.database)
    return [Number(row?.pool_size), Number(row?.max_connections)]
  })
const roleOf = async (one: CliInstance) =>
  (
    await workspace.sql<{ connections: number; settings: string[] | null }>(
      'SELECT rolconnlimit AS connections, rolconfig AS settings FROM pg_roles WHERE rolname = $1',
      [one.role],
    )
  )[0]
const configOf = async ({ folder }: CliInstance) =>
  JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>

it('apply to connections that are open already, and cut none', async () => {
  const [idle, busy, next] = [
    await clientOf(school, ports.pooled),
    await clientOf(school, ports.pooled),
    await clientOf(other, ports.pooled),
  ]
  await busy.query('BEGIN')
  await busy.query('CREATE TABLE kept (value int)')
  await idle.query('SELECT 1') // on a connection of its own

  await limit(school, { pool: 3, connections: 20, statementSeconds: 1, idleTransactionSeconds: 90, tempFileMB: 1 })
  expect(await shown(idle, 'statement_timeout')).toBe('1s')
  expect(await shown(idle, 'idle_in_transaction_session_timeout')).toBe('90s')
  expect(await shown(idle, 'temp_file_limit')).toBe('1MB')
  expect(await shown(busy, 'statement_timeout')).toBe('0') // its transaction goes on as it began
  await busy.query('COMMIT')
  expect((await idle.query('SELECT count(*)::int AS count FROM kept')).rows).toEqual([{ count: 0 }])
  expect(await poolOf(school)).toEqual([3, 6])
  expect(await roleOf(school)).toMatchObject({ connections: 20 })
  expect(await configOf(school)).toMatchObject({
    note: 'kept',
    limits: { pool: 3, connections: 20, statementSeconds: 1, idleTransactionSeconds: 90, tempFileMB: 1 },
  })

  expect(await shown(next, 'statement_timeout')).toBe('0')
  expect(await poolOf(other)).toEqual([5, 10])
  expect(await roleOf(other)).toEqual({ connections: roleConnections(), settings: null })
  for (const it of [idle, busy, next]) await it.end()
})

it('hold: on time, on temporary files, and on connections', async () => {
  await expect(asked(school, ports.pooled, 'SELECT pg_sleep(30)')).rejects.toThrow('statement timeout')
  const sort = 'SELECT count(*) FROM (SELECT * FROM generate_series(1, 400000) ORDER BY 1 DESC OFFSET 0) AS sorted'
  await expect(asked(school, ports.pooled, `SET work_mem = '64kB'; ${sort}`)).rejects.toThrow('temp_file_limit')
  expect(await asked(other, ports.pooled, `SELECT 1 AS one FROM (${sort}) AS it`)).toEqual({ one: 1 })

  const open: Client[] = []
  await expect(
    (async () => {
      for (;;) open.push(await clientOf(school, ports.direct))
    })(),
  ).rejects.toThrow('too many connections for role')
  expect(open.length).toBeLessThanOrEqual(20)
  expect(await asked(other, ports.direct, 'SELECT 1 AS one')).toEqual({ one: 1 })
  for (const it of open) await it.end()
})

it('on disk and connections can’t be taken off by the tenant; on time they can, for a while', async () => {
  for (const sql of [
    'SET temp_file_limit = -1',
    `ALTER ROLE "${school.role}" RESET temp_file_limit`,
    `ALTER ROLE "${school.role}" SET temp_file_limit = -1`,
    `ALTER DATABASE "${school.database}" SET temp_file_limit = -1`,
    `ALTER ROLE "${school.role}" CONNECTION LIMIT -1`,
  ])
    await expect(asked(school, ports.direct, sql)).rejects.toThrow(/permission denied|must be superuser/)
  await asked(school, ports.direct, `ALTER ROLE "${school.role}" RESET ALL`)
  expect((await roleOf(school))?.settings).toEqual(['temp_file_limit=1MB'])
  await run('restart', { name: school.name })
  expect((await roleOf(school))?.settings?.toSorted()).toEqual([
    'idle_in_transaction_session_timeout=90s',
    'statement_timeout=1s',
    'temp_file_limit=1MB',
  ])
})

it('hold whatever the tenant writes on its database: its role’s mark decides', async () => {
  const comment = `COMMENT ON DATABASE "${school.database}" IS`
  await asked(school, ports.direct, `${comment} 'instance-manager of another/school-1'`)
  const { id } = JSON.parse(await readFile(workspacePaths(workspace.root).identity, 'utf8')) as { id: string }
  const marked = new Databases(() => workspace.services.infrastructure.admin(), id)
  expect([...(await marked.foreign())]).toEqual([])
  await limit(school, { tempFileMB: 2 })
  await workspace.sql(`ALTER ROLE "${school.role}" RESET temp_file_limit`)
  await run('restart', { name: school.name })
  expect((await roleOf(school))?.settings).toContain('temp_file_limit=2MB')
  const [found] = await workspace.sql<{ mark: string }>(
    `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1`,
    [school.database],
  )
  expect(found?.mark).not.toContain('another')
  await limit(school, { tempFileMB: 1 })
})

it('hold only for the tenant, not for our superuser, though it sets them on its database', async () => {
  const settings = ['lock_timeout', 'idle_in_transaction_session_timeout', 'default_transaction_read_only']
  const alter = (what: string): string => `ALTER DATABASE "${other.database}" ${what}`
  for (const it of settings) await asked(other, ports.direct, alter(`SET ${it} = 1`))
  const login = { ...(await workspace.services.infrastructure.admin()), database: other.database }
  const found = await withConnection(login, async client => {
    const values: unknown[] = []
    for (const it of settings) values.push(await shown(client, it))
    return values
  })
  await workspace.sql(alter('RESET ALL'))
  expect(found).toEqual(['0', '0', 'off'])
})

it('outlast a new role, a restart of both services, and a config.json that can’t be read', async () => {
  await workspace.sql(`ALTER ROLE "${school.role}" RESET ALL`)
  await workspace.sql(`ALTER ROLE "${school.role}" CONNECTION LIMIT -1`)
  await run('infrastructure-restart', {})
  expect(await poolOf(school)).toEqual([3, 6])
  expect(await roleOf(school)).toMatchObject({
    connections: 20,
    settings: expect.arrayContaining(['temp_file_limit=1MB']) as string[],
  })

  const path = join(other.folder, 'config.json')
  const config = await readFile(path, 'utf8')
  const client = await clientOf(other, ports.pooled)
  await client.query('SELECT 1')
  await writeFile(path, '{')
  await limit(school, { pool: 4 })
  await writeFile(path, config)
  expect((await client.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await client.end()
})

it('are put back by a cancel; with none left, config.json has none', async () => {
  const before = [await configOf(school), await roleOf(school), await poolOf(school)]
  const { operations, infrastructure } = workspace.services
  const resize = infrastructure.resizePools.bind(infrastructure)
  let held = false
  infrastructure.resizePools = async (...args) => {
    infrastructure.resizePools = resize // only the step is held, not its undo
    held = true
    await until(() => args[0].signal.aborted)
    args[0].signal.throwIfAborted()
  }
  const id = await operations.start('limits', { name: school.name, pool: 9, tempFileMB: null })
  await until(() => held)
  expect(await roleOf(school)).not.toEqual(before[1])
  operations.cancel(id)
  expect((await operations.settled(id)).phase).toBe('rolled-back')
  const sorted = async () => ({ ...(await roleOf(school)), settings: (await roleOf(school))?.settings?.toSorted() })
  expect([await configOf(school), await poolOf(school)]).toEqual([before[0], before[2]])
  expect(await sorted()).toEqual({
    connections: 20,
    settings: ['idle_in_transaction_session_timeout=90s', 'statement_timeout=1s', 'temp_file_limit=1MB'],
  })

  await limit(school, {
    pool: null,
    connections: null,
    statementSeconds: null,
    idleTransactionSeconds: null,
    tempFileMB: null,
  })
  expect(await configOf(school)).not.toHaveProperty('limits')
  expect(await roleOf(school)).toEqual({ connections: roleConnections(), settings: null })
  expect(await poolOf(school)).toEqual([5, 10])
})

it.each([
  ['nothing that changes', {}, 'limits-same'],
  ['a pool that leaves no direct connections', { pool: 30, connections: 34 }, 'limits-connections'],
] as const)('refuse %s', async (_, changes, code) => {
  await expect(workspace.services.operations.start('limits', { name: school.name, ...changes })).rejects.toMatchObject({
    problem: { code },
  })
})

it('refuse more than PostgreSQL has for what runs', async () => {
  for (const name of ['big-1', 'big-2', 'big-3']) {
    const one = await layOut(workspace, name)
    await makeDatabase(workspace, one)
    await run('start', { name })
    await limit(one, { pool: 200 })
  }
  const { start } = workspace.services.operations
  await expect(
    start.call(workspace.services.operations, 'limits', { name: other.name, pool: 186 }),
  ).rejects.toMatchObject({
    problem: {
      code: 'limits-together',
      message: expect.stringContaining('could use 791 connections, but PostgreSQL has only 790') as string,
    },
  })
  await limit(other, { pool: 185 })
  expect((await workspace.services.instances.limits(other.name)).together).toEqual({ used: 790, available: 790 })
  const last = await layOut(workspace, 'last')
  await makeDatabase(workspace, last)
  const { steps } = await run('start', { name: last.name })
  expect(steps.find(it => it.name === 'start-process')?.notes).toContain(
    'Together, running instances could use 795 connections, but PostgreSQL has only 790 for them.',
  )
  await run('stop', { name: last.name })
})

it('come along with a copy that is adopted', async () => {
  const copy = await layOutCopy(workspace, 'copied')
  const path = join(copy.folder, 'config.json')
  await writeFile(path, JSON.stringify({ ...(await configOf(copy)), limits: { pool: 2, tempFileMB: 7 } }))
  await run('adopt', { name: 'copied', director })
  expect(await roleOf(copy)).toEqual({ connections: roleConnections(), settings: ['temp_file_limit=7MB'] })
  expect(await poolOf(copy)).toEqual([2, 4])
})

it('end with the instance: a new one of the same name has the defaults', async () => {
  mustSucceed(await workspace.create({ name: 'brief' }))
  await run('limits', { name: 'brief', pool: 1 })
  await run('delete', { name: 'brief', confirm: 'DELETE' })
  mustSucceed(await workspace.create({ name: 'brief' }))
  expect(await poolOf({ ...other, database: 'brief_db' })).toEqual([5, 10])
})
