/** Rebuilds to code with another schema: what they would do, the database changed with them or left, and the way back. */
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { findSystemUser } from '../../../src/main/instances/system-user/identity'
import { Schemas } from '../../../src/main/schema/schemas'
import { exists } from '../../../src/main/system/files'
import { workspacePaths } from '../../../src/main/workspace/paths'
import type { InstanceConfig } from '../../../src/shared/instance'
import { headline } from '../../../src/shared/jobs/words'
import { resultsOf } from '../../../src/shared/jobs/many'
import type { OperationState } from '../../../src/shared/operation'
import { problem } from '../../../src/shared/problem'
import { dumpOf } from '../../support/dump'
import { first, schemaWorkspace, setVersion, type SchemaWorkspace, type Version } from '../../support/schema-base'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, whyNoUsers } from '../../support/second-user'
import { mustSucceed } from '../../support/workspace'
import { job, mustDo, refusal, statuses } from '../lifecycle/lifecycle'
import { holdTrial } from './held-trial'

let workspace: SchemaWorkspace
let port: number
beforeAll(async () => {
  workspace = await schemaWorkspace()
  ;({ port } = mustSucceed(await workspace.create({ name: 'school' })).plan as unknown as { port: number })
  await workspace.query('school', `INSERT INTO users (name, phone) VALUES ('Ada', '1'), ('Bob', '2'), ('Eve', NULL)`)
})
afterAll(() => workspace?.remove())

const signal = new AbortController().signal
const copies = async (): Promise<string[]> =>
  (await workspace.sql<{ name: string }>("SELECT datname AS name FROM pg_database WHERE datname LIKE 'im_copy_%'")).map(
    it => it.name,
  )
