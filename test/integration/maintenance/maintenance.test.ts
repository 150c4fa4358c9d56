/** Maintenance of instances' databases, on the real PostgreSQL. */
import type { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { resultsOf } from '../../../src/shared/jobs/many'
import type { MaintenanceState } from '../../../src/shared/maintenance'
import type { OperationState } from '../../../src/shared/operation'
import { layOut, makeDatabase } from '../../support/cli-instance'
import { connectAs, loginOf } from '../../support/instance-client'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../../support/workspace'

let workspace: TestWorkspace
const open: Client[] = []

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny, as: 'serve' })
  await workspace.open()
  await workspace.startInfrastructure()
  for (const it of ['Alpha', 'beta', 'gone']) await makeDatabase(workspace, await layOut(workspace, it))
  await workspace.sql('DROP DATABASE gone_db')
})
afterEach(async () => {
  await Promise.all(open.splice(0).map(it => it.end()))
  for (const it of ['Alpha', 'beta'])
    await (await as(it)).query('DROP OWNED BY CURRENT_USER CASCADE; CREATE SCHEMA IF NOT EXISTS public')
})
afterAll(() => workspace.remove())

/** As the instance's role. */
async function as(name: string): Promise<Client> {
  const { postgres } = await workspace.services.infrastructure.status()
  const client = await connectAs(await loginOf(workspace.root, name), postgres.port)
  open.push(client)
  return client
}

async function begin(names?: readonly string[]): Promise<string> {
  return workspace.services.operations.start('maintain-databases', names ? { names } : {})
}
const settled = (id: string): Promise<OperationState> => workspace.services.operations.settled(id)
const maintain = async (...names: string[]): Promise<OperationState> => settled(await begin(names))
const resultOf = (state: OperationState, name: string) => resultsOf(state).find(it => it.name === name)?.result
const problemsOf = (state: OperationState) => resultsOf(state).map(it => [it.name, it.result?.problem?.code])
const ownOf = (name: string): OperationState | undefined =>
  workspace.services.operations
    .list()
    .findLast(it => it.kind === 'maintain-database' && it.subject === name.toLowerCase())

/** Most of its rows are dead, and its index is nearly empty. */
async function bloat(client: Client, table = 'pupils'): Promise<void> {
  await client.query(`CREATE TABLE ${table} (id int, name text, PRIMARY KEY (id)) WITH (autovacuum_enabled = false)`)
  await client.query(`CREATE INDEX ${table}_name ON ${table} (name)`)
  await client.query(`INSERT INTO ${table} SELECT n, 'pupil number ' || n FROM generate_series(1, 100000) AS n`)
  await client.query(`CREATE INDEX ${table}_fresh ON ${table} (id, name)`)
  await client.query(`DELETE FROM ${table} WHERE id % 20 <> 0`)
  await until(async () => (await deadRows(client)) > 90_000) // the statistics arrive late
}
const deadRows = async (client: Client): Promise<number> =>
  Number(
    (await client.query<{ dead: string }>('SELECT coalesce(sum(n_dead_tup), 0) AS dead FROM pg_stat_user_tables'))
      .rows[0]?.dead,
  )
const indexesOf = async (client: Client): Promise<Record<string, number>> =>
  Object.fromEntries(
    (
      await client.query<{ name: string; bytes: string }>(
        `SELECT relname AS name, pg_relation_size(oid) AS bytes FROM pg_class
         WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace`,
      )
    ).rows.map(it => [it.name, Number(it.bytes)]),
  )

it('dead rows are gone, bloated indexes are small again, and what was measured is kept', async () => {
  const client = await as('Alpha')
  await bloat(client)
  const before = await indexesOf(client)
  const { review } = workspace.services.maintenance
  const [found] = await review(['Alpha'], new AbortController().signal)
  expect(found).toMatchObject({ name: 'Alpha', tables: 1 })
  expect(found?.dead).toBeGreaterThan(90_000)
  expect(await indexesOf(client)).toEqual(before)

  const state = await maintain('Alpha', 'beta')
  expect(state.phase).toBe('succeeded')
  expect(problemsOf(state)).toEqual([
    ['Alpha', undefined],
    ['beta', undefined],
  ])
  const figures = resultOf(state, 'Alpha')?.figures
  expect(figures).toMatchObject({ tables: 1, deadAfter: 0, indexes: 3 })
  expect(figures?.['deadBefore']).toBeGreaterThan(90_000)
  expect((figures?.['bytesBefore'] ?? 0) - (figures?.['bytesAfter'] ?? 0)).toBeGreaterThan(4_000_000)
  const after = await indexesOf(client)
  expect(Object.keys(after).toSorted()).toEqual(Object.keys(before).toSorted())
  for (const it of Object.keys(before)) expect(after[it]).toBeLessThan((before[it] ?? 0) / 5)
  expect(ownOf('Alpha')?.steps.find(it => it.name === 'reindex')?.notes).toContain('Rebuilt `pupils_name`: ')
  expect(await deadRows(client)).toBe(0)
  expect((await client.query('SELECT count(*)::int AS n FROM pupils')).rows).toEqual([{ n: 5000 }])

  const again = await maintain('Alpha')
  expect(resultOf(again, 'Alpha')?.figures).toMatchObject({ tables: 0, indexes: 0 })
})

