/** Renaming an instance: everything has the new name, nothing the old one, and no data is lost. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Databases } from '../../../src/main/infrastructure/databases'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { existsItself } from '../../../src/main/system/files'
import { changeInstanceConfig } from '../../../src/main/workspace/instance-config'
import { databaseNames } from '../../../src/shared/instance'
import type { OperationState } from '../../../src/shared/operation'
import { toProblem } from '../../../src/shared/problem'
import { layOut, makeDatabase, pm2, type CliInstance } from '../../support/cli-instance'
import { createInput, until, type TestWorkspace } from '../../support/workspace'
import { withoutPids, world } from '../../support/world'
import { addEnv, answerOf, desired, dumped, envOf, job, mustDo, refusal, statuses, tinyWorkspace } from './lifecycle'

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
})
afterAll(() => workspace.remove())

const rename = (name: string, to: string): Promise<OperationState> => mustDo(workspace, 'rename', { name, to })

async function instance(name: string, runs: boolean): Promise<CliInstance> {
  const its = await layOut(workspace, name)
  await makeDatabase(workspace, its)
  if (runs) await mustDo(workspace, 'start', { name })
  return its
}

/** Through PgBouncer, with the login in its `.env`. */
async function query<Row>(name: string, sql: string): Promise<Row[]> {
  const { DATABASE_URL } = await envOf(serverOf(name))
  const client = new Client({ connectionString: DATABASE_URL, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return (await client.query(sql)).rows as Row[]
  } finally {
    await client.end()
  }
}

const folderOf = (name: string): string => join(workspace.root, 'instances', name)
const serverOf = (name: string): string => join(folderOf(name), 'server')
const logs = (): string => join(workspace.host.pm2Home, 'logs')
const read = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>

async function poolSizes(): Promise<Record<string, number>> {
  const console = await workspace.services.infrastructure.throughPool('pgbouncer')
  const { rows } = await withConnection(console, client =>
    client.query<{ name: string; pool_size: string }>('SHOW DATABASES'),
  )
  return Object.fromEntries(rows.map(it => [it.name, Number(it.pool_size)]))
}

describe('one that runs', () => {
  let its: CliInstance
  beforeAll(async () => {
    its = await instance('School', true)
    await mustDo(workspace, 'limits', { name: 'School', pool: 3, statementSeconds: 40 })
    await query('School', 'CREATE TABLE pupils AS SELECT $$Ada$$ AS name') // PgBouncer keeps this connection
    await addEnv(its.server, `# of the operator\nREPORTS_URL="postgresql://School_User:x@db.example/school_db"`)
    await writeFile(join(logs(), 'School-out.log.000000000000000-000000000000009.gz'), '')
    const uploads = join(its.server, 'uploads')
    await mkdir(uploads, { recursive: true })
    await writeFile(join(uploads, 'photo'), 'of Ada')
    await symlink(join(uploads, 'photo'), join(uploads, 'latest'))
    await rename('School', 'college-2')
  })

  it('serves under the new name, with its data, at its port', async () => {
    expect(await answerOf(its.port)).toBe('college-2 ')
    expect(await query('college-2', 'SELECT name, current_user AS role FROM pupils')).toEqual([
      { name: 'Ada', role: 'college-2_user' },
    ])
    expect(await statuses(workspace)).toMatchObject({ 'college-2': 'online' })
    expect(await readFile(join(serverOf('college-2'), 'uploads/latest'), 'utf8')).toBe('of Ada')
  })

  it('its files name it, and nothing else in them changed', async () => {
    const folder = folderOf('college-2')
    expect(await read(join(folder, 'config.json'))).toMatchObject({
      name: 'college-2',
      note: 'kept',
      limits: { pool: 3, statementSeconds: 40 },
      database: { name: 'college-2_db', user: 'college-2_user', password: its.password },
      paths: { instance: folder, server: join(folder, 'server'), uploads: join(folder, 'server/uploads') },
    })
    for (const path of ['config.json', 'db-config.json'])
      expect(await readFile(join(folder, path), 'utf8')).not.toMatch(/school/i)
    const { REPORTS_URL, ...env } = await envOf(join(folder, 'server'))
    expect(REPORTS_URL).toBe('postgresql://School_User:x@db.example/school_db') // of another server
    expect(env).toMatchObject({ INSTANCE_NAME: 'college-2', PORT: String(its.port) })
    expect(JSON.stringify(env)).not.toMatch(/school/i)
    expect(await readFile(join(folder, 'server/.env'), 'utf8')).toContain('# of the operator')
  })

  it('PM2, its dump, the logs and what should run have the new name only', async () => {
    expect([await desired(workspace), await dumped(workspace)]).toEqual([['college-2'], ['college-2 online']])
    const files = await readdir(logs())
    expect(files.filter(it => it.startsWith('School'))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining(['college-2-out.log', 'college-2-out.log.000000000000000-000000000000009.gz']),
    )
    const log = () => readFile(join(logs(), 'college-2-out.log'), 'utf8')
    await expect.poll(async () => (await log()).match(/listening/g)).toHaveLength(2) // PM2 writes it a moment later
    await pm2(workspace, 'kill')
    await pm2(workspace, 'resurrect')
    expect((await workspace.processes.list()).map(it => [it.name, it.cwd])).toEqual([
      ['college-2', serverOf('college-2')],
    ])
  })

  it('its limits came along', async () => {
    expect(await poolSizes()).toMatchObject({ 'college-2_db': 3 })
    expect(await poolSizes()).not.toHaveProperty('school_db')
    expect(await workspace.sql("SELECT rolconfig::text AS it FROM pg_roles WHERE rolname = 'college-2_user'")).toEqual([
      { it: '{statement_timeout=40s}' },
    ])
  })

  it('the old name is free at once, and both work', async () => {
    await mustDo(workspace, 'create', createInput('School'))
    await query('School', 'CREATE TABLE other ()')
    expect(await query('college-2', 'SELECT name FROM pupils')).toHaveLength(1)
    expect(await refusal(workspace, 'rename', { name: 'college-2', to: 'school' })).toMatchObject({
      code: 'name-taken',
      field: 'name',
    })
    await mustDo(workspace, 'delete', { name: 'School', confirm: 'DELETE' })
    expect(await query('college-2', 'SELECT name FROM pupils')).toHaveLength(1)
    await mustDo(workspace, 'delete', { name: 'college-2', confirm: 'DELETE' })
  })
})

it('one that is stopped stays so; a name that differs only by case keeps its database', async () => {
  const its = await instance('quiet', true)
  await query('quiet', 'CREATE TABLE kept ()')
  await mustDo(workspace, 'stop', { name: 'quiet' })
  const wanted = join(workspace.root, '.instance-manager/infrastructure.json')
  const services = await readFile(wanted)
  await rm(wanted)
  await rename('quiet', 'Quiet')
  expect(await existsItself(wanted)).toBe(false) // which services are wanted isn't known, and so it stays
  await writeFile(wanted, services)
  expect(await envOf(serverOf('Quiet'))).toMatchObject({ INSTANCE_NAME: 'Quiet' })
  await rename('Quiet', 'calm')
  expect([await desired(workspace), await dumped(workspace), await answerOf(its.port)]).toEqual([[], [], undefined])
  expect((await readdir(logs())).filter(it => /quiet/i.test(it))).toEqual([])
  await mustDo(workspace, 'start', { name: 'calm' })
  expect(await query('calm', 'SELECT * FROM kept')).toEqual([])
  await mustDo(workspace, 'delete', { name: 'calm', confirm: 'DELETE' })
})

it('one that is seamless stays so', async () => {
  const its = await instance('smooth', true)
  await mustDo(workspace, 'seamless', { name: 'smooth' })
  await rename('smooth', 'silk')
  expect((await workspace.processes.list()).map(it => [it.name, it.execMode])).toEqual([['silk', 'cluster']])
  expect(await answerOf(its.port)).toBe('silk ')
  await mustDo(workspace, 'delete', { name: 'silk', confirm: 'DELETE' })
})

it('where it isn’t healthy under the new name, everything is put back', async () => {
  const its = await instance('noise', true)
  await query('noise', 'CREATE TABLE kept ()')
  await rename('noise', 'sound') // its files then are as we write them
  await mustDo(workspace, 'limits', { name: 'sound', pool: 4 })
  const before = withoutPids(await world(workspace))
  expect(await job(workspace, 'rename', { name: 'sound', to: 'mortal' })).toMatchObject({
    phase: 'rolled-back',
    turned: { problem: { code: 'not-online' } },
  })
  expect(await answerOf(its.port)).toBe('sound ')
  expect(await query('sound', 'SELECT * FROM kept')).toEqual([])
  await expect.poll(async () => withoutPids(await world(workspace))).toEqual(before)
  expect(await poolSizes()).toMatchObject({ sound_db: 4 })
  await mustDo(workspace, 'delete', { name: 'sound', confirm: 'DELETE' })
})

describe('the rename of a database', () => {
  const [ours, theirs] = [databaseNames('ours'), databaseNames('theirs')]
  const found = () =>
    workspace.sql(`SELECT datname AS it FROM pg_database WHERE datname IN ('ours_db', 'theirs_db') ORDER BY 1`)
  let databases: Databases
  beforeAll(async () => {
    databases = new Databases(() => workspace.services.infrastructure.admin(), 'workspace')
    await makeDatabase(workspace, await layOut(workspace, 'ours'))
  })
  afterAll(() => workspace.discard('ours'))

  it('waits for whatever works on either, in both directions', async () => {
    for (const held of [ours, theirs])
      for (const how of ['rename', 'unrename'] as const)
        await withConnection(await workspace.services.infrastructure.admin(), async client => {
          const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
          await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`instance-manager ${held.database}`])
          const done = databases[how](ours, theirs)
          await until(async () => (await client.query(waiting)).rows.length > 0)
          await client.query('SELECT pg_advisory_unlock_all()')
          await done
        })
    expect(await found()).toEqual([{ it: 'ours_db' }])
  })

  it('isn’t reversed if it was never done', async () => {
    const other = await layOut(workspace, 'theirs')
    await makeDatabase(workspace, other)
    const { DIRECT_URL } = await envOf(other.server)
    const session = new Client({ connectionString: DIRECT_URL })
    await session.connect()
    await databases.unrename(ours, theirs)
    expect((await session.query('SELECT 1 AS it')).rows).toEqual([{ it: 1 }])
    await session.end()
    expect(await found()).toEqual([{ it: 'ours_db' }, { it: 'theirs_db' }])
    await workspace.discard('theirs')
  })
})