/** As the instance's own code reads them. */
const users = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/`)).json()
/** And all that the database has. */
const all = async () => ({ users: await users(), database: await dumpOf(workspace, 'school_db') })
const inInstance = (...path: string[]): string => join(workspace.root, 'instances/school', ...path)
const config = async (): Promise<InstanceConfig> =>
  JSON.parse(await readFile(inInstance('config.json'), 'utf8')) as InstanceConfig
const notes = ({ steps }: OperationState): string => steps.flatMap(it => it.notes ?? []).join('\n')
const rebuild = { name: 'school' } as const
const push = { ...rebuild, schema: {} } as const

const noted: Version = { columns: 'id, name, phone, note', fields: `${first.fields}\n  note String?` }
const uniqueNames: Version = { ...noted, fields: noted.fields.replace('name String', 'name String @unique') }
const phoneless: Version = { columns: 'id, name, note', fields: 'name String\n  note String?' }

it('says what a change would do, without touching the database', async () => {
  const before = await users()
  const rehearse = workspace.services.instances.rehearse
  await setVersion(workspace, { columns: 'id, name, mobile', fields: 'name String\n  mobile String?' })
  expect(await rehearse({ name: 'school', renames: [] }, signal)).toMatchObject({
    class: 'destructive',
    drift: [],
    losses: [{ column: 'phone', count: 2, keys: ['1', '2'] }],
    candidates: [{ kind: 'column', table: 'users', from: 'phone', to: 'mobile' }],
    rollback: { exact: true },
  })
  const renames = [{ kind: 'column', table: 'users', from: 'phone', to: 'mobile' }] as const
  expect(await rehearse({ name: 'school', renames: [...renames] }, signal)).toMatchObject({
    class: 'restrictive',
    losses: [],
  })
  expect(await users()).toEqual(before)
  expect(await copies()).toEqual([])
})

it('without space for a copy or a dump it says so, and makes none', async () => {
  const { space, instances } = workspace.services
  const { needed } = (await instances.reviewRebuild('school', signal)).disk
  const disk = vi.spyOn(space, 'disk').mockResolvedValue({ ...(await space.disk()), free: 20_000_000, reserve: 0 })
  await expect(instances.rehearse({ name: 'school', renames: [] }, signal)).rejects.toMatchObject({
    problem: { code: 'disk-space', message: 'There isn’t enough disk space for a rehearsal.' },
  })
  disk.mockResolvedValue({ ...(await space.disk()), free: needed + 1_000_000 }) // enough for the code alone
  expect(await refusal(workspace, 'rebuild', push)).toMatchObject({
    code: 'disk-space',
    message: 'There isn’t enough disk space for a rebuild.',
  })
  disk.mockRestore()
  expect(await copies()).toEqual([])
})

it('without being asked to, it leaves the schema, and says so; code that can’t do with it never gets in', async () => {
  const before = await users()
  await setVersion(workspace, noted)
  const failed = await job(workspace, 'rebuild', rebuild)
  expect(failed).toMatchObject({ phase: 'rolled-back', turned: { problem: { code: 'trial-failed' } } })
  expect(JSON.stringify(failed)).toContain('column \\"note\\" does not exist')
  expect(await config()).not.toHaveProperty('schemaBehind')
  await setVersion(workspace, { ...noted, columns: first.columns })
  expect(headline(await mustDo(workspace, 'rebuild', rebuild))).toContain('its database keeps the old schema')
  expect(await config()).toMatchObject({ schemaBehind: true })
  expect(await users()).toEqual(before)
})

it('what an earlier rebuild left is changed when it is asked for', async () => {
  await setVersion(workspace, noted)
  const state = await mustDo(workspace, 'rebuild', push)
  expect(notes(state)).toMatch(
    /This only adds to the schema[^]+differed[^]+ALTER TABLE "users" ADD COLUMN +"note" TEXT/,
  )
  expect(await users()).toMatchObject([{ name: 'Ada', phone: '1', note: null }, { name: 'Bob' }, { name: 'Eve' }])
  expect(await config()).not.toHaveProperty('schemaBehind')
  expect(await config()).toMatchObject({ previous: { schemaBehind: true } })
  await workspace.query('school', `UPDATE users SET note = 'a note' WHERE name = 'Bob'`)
})

it('a consent to another loss is none', async () => {
  const before = await users()
  await setVersion(workspace, phoneless)
  const agreed = [{ kind: 'column', table: 'users', column: 'note' }]
  const { turned } = await job(workspace, 'rebuild', { ...push, schema: { acceptLoss: agreed } })
  expect(turned?.problem).toMatchObject({ code: 'schema-loss', cause: expect.stringContaining('`phone`') as string })
  expect(await users()).toEqual(before)
})

it('what would be lost is named, and nothing is touched until it is accepted', async () => {
  const before = await all()
  await setVersion(workspace, phoneless)
  expect(await job(workspace, 'rebuild', push)).toMatchObject({
    phase: 'rolled-back',
    turned: { problem: { code: 'schema-loss', cause: 'It drops column `phone` of `users`: 2 values.' } },
  })
  expect(await all()).toEqual(before)
  const agreed = [{ kind: 'column', table: 'users', column: 'phone' }]
  const state = await mustDo(workspace, 'rebuild', { ...push, schema: { acceptLoss: agreed } })
  expect(notes(state)).toContain('Drops column `phone` of `users`: 2 values, kept aside.')
  expect(await users()).toMatchObject([{ name: 'Ada' }, { name: 'Bob', note: 'a note' }, { name: 'Eve' }])
  expect(await copies()).toEqual([])
})

it('a rollback brings back what was lost and keeps what was written since; another one goes forward again', async () => {
  expect(await workspace.services.instances.wayBack('school')).toEqual({ schema: { to: 'old', limits: [] } })
  await workspace.query('school', `INSERT INTO users (name, note) VALUES ('New', 'written later')`)
  await workspace.query('school', `UPDATE users SET name = 'Ada L.' WHERE name = 'Ada'`)
  const after = await users()
  const state = await mustDo(workspace, 'rollback', rebuild)
  expect(notes(state)).toContain('The database’s schema was moved backward.')
  expect(await workspace.services.instances.wayBack('school')).toEqual({ schema: { to: 'new', limits: [] } })
  expect(await users()).toEqual([
    { id: 1, name: 'Ada L.', phone: '1', note: null },
    { id: 2, name: 'Bob', phone: '2', note: 'a note' },
    { id: 3, name: 'Eve', phone: null, note: null },
    { id: 4, name: 'New', phone: null, note: 'written later' },
  ])
  await mustDo(workspace, 'rollback', rebuild)
  expect(await users()).toEqual(after)
  await mustDo(workspace, 'rollback', rebuild)
  expect(await copies()).toEqual([])
})

it('cancelled while the new code is tried: the copy of the database is dropped', async () => {
  const { operations } = workspace.services
  const before = await all()
  const held = await holdTrial(workspace)
  await setVersion(workspace, { ...uniqueNames, first: held.wait })
  const id = await held.begin('rebuild', push)
  expect(await copies()).toHaveLength(1)
  operations.cancel(id)
  expect(await operations.settled(id)).toMatchObject({ phase: 'rolled-back', turned: { reason: 'cancelled' } })
  expect(await copies()).toEqual([])
  expect(await all()).toEqual(before)
})

it('rows that get in the way at the last moment: all is as it was', async () => {
  const held = await holdTrial(workspace)
  await setVersion(workspace, { ...uniqueNames, first: held.wait })
  const { operations } = workspace.services
  const id = await held.begin('rebuild', push)
  await workspace.query('school', `UPDATE users SET name = 'Bob' WHERE name = 'Eve'`)
  const before = await all()
  await held.letGo()
  expect(await operations.settled(id)).toMatchObject({
    phase: 'rolled-back',
    turned: {
      problem: {
        code: 'schema-refused',
        cause: '`name` of `users` must be unique, but 2 rows (2 and 3) have duplicate values.',
      },
    },
  })
  expect(await all()).toEqual(before)
  expect(await copies()).toEqual([])
  expect(await statuses(workspace)).toEqual({ school: 'online' })
  const fix = `UPDATE users SET name = 'Eve' WHERE id = 3`
  const state = await mustDo(workspace, 'rebuild', { ...push, schema: { fix, acceptLoss: true } })
  expect(notes(state)).toContain(fix)
  expect(await users()).toMatchObject([{}, { name: 'Bob' }, { name: 'Eve' }, {}])
})

it('the database is saved first where there is a tool for it, for nobody else to read', async () => {
  const dumps = (await workspace.services.infrastructure.driver()).tool !== undefined
  const found = await stat(inInstance('.previous/database.dump')).catch(() => undefined)
  expect(found && found.mode & 0o777).toBe(dumps ? 0o600 : undefined)
})

/** The rows that are kept, by the tables that they are in. */
async function kept(): Promise<unknown[]> {
  const tables = await workspace.query<{ name: string }>(
    'school',
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'im_kept'::regnamespace AND relkind = 'r' AND relname <> 'moves'",
  )
  return Promise.all(tables.map(it => workspace.query('school', `SELECT * FROM im_kept."${it.name}"`)))
}

it('what no way back needs is let go', async () => {
  expect(await kept()).not.toEqual([])
  await mustDo(workspace, 'rebuild', rebuild)
  expect(await kept()).toEqual([])
  expect(await exists(inInstance('.previous/database.dump'))).toBe(false)
  expect(await workspace.services.instances.wayBack('school')).toEqual({})
})

it('rows that bar the way back: the new code serves until they are corrected; what users wrote is kept', async () => {
  const { operations } = workspace.services
  await setVersion(workspace, {
    columns: 'id, name, phone, note, extra',
    fields: `${noted.fields}\n  extra String?`,
    // under PM2 it fails its smoke test, and writes what the old schema doesn't allow
    first: `const http = require('node:http'), { createServer } = http
    if (process.env.pm_id) http.createServer = handle => createServer(async (request, response) => {
      response.statusCode = 404
      await pool.query("UPDATE users SET name = 'Bob', extra = 'new' WHERE extra IS NULL")
      await handle(request, response)
    })`,
  })
  const id = await operations.start('rebuild', push)
  const { phase, steps } = await operations.rested(id)
  expect(phase).toBe('stuck')
  expect(steps.find(it => it.status === 'stuck')).toMatchObject({ name: 'switch', problem: { code: 'schema-refused' } })
  expect(await statuses(workspace)).toEqual({ school: 'online' })
  expect(await users()).toMatchObject([1, 2, 3, 4].map(its => ({ id: its, name: 'Bob', extra: 'new' })))
  await workspace.query('school', `UPDATE users SET name = 'Bob ' || id`)
  operations.retry(id)
  expect((await operations.settled(id)).phase).toBe('rolled-back')
  expect(await users()).toMatchObject([1, 2, 3, 4].map(it => ({ name: `Bob ${it}` })))
  expect(JSON.stringify(await kept())).toContain('"new"')
  await setVersion(workspace, uniqueNames)
})

it('the way back is barred before any code was exchanged: the old code serves until it is open', async () => {
  await setVersion(workspace, { ...uniqueNames, fields: `${uniqueNames.fields}\n  extra String?` })
  const before = await all()
  const { forward } = Schemas.prototype
  vi.spyOn(Schemas.prototype, 'forward').mockImplementation(async function (this: Schemas, login, ...rest) {
    const report = await forward.call(this, login, ...rest)
    if (login.database === 'school_db') throw new Error('out of disk')
    return report
  })
  const locked = problem({ code: 'schema-locked', message: 'Another session holds a table.' })
  vi.spyOn(Schemas.prototype, 'backward').mockRejectedValueOnce(locked)
  const { operations } = workspace.services
  const id = await operations.start('rebuild', push)
  const { phase, steps } = await operations.rested(id)
  expect(phase).toBe('stuck')
  expect(steps.find(it => it.status === 'stuck')).toMatchObject({ name: 'switch', problem: { code: 'schema-locked' } })
  expect(await statuses(workspace)).toEqual({ school: 'online' })
  expect(await users()).toEqual(before.users)
  operations.retry(id)
  expect((await operations.settled(id)).phase).toBe('rolled-back')
  vi.restoreAllMocks()
  expect(await all()).toEqual(before)
  await setVersion(workspace, uniqueNames)
})

it('a schema of several files is refused', async () => {
  const other = join(workspace.root, 'server/prisma/more.prisma')
  await writeFile(other, '')
  expect(await refusal(workspace, 'rebuild', push)).toMatchObject({
    code: 'schema-files',
    cause: expect.stringContaining('server/prisma/more.prisma') as string,
  })
  await expect(stat(inInstance('.next'))).rejects.toThrow('ENOENT')
  await rm(other)
})

it('of several, each database is rehearsed at its own turn', async () => {
  mustSucceed(await workspace.create({ name: 'empty' }))
  await workspace.query('school', `INSERT INTO users (name, phone) VALUES ('Kim', '7'), ('Lee', '7')`)
  const before = await users()
  await setVersion(workspace, {
    columns: noted.columns,
    fields: 'name String @unique\n  phone String? @unique\n  note String?',
  })
  const state = await mustDo(workspace, 'rebuild-many', { canary: 'empty', names: ['school'], schema: {} })
  expect(resultsOf(state).map(({ name, result }) => [name, result?.problem?.code])).toEqual([
    ['empty', undefined],
    ['school', 'schema-refused'],
  ])
  const unique = await workspace.query('empty', "SELECT FROM pg_indexes WHERE indexname = 'users_phone_key'")
  expect(unique).toHaveLength(1)
  expect(await users()).toEqual(before)
})

it('of several, a loss is agreed to for each: one that would lose more ends it, untouched', async () => {
  await setVersion(workspace, phoneless)
  const before = await users()
  const phone = { kind: 'column', table: 'users', column: 'phone' } as const
  const stopped = await mustDo(workspace, 'rebuild-many', {
    canary: 'school',
    names: ['empty'],
    answers: { school: { acceptLoss: [{ ...phone, most: 3 }] }, empty: { acceptLoss: [phone] } },
  })
  const results = Object.fromEntries(resultsOf(stopped).map(({ name, result }) => [name, result?.problem]))
  expect(results).toMatchObject({
    school: {
      code: 'schema-loss',
      message: 'The schema change would lose more than was agreed to.',
      cause: 'It drops column `phone` of `users`: 4 values (agreed to: 3).',
    },
    empty: { code: 'left-alone' },
  })
  expect(await users()).toEqual(before)
})

describeWhere(canMakeUsers, whyNoUsers)('with a system user of its own', () => {
  it('Prisma runs as that user', async () => {
    await chmod(workspace.home, 0o711) // as /srv: others pass through
    await setVersion(workspace, first)
    mustSucceed(await workspace.create({ name: 'own', systemUser: true }))
    const user = await findSystemUser(workspacePaths(workspace.root), 'own')
    await setVersion(workspace, noted)
    const prismaConfig = join(workspace.root, 'instances/own/server/prisma.config.ts')
    const text = await readFile(prismaConfig, 'utf8')
    await writeFile(prismaConfig, `if (process.getuid() !== ${user?.uid}) throw new Error('as root')\n${text}`)
    await mustDo(workspace, 'rebuild', { name: 'own', schema: {} })
    expect(await workspace.query('own', 'SELECT note FROM users')).toEqual([])
    await mustDo(workspace, 'rollback', { name: 'own' })
    await mustDo(workspace, 'unisolate', { name: 'own' })
  })
})