it('an index that random inserts have left two thirds full isn’t rebuilt', async () => {
  const client = await as('beta')
  await client.query('CREATE TABLE ids (id uuid PRIMARY KEY, note text)')
  await client.query(`INSERT INTO ids SELECT md5(n::text)::uuid FROM generate_series(1, 60000) AS n`)
  await client.query('CREATE INDEX ON ids (note)') // only nulls
  expect(resultOf(await maintain('beta'), 'beta')?.figures).toMatchObject({ tables: 1, indexes: 0 })
})

it('what a tenant plants runs as the tenant, and odd names are only names', async () => {
  const client = await as('Alpha')
  await client.query(`
    CREATE TABLE seen (session text, who text, super boolean);
    CREATE FUNCTION spy(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE TABLE "a""b; DROP TABLE seen; --" (t text) WITH (autovacuum_enabled = false);
    CREATE INDEX "i""; DROP TABLE seen; --" ON "a""b; DROP TABLE seen; --" (spy(t));
    INSERT INTO "a""b; DROP TABLE seen; --" SELECT n FROM generate_series(1, 60000) AS n;
    DELETE FROM "a""b; DROP TABLE seen; --" WHERE t::int > 10;
    CREATE OR REPLACE FUNCTION spy(text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN
      BEGIN EXECUTE 'RESET SESSION AUTHORIZATION'; EXCEPTION WHEN OTHERS THEN END;
      BEGIN EXECUTE 'ALTER ROLE alpha_user SUPERUSER'; EXCEPTION WHEN OTHERS THEN END;
      INSERT INTO public.seen SELECT session_user, current_user, rolsuper FROM pg_catalog.pg_roles
        WHERE rolname = session_user;
      RETURN $1; END $$;
    CREATE FUNCTION public.pg_has_role(oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT public.spy('''') IS NULL';
    CREATE FUNCTION public.pg_relation_size(oid) RETURNS bigint LANGUAGE sql AS 'SELECT 1/0::bigint';
    CREATE VIEW public.pg_stat_user_tables AS SELECT 1/0 AS n_dead_tup`)
  await client.query(
    `ALTER ROLE alpha_user SET search_path = public, pg_catalog; ALTER ROLE alpha_user SET statement_timeout = 1`,
  )
  const state = await maintain('Alpha')
  await workspace.sql('ALTER ROLE alpha_user RESET ALL')
  expect(problemsOf(state)).toEqual([['Alpha', undefined]])
  expect(resultOf(state, 'Alpha')?.figures).toMatchObject({ indexes: 1 })
  const { rows } = await (await as('Alpha')).query('SELECT DISTINCT * FROM seen')
  expect(rows).toEqual([{ session: 'alpha_user', who: 'alpha_user', super: false }])
  expect(await workspace.sql("SELECT rolname FROM pg_roles WHERE rolsuper AND rolname LIKE 'alpha%'")).toEqual([])
})

it('a missing database and a table that can’t be vacuumed are failures of their own', async () => {
  const client = await as('Alpha')
  await client.query(`
    CREATE TABLE good (n int); CREATE TABLE bad (n int); INSERT INTO bad VALUES (1);
    CREATE FUNCTION fine(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE INDEX ON bad (fine(n));
    CREATE OR REPLACE FUNCTION fine(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$`)
  const state = await settled(await begin())
  expect(state.phase).toBe('succeeded')
  expect(problemsOf(state)).toEqual([
    ['Alpha', 'maintenance-incomplete'],
    ['beta', undefined],
    ['gone', 'maintenance-login'],
  ])
  expect(resultOf(state, 'Alpha')?.problem).toMatchObject({
    message: 'One table couldn’t be vacuumed.',
    cause: '`bad` (no).',
  })
  expect(resultOf(state, 'Alpha')?.figures).toMatchObject({ tables: 1 })
  expect(resultOf(state, 'gone')?.problem?.message).toBe('The database gone_db doesn’t exist.')
})

