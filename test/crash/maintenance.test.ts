/**
 * Maintenance of several databases that is killed with -9, at the lines of its own journal and of its parts', and in
 * the middle of a statement, and started again: every database is maintained, and nothing is left behind.
 */
import type { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { resultsOf } from '../../src/shared/jobs/many'
import { layOut, makeDatabase } from '../support/cli-instance'
import type { Moment } from '../support/faults'
import { connectAs, loginOf } from '../support/instance-client'
import { makeTiny } from '../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { crash, recover, startChild } from './crash'

const kind = 'maintain-databases'
const all = ['a', 'b']
let workspace: TestWorkspace
let port: number
let holder: Client | undefined

/** On a connection of its own: PostgreSQL counts what a session did when that ends, or after ten idle seconds. */
async function its<Row extends object>(name: string, sql: string): Promise<Row[]> {
  const client = await connectAs(await loginOf(workspace.root, name), port)
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}
const deadIn = async (name: string): Promise<number> =>
  Number((await its<{ dead: string }>(name, 'SELECT sum(n_dead_tup) AS dead FROM pg_stat_user_tables'))[0]?.dead)
const indexesIn = (name: string) =>
  its<{ name: string; valid: boolean; small: boolean }>(
    name,
    `SELECT relname AS name, indisvalid AS valid, pg_relation_size(oid) < 500000 AS small
     FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace`,
  )

/** Dead rows, and a bloated index. */
async function bloat(name: string): Promise<void> {
  await its(
    name,
    `DROP TABLE IF EXISTS pupils; CREATE TABLE pupils (id int PRIMARY KEY) WITH (autovacuum_enabled = false);
     INSERT INTO pupils SELECT generate_series(1, 60000); DELETE FROM pupils WHERE id % 20 <> 0`,
  )
  await until(async () => (await deadIn(name)) > 50_000)
}
async function expectMaintained(): Promise<void> {
  for (const name of all) {
    expect(await deadIn(name)).toBe(0)
    expect(await indexesIn(name)).toEqual([{ name: 'pupils_pkey', valid: true, small: true }])
  }
}

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  port = (await workspace.services.infrastructure.status()).postgres.port
  for (const it of all) await makeDatabase(workspace, await layOut(workspace, it))
})
beforeEach(async () => {
  await workspace.open() // a test that failed may have left it closed
  for (const it of all) await bloat(it)
})
afterEach(() => holder?.end())
afterAll(() => workspace.remove())

describe('every database is maintained', () => {
  it.each<Moment[][]>([
    [[{ at: 'after', what: 'opened' }]],
    [[{ at: 'after', what: 'doing instance/a' }]],
    [[{ at: 'after', what: 'doing vacuum' }]],
    [[{ at: 'before', what: 'done vacuum' }]],
    [[{ at: 'before', what: 'done reindex' }]],
    [
      [
        { at: 'before', what: 'done instance/a' },
        { at: 'after', what: 'doing reindex' },
      ],
    ],
    [[{ at: 'torn', what: 'done instance/b' }]],
  ])('killed at %o', async moments => {
    await workspace.close()
    const [first, ...others] = moments
    await crash(workspace, { run: [[kind, {}]], killAt: first })
    for (const killAt of others) await crash(workspace, { killAt })
    const state = (await recover(workspace)).find(it => it.kind === kind)
    expect(state?.phase).toBe('succeeded')
    expect(state && resultsOf(state).map(it => [it.name, it.result?.problem])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ])
    const parts = workspace.services.operations
      .list()
      .filter(it => it.kind === 'maintain-database' && it.openedAt >= (state?.openedAt ?? ''))
    expect(parts.map(it => it.subject).toSorted()).toEqual(all) // none twice
    await expectMaintained()
  })
})

it('killed while an index is being rebuilt: the server stops by itself, and the rest of the index is removed', async () => {
  await workspace.close()
  await its('a', 'VACUUM (ANALYZE) pupils')
  holder = await connectAs(await loginOf(workspace.root, 'a'), port)
  await holder.query('BEGIN; INSERT INTO pupils VALUES (0)') // REINDEX waits for it
  const child = startChild(workspace, { run: [[kind, { names: ['a'] }]] })
  const rebuilding = async (): Promise<boolean> =>
    (
      await its(
        'b',
        "SELECT FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND state = 'active' AND usename = 'a_user'",
      )
    ).length > 0
  const seen = async (): Promise<boolean> => (await indexesIn('a')).some(it => !it.valid)
  await until(seen)
  child.kill('SIGKILL')
  await child
  await until(async () => !(await rebuilding()))
  expect((await indexesIn('a')).filter(it => !it.valid).map(it => it.name)).toEqual(['pupils_pkey_ccnew'])
  await holder.query('COMMIT')
  const state = (await recover(workspace)).find(it => it.kind === kind)
  expect(state?.phase).toBe('succeeded')
  expect(await indexesIn('a')).toEqual([{ name: 'pupils_pkey', valid: true, small: true }])
})
