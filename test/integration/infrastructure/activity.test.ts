/** What the databases are doing: long queries, waiting locks and full pools, on the real PostgreSQL and PgBouncer. */
import type { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { Activity } from '../../../src/main/infrastructure/activity/activity'
import { connect } from '../../../src/main/infrastructure/connection'
import { roleConnections } from '../../../src/main/infrastructure/limits'
import { defaultPoolSize } from '../../../src/shared/limits'
import { readJson } from '../../../src/main/system/files'
import { workspacePaths } from '../../../src/main/workspace/paths'
import {
  sessionEnds,
  type DatabaseActivity,
  type InstanceDatabase,
  type Session,
  type SessionEnd,
} from '../../../src/shared/database-activity'
import { ProblemError } from '../../../src/shared/problem'
import { beginLockWait, connectAs, loginOf, type InstanceLogin } from '../../support/instance-client'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../../support/workspace'

let workspace: TestWorkspace
let login: InstanceLogin
let ports: { postgres: number; pgbouncer: number }
const open: Client[] = []

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  mustSucceed(await workspace.create({ name: 'Zeta' }))
  login = await loginOf(workspace.root, 'Zeta')
  const { postgres, pgbouncer } = await workspace.services.infrastructure.status()
  ports = { postgres: postgres.port, pgbouncer: pgbouncer.port }
  const { infrastructure, signal } = workspace.services
  activity = new Activity({
    admin: () => infrastructure.admin(),
    console: () => infrastructure.throughPool('pgbouncer'),
    tenants: () => infrastructure.tenants,
    workspace: (await readJson(workspacePaths(workspace.root).identity, z.object({ id: z.string() })))?.id ?? '',
    longAfter: 0.2,
    signal,
  })
})
afterEach(async () => {
  await workspace.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [login.user])
  await Promise.all(open.splice(0).map(it => it.end().catch(() => undefined)))
})
afterAll(() => workspace.remove())

/** Lists sessions after a moment instead of half a minute. */
let activity: Activity
const look = (): Promise<DatabaseActivity> => activity.look()
const its = (found: DatabaseActivity): InstanceDatabase | undefined =>
  found.databases.find(it => it.instance === 'Zeta')