describe('is refused, and nothing is touched', () => {
  beforeAll(async () => {
    await instance('steady', true)
    await layOut(workspace, 'taken')
    await workspace.sql('CREATE DATABASE claimed_db')
    await writeFile(join(logs(), 'former-error.log'), 'of another')
  })

  it.each([
    ['steady', 'name-same'],
    ['TAKEN', 'name-taken'],
    ['all', 'name-reserved'],
    ['claimed', 'database-exists'],
    ['former', 'logs-exist'],
  ])('to %s: %s', async (to, code) => {
    expect(await refusal(workspace, 'rename', { name: 'steady', to })).toMatchObject({ code })
  })

  it('if it has a system user', async () => {
    await changeInstanceConfig(join(folderOf('taken'), 'config.json'), it => ({ ...it, systemUser: { before: {} } }))
    const request = { name: 'taken', to: 'free' }
    expect(await refusal(workspace, 'rename', request)).toMatchObject({ code: 'rename-isolated' })
    expect(await workspace.services.instances.checkRename(request)).toMatchObject({
      problem: { code: 'rename-isolated' },
    })
    await changeInstanceConfig(join(folderOf('taken'), 'config.json'), it => ({ ...it, systemUser: undefined }))
    expect(await workspace.services.instances.checkRename(request)).toEqual({})
  })

  it('while others are connected to its database, or its password would be lost', async () => {
    await workspace.sql(`CREATE ROLE reporter LOGIN PASSWORD 'x'; GRANT CONNECT ON DATABASE steady_db TO reporter`)
    const { DIRECT_URL = '' } = await envOf(serverOf('steady'))
    const url = Object.assign(new URL(DIRECT_URL), { username: 'reporter', password: 'x' }).href
    const session = new Client({ connectionString: url, application_name: 'psql' })
    await session.connect()
    expect(await refusal(workspace, 'rename', { name: 'steady', to: 'other' })).toMatchObject({
      code: 'database-in-use',
      cause: 'reporter (psql).',
    })
    await session.end()
    await workspace.sql(`SET password_encryption = md5; ALTER ROLE steady_user PASSWORD 'x'`)
    expect(await refusal(workspace, 'rename', { name: 'steady', to: 'other' })).toMatchObject({ code: 'password-md5' })
  })

  it('if it is protected, unless its name was typed', async () => {
    const { setLabels, begin } = workspace.services.instances
    await setLabels({ name: 'taken', protected: true })
    const request = { kind: 'rename', name: 'taken', to: 'free' } as const
    expect(await begin(request).catch(toProblem)).toMatchObject({ code: 'instance-protected' })
    const { phase } = await workspace.services.operations.settled(await begin({ ...request, typed: 'taken' }))
    expect(phase).toBe('succeeded')
  })
})