describe('stopped part-way', () => {
  /** ANALYZE takes for ever. @returns once it has begun */
  async function endless(): Promise<string> {
    const client = await as('Alpha')
    await client.query(`
      CREATE TABLE slow (n int); INSERT INTO slow VALUES (1);
      CREATE FUNCTION wait(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE INDEX ON slow (wait(n));
      CREATE OR REPLACE FUNCTION wait(int) RETURNS int LANGUAGE sql AS 'SELECT $1 FROM pg_catalog.pg_sleep(600)'`)
    const id = await begin(['Alpha', 'beta'])
    await until(async () => (await vacuums()).length > 0)
    return id
  }
  const vacuums = () =>
    workspace.sql(
      "SELECT pid FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND state = 'active' AND usename = 'alpha_user'",
    )

  it('cancelled, the statement ends in the server and the others are left alone', async () => {
    const id = await endless()
    workspace.services.operations.cancel(id)
    const state = await settled(id)
    expect(state).toMatchObject({ phase: 'rolled-back', turned: { reason: 'cancelled' } })
    expect(problemsOf(state)).toEqual([
      ['Alpha', 'maintenance-stopped'],
      ['beta', undefined],
    ])
    expect(resultOf(state, 'beta')).toBeUndefined()
    expect(ownOf('Alpha')?.phase).toBe('rolled-back')
    expect(await vacuums()).toEqual([])
  })

  it('gives way to another job on the instance, and continues with the next instance', async () => {
    const id = await endless()
    const stop = await workspace.services.instances.begin({ kind: 'limits', name: 'Alpha', connections: 60 })
    expect((await settled(stop)).phase).toBe('succeeded')
    const state = await settled(id)
    expect(problemsOf(state)).toEqual([
      ['Alpha', 'maintenance-stopped'],
      ['beta', undefined],
    ])
    expect(await vacuums()).toEqual([])
  })
})

it('what an interrupted rebuild left is removed, and nothing that only looks like it', async () => {
  const [client, other] = [await as('Alpha'), await as('Alpha')]
  await client.query('CREATE TABLE pupils (id int, name text)')
  await client.query("CREATE INDEX pupils_name ON pupils (name); INSERT INTO pupils VALUES (1, 'a'), (2, 'a')")
  await client.query('CREATE UNIQUE INDEX CONCURRENTLY pupils_name_ccnew ON pupils (name)').catch(() => undefined)
  await other.query('BEGIN; INSERT INTO pupils VALUES (3)')
  await client.query("SET lock_timeout = '50ms'")
  await client.query('REINDEX INDEX CONCURRENTLY pupils_name').catch(() => undefined)
  await other.query('COMMIT')
  expect(Object.keys(await indexesOf(client)).toSorted()).toEqual([
    'pupils_name',
    'pupils_name_ccnew',
    'pupils_name_ccnew1',
  ])
  const state = await maintain('Alpha')
  expect(problemsOf(state)).toEqual([['Alpha', undefined]])
  expect(Object.keys(await indexesOf(client)).toSorted()).toEqual(['pupils_name', 'pupils_name_ccnew'])
})

it('a rebuild that can’t finish leaves nothing behind', async () => {
  const [client, other] = [await as('Alpha'), await as('Alpha')]
  await bloat(client)
  await client.query('VACUUM ANALYZE pupils')
  await other.query('BEGIN; INSERT INTO pupils VALUES (0)') // REINDEX waits for it
  const id = await begin(['Alpha'])
  await until(
    async () =>
      (await workspace.sql("SELECT FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND wait_event_type = 'Lock'"))
        .length > 0,
  )
  workspace.services.operations.cancel(id)
  await settled(id)
  await settled(ownOf('Alpha')?.id ?? '')
  await other.query('COMMIT')
  await maintain('Alpha')
  expect(Object.keys(await indexesOf(client)).toSorted()).toEqual(['pupils_fresh', 'pupils_name', 'pupils_pkey'])
})

it('shows when it begins automatically, and follows the settings', async () => {
  const ending = new AbortController()
  const shown: MaintenanceState[] = []
  const watching = (async () => {
    for await (const it of workspace.services.maintenance.watch(ending.signal)) shown.push(it)
  })()
  await workspace.services.settings.change({ 'maintenance.day': 'wednesday', 'maintenance.hour': 4 })
  const next = await until(() => {
    const date = new Date(shown.at(-1)?.next ?? 0)
    return date.getDay() === 3 && date.getHours() === 4 && date
  })
  expect(next.getTime()).toBeGreaterThan(Date.now())
  await workspace.services.settings.change({ 'maintenance.day': 'never' })
  await until(() => shown.at(-1)?.next === undefined)
  ending.abort()
  await watching
})

it('needs PostgreSQL', async () => {
  await workspace.stopInfrastructure()
  await expect(begin()).rejects.toMatchObject({ problem: { code: 'infrastructure-stopped' } })
  await workspace.startInfrastructure()
})