/** As the instance logs in. */
async function connected(port = ports.postgres): Promise<Client> {
  const client = await connectAs(login, port)
  open.push(client)
  return client
}
/** As the engine itself logs in. */
async function admin(database: string): Promise<Client> {
  const { client } = await connect(
    { ...(await workspace.services.infrastructure.admin()), database },
    { connect: 10_000, query: 600_000 },
  )
  open.push(client)
  return client
}
const outcome = (query: Promise<unknown>): Promise<string> => query.then(() => 'done', String)
const pidOf = async (client: Client): Promise<number> =>
  (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0
const listed = (pid: number): Promise<Session> => until(async () => (await look()).long.find(it => it.pid === pid))
const end = (session: Session, how: SessionEnd): Promise<string> =>
  activity.end(session, how).then(
    () => 'ended',
    (error: unknown) => (error instanceof ProblemError ? error.problem.code : String(error)),
  )
/** A query that lasts, as soon as it is listed. */
async function lasting(client: Client, text = "SELECT pg_sleep(600), 'alice@school.example' AS who -- for bob") {
  const pid = await pidOf(client)
  const ends = outcome(client.query(text))
  return { session: await listed(pid), ends }
}

it('a long query is shown by its instance, without values, and cancelled; its connection stays', async () => {
  const client = await connected()
  const { session, ends } = await lasting(client)
  expect(session).toMatchObject({ instance: 'Zeta', own: true, state: 'active', text: 'SELECT pg_sleep(?), ? AS who' })
  expect(JSON.stringify(await look())).not.toMatch(/alice|bob|sleep\(6/) // other numbers may have a 600 in them
  expect(its(await look())).toMatchObject({ active: 1, limit: roleConnections() })
  expect(await end(session, 'cancel')).toBe('ended')
  expect(await ends).toContain('user request')
  expect(await pidOf(client)).toBe(session.pid)
})

it('a transaction left open is shown, and its connection terminated', async () => {
  const client = await connected()
  const pid = await pidOf(client)
  await client.query('BEGIN')
  await client.query("SELECT 'carol'")
  const session = await listed(pid)
  expect(session).toMatchObject({ instance: 'Zeta', state: 'idle', text: 'SELECT ?' })
  expect(its(await look())?.idleInTransaction).toBe(1)
  expect(await end(session, 'terminate')).toBe('ended')
  await until(async () => its(await look())?.connections === 0)
})

it('a cancel doesn’t hit the next query of the same connection, nor a terminate its next transaction', async () => {
  const client = await connected()
  const { session } = await lasting(client)
  await end(session, 'cancel')
  const next = await lasting(client)
  expect(next.session.pid).toBe(session.pid)
  expect(await end(session, 'cancel')).toBe('session-gone')
  expect(await end(session, 'terminate')).toBe('session-gone')
  expect(await end({ ...next.session, opened: '1' }, 'cancel')).toBe('session-gone')
  expect((await listed(session.pid)).query).toBe(next.session.query)
  expect(await end(next.session, 'terminate')).toBe('ended')
})

it('sessions that aren’t an instance’s are shown without their text, and never ended', async () => {
  const elsewhere = await lasting(await admin('postgres'))
  const inside = await lasting(await admin(login.database))
  expect(elsewhere.session).toMatchObject({ instance: undefined, own: false, text: '' })
  expect(inside.session).toMatchObject({ instance: 'Zeta', own: false, text: '' })
  for (const { session } of [elsewhere, inside])
    for (const how of sessionEnds) expect(await end(session, how)).toBe('session-gone')
  await listed(elsewhere.session.pid)
  await listed(inside.session.pid)
  for (const { session } of [elsewhere, inside]) await workspace.sql('SELECT pg_terminate_backend($1)', [session.pid])
})

it('one whose role carries another workspace’s mark is never ended; what the tenant writes on its database doesn’t count', async () => {
  const { session } = await lasting(await connected())
  const [role] = await workspace.sql<{ mark: string }>(
    `SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = '${login.user}'`,
  )
  const mark = async (text = ''): Promise<unknown> => workspace.sql(`COMMENT ON ROLE ${login.user} IS '${text}'`)
  await mark('instance-manager of another/zeta')
  expect(await end(session, 'cancel')).toBe('session-gone')
  await mark(role?.mark)
  const tenant = await connected()
  await expect(tenant.query(`COMMENT ON ROLE ${login.user} IS NULL`)).rejects.toThrow(/permission denied|must have/)
  await tenant.query(`COMMENT ON DATABASE ${login.database} IS 'instance-manager of another/zeta'`)
  expect(await end(session, 'cancel')).toBe('ended')
})

it('who waits for whom is shown at once', async () => {
  const [holder, waiter] = [await connected(), await connected()]
  const [holds, waits] = [await pidOf(holder), await pidOf(waiter)]
  const { ends } = await beginLockWait(holder, waiter)
  const [lock] = await until(async () => {
    const { locks } = await look()
    return locks.length > 0 && locks
  })
  expect(lock).toMatchObject({
    waiting: { pid: waits, instance: 'Zeta', text: 'INSERT INTO seats VALUES (?, ?)' },
    blockers: [{ pid: holds, instance: 'Zeta', own: true, state: 'idle' }],
  })
  expect(await end(lock?.blockers[0] as Session, 'terminate')).toBe('ended')
  expect(await ends).toBe('done')
})

it('clients that wait for PgBouncer are counted, and how long', async () => {
  const clients = await Promise.all(Array.from({ length: defaultPoolSize + 3 }, () => connected(ports.pgbouncer)))
  for (const client of clients) void outcome(client.query('SELECT pg_sleep(600)'))
  const pool = await until(async () => {
    const found = await look()
    return its(found)?.pool?.waiting === 3 && (found.history.longestWait.at(-1) ?? 0) > 0 && its(found)?.pool
  })
  expect(pool).toMatchObject({
    clients: defaultPoolSize,
    servers: defaultPoolSize,
    serversInUse: defaultPoolSize,
    size: defaultPoolSize,
    paused: false,
  })
  expect(pool.longestWait).toBeGreaterThan(0)
})

it('dead rows are told by table, and sizes by database', async () => {
  const client = await connected()
  await client.query('CREATE TABLE marks WITH (autovacuum_enabled = false) AS SELECT generate_series(1, 1000) AS mark')
  await client.query('DELETE FROM marks')
  await client.end() // which is when it tells what it did
  const table = await until(async () =>
    (await activity.tables('Zeta')).find(it => it.name === 'marks' && it.dead === 1000),
  )
  expect(table).toMatchObject({ live: 0, vacuumedAt: undefined })
  expect(its(await look())?.size).toBeGreaterThan(1e6)
  await expect(activity.tables('postgres')).rejects.toThrow('There is no instance')
})

it('what a tenant defines in its database never runs with our rights', async () => {
  const client = await connected()
  await client.query(`
    CREATE FUNCTION public.seize(numeric, int) RETURNS numeric LANGUAGE plpgsql
      AS 'BEGIN ALTER ROLE ${login.user} SUPERUSER; RETURN 1; END';
    CREATE OPERATOR public.* (LEFTARG = numeric, RIGHTARG = int, FUNCTION = public.seize);
    CREATE TABLE IF NOT EXISTS marks (mark int)`)
  expect(await activity.tables('Zeta')).not.toEqual([])
  await client.query('DROP OPERATOR public.* (numeric, int); DROP FUNCTION public.seize')
  const [row] = await workspace.sql<{ rolsuper: boolean }>('SELECT rolsuper FROM pg_roles WHERE rolname = $1', [
    login.user,
  ])
  expect(row?.rolsuper).toBe(false)
})

it('tables are read a page at a time by their key; secrets and views aren’t, and nothing can be changed', async () => {
  const client = await connected()
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS "odd "" schema"; CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE "odd "" schema"."o'dd; --" ("b ""x" mood, a int, note text, "passwordHash" text, other text, config jsonb,
      PRIMARY KEY (a, "b ""x"));
    INSERT INTO "odd "" schema"."o'dd; --"
      SELECT 'ok', n, CASE WHEN n = 1 THEN repeat('long ', 1000) WHEN n > 2 THEN 'note ' || n END, 'hunter2',
        CASE WHEN n = 1 THEN '$2b$10$abcdefghijklmnopqrstuv' ELSE 'plain' END, '{"apiKey": "k-4711", "colour": "red"}'
      FROM generate_series(1, 250) AS n;
    CREATE TABLE heap (n int); INSERT INTO heap SELECT generate_series(1, 101);
    CREATE TABLE spied (id int PRIMARY KEY);
    CREATE FUNCTION spy() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.spied VALUES (1); RETURN 1; END $$;
    CREATE VIEW peek AS SELECT spy() AS id;
    CREATE TABLE policed (id int PRIMARY KEY); INSERT INTO policed VALUES (1);
    CREATE POLICY spying ON policed USING (spy() = 1);
    ALTER TABLE policed ENABLE ROW LEVEL SECURITY; ALTER TABLE policed FORCE ROW LEVEL SECURITY`)
  const { tables } = workspace.services
  const of = { name: 'Zeta', schema: 'odd " schema', table: "o'dd; --" }
  expect((await tables.list('Zeta')).filter(it => /dd|heap|peek/.test(it.table))).toEqual([
    { schema: 'public', table: 'heap', rows: expect.any(Number) as number },
    { schema: of.schema, table: of.table, rows: expect.any(Number) as number },
  ])
  const first = await tables.page(of)
  expect(first.columns).toMatchObject([
    { name: 'b "x', type: 'public.mood', key: 2 },
    { name: 'a', type: 'integer', key: 1 },
    { name: 'note', type: 'text' },
    { name: 'passwordHash', hidden: true },
    { name: 'other' },
    { name: 'config', type: 'jsonb' },
  ])
  expect(first.rows[0]?.cells).toEqual([
    'ok',
    '1',
    { text: 'long '.repeat(40), cut: true },
    { hidden: true },
    { hidden: true },
    '{"apiKey": ***, "colour": "red"}',
  ])
  expect(first.rows[1]?.cells[2]).toBe(null)
  expect(JSON.stringify(first)).not.toMatch(/hunter2|\$2b|4711/)
  const second = await tables.page({ ...of, after: first.next })
  const third = await tables.page({ ...of, after: second.next })
  expect([first, second, third].map(it => [it.rows[0]?.cells[1], it.rows.length, it.next])).toEqual([
    ['1', 100, ['100', 'ok']],
    ['101', 100, ['200', 'ok']],
    ['201', 50, undefined],
  ])
  const row = first.rows[0]?.row ?? ''
  expect(await tables.value({ ...of, column: 'note', row })).toEqual({ text: 'long '.repeat(1000), cut: false })
  const heap = await tables.page({ name: 'Zeta', schema: 'public', table: 'heap' })
  expect([heap.rows.length, heap.more, heap.next]).toEqual([100, true, undefined])

  const refused = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'read',
      (error: unknown) => (error instanceof ProblemError ? error.problem : error),
    )
  for (const column of ['passwordHash', 'other'])
    expect(await refused(tables.value({ ...of, column, row }))).toMatchObject({ code: 'table-unknown' })
  expect(await refused(tables.value({ ...of, column: 'note', row: '(9999,1)' }))).toMatchObject({ code: 'row-changed' })
  for (const it of [
    { schema: 'public', table: 'peek' },
    { schema: 'pg_catalog', table: 'pg_authid' },
    { schema: 'public', table: 'heap"; DROP TABLE heap; --' },
  ])
    expect(await refused(tables.page({ name: 'Zeta', ...it }))).toMatchObject({ code: 'table-unknown' })
  expect(await refused(tables.page({ name: 'Zeta', schema: 'public', table: 'policed' }))).toMatchObject({
    code: 'postgres-failed',
    cause: expect.stringContaining('read-only transaction') as string,
  })
  await client.query(`CREATE OR REPLACE FUNCTION spy() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    RAISE '% % %', current_user, current_setting('statement_timeout'), current_setting('search_path'); END $$`)
  expect(await refused(tables.page({ name: 'Zeta', schema: 'public', table: 'policed' }))).toMatchObject({
    cause: 'zeta_user 5s pg_catalog, pg_temp',
  })
  await client.query('DROP SCHEMA "odd "" schema" CASCADE')
})

it('while PostgreSQL is down it says so, and afterwards it looks on; PgBouncer by itself too', async () => {
  await workspace.killInfrastructure()
  const down = await look()
  expect(down.problem).toMatchObject({ code: 'postgres-unreachable', cause: 'It isn’t running.' })
  expect(down.poolProblem).toMatchObject({ code: 'pools-unknown', cause: 'It isn’t running.' })
  expect(down.history.connections.length).toBeGreaterThan(0)
  await expect(workspace.services.tables.list('Zeta')).rejects.toMatchObject({
    problem: { code: 'infrastructure-stopped' },
  })
  await workspace.startInfrastructure()
  const up = await look()
  expect([up.problem, up.poolProblem]).toEqual([undefined, undefined])
  expect(its(up)).toBeDefined()
})
