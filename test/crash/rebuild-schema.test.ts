/**
 * Rebuilds and rollbacks that change the database's schema, killed with -9 on their way, again and again: the new code
 * with the new schema, or the old code with the old one, and all rows.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { OperationState } from '../../src/shared/operation'
import type { Moment } from '../support/faults'
import { first, schemaWorkspace, setVersion, type SchemaWorkspace, type Version } from '../support/schema-base'
import { mustSucceed, until } from '../support/workspace'
import { crash, recover } from './crash'

let workspace: SchemaWorkspace
let port: number
beforeAll(async () => {
  workspace = await schemaWorkspace()
  ;({ port } = mustSucceed(await workspace.create({ name: 'school' })).plan as unknown as { port: number })
  await workspace.query('school', `INSERT INTO users (name, phone) VALUES ('Ada', '1'), ('Bob', '2'), ('Eve', NULL)`)
})
beforeEach(() => workspace.open()) // a test that failed may have left it closed
afterAll(() => workspace?.remove())

const phoneless: Version = { columns: 'id, name, note', fields: 'name String\n  note String?' }

const place = (...path: string[]): string => join(workspace.root, 'instances/school', ...path)
/** What the instance's code reads, what the tables have, and that nothing lies around. */
async function look() {
  await until(async () => !(await readdir(join(workspace.root, 'instances'))).some(it => it.startsWith('.trash')))
  const names = (await workspace.sql<{ it: string }>('SELECT datname AS it FROM pg_database')).map(it => it.it)
  expect(names.filter(it => it.startsWith('im_copy_'))).toEqual([])
  expect(await readdir(place())).not.toContain('.next')
  expect(await readdir(place())).not.toContain('.replaced')
  return {
    served: await (await fetch(`http://127.0.0.1:${port}/`)).json(),
    rows: await workspace.query('school', 'SELECT * FROM users ORDER BY id'),
  }
}

/** Killed at each of the moments, which must come in this order; a step that is killed three times waits for someone. */
async function killed(kind: string, input: object, moments: readonly Moment[]): Promise<OperationState | undefined> {
  await workspace.close()
  for (const [index, killAt] of moments.entries())
    await crash(workspace, { ...(index === 0 && { run: [[kind, input]] }), killAt })
  return (await recover(workspace))[0]
}
const doing = (step: string): Moment => ({ at: 'after', what: `doing ${step}` })
const beforeDone = (step: string): Moment => ({ at: 'before', what: `done ${step}` })
/** The database has the new schema, and the code isn't exchanged yet. */
const between: Moment = { at: 'renamed', what: '.replaced/server' }
const settled: Moment = { at: 'before', what: 'settled' }

const push = { name: 'school', schema: { acceptLoss: true } }
const old = [
  { id: 1, name: 'Ada', phone: '1' },
  { id: 2, name: 'Bob', phone: '2' },
  { id: 3, name: 'Eve', phone: null },
]

it('new code that fails only once it runs: the old code and the old schema are back, with all rows', async () => {
  const before = await look()
  expect(before).toEqual({ served: old, rows: old })
  await setVersion(workspace, { ...phoneless, first: 'if (process.env.pm_id) throw new Error("not under PM2")' })
  const undone = (at: 'before' | 'after', step: string): Moment => ({ at, what: `undone ${step}` })
  const state = await killed('rebuild', push, [
    { at: 'after', what: 'turned' },
    undone('before', 'switch'),
    undone('after', 'switch'),
    undone('before', 'rehearse-schema'),
    undone('after', 'fill-slot'),
  ])
  expect(state).toMatchObject({ phase: 'rolled-back', turned: { reason: 'failed' } })
  expect(await look()).toEqual(before)
})

const ways: readonly (readonly Moment[])[] = [
  [doing('rehearse-schema'), doing('trial'), between, doing('start-process'), doing('keep-previous')],
  [
    beforeDone('rehearse-schema'),
    beforeDone('trial'),
    doing('switch'),
    beforeDone('switch'),
    beforeDone('keep-previous'),
    settled,
  ],
]
it.each(ways)('a rebuild, killed at %o …, and a rollback', async (...moments) => {
  await setVersion(workspace, phoneless)
  expect(await killed('rebuild', push, moments)).toMatchObject({ phase: 'succeeded' })
  const rows = old.map(({ id, name }) => ({ id, name, note: null }))
  expect(await look()).toEqual({ served: rows, rows })
  await setVersion(workspace, first)
  const back = moments.filter(it => !it.what.endsWith('rehearse-schema'))
  expect(await killed('rollback', { name: 'school' }, back)).toMatchObject({ phase: 'succeeded' })
  expect(await look()).toEqual({ served: old, rows: old })
})
