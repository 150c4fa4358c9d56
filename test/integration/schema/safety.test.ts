/** What a schema change must never do: stop half-way, copy a database unfaithfully, or show its data to others. */
import { escapeIdentifier as id, type QueryResult } from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { withConnection, type Login } from '../../../src/main/infrastructure/connection'
import { clone } from '../../../src/main/schema/clone'
import { Copies } from '../../../src/main/schema/copies'
import { move } from '../../../src/main/schema/move'
import { rehearse } from '../../../src/main/schema/rehearse'
import { Schemas } from '../../../src/main/schema/schemas'
import { inTransaction, withSession } from '../../../src/main/schema/session'
import { problem } from '../../../src/shared/problem'
import type { SchemaChange } from '../../../src/shared/schema'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { until } from '../../support/workspace'
import { base } from './changes'
import { dump, makeSchool, rehearsed, type School } from './school'

const signal = new AbortController().signal
/** There is enough. */
const room = (): Promise<void> => Promise.resolve()
const dropPhone: SchemaChange = {
  id: 'drop-phone',
  forward: 'ALTER TABLE "users" DROP COLUMN "phone";',
  backward: 'ALTER TABLE "users" ADD COLUMN "phone" TEXT;',
  renames: [],
  keep: [{ table: 'users', rows: false, columns: ['phone'] }],
}

let school: School
let schemas: Schemas
const asAdmin = async <T extends object>(sql: string, database = 'postgres'): Promise<T[]> =>
  withConnection(
    { ...(await school.infrastructure.infrastructure.admin()), database },
    async client => (await client.query<T>(sql)).rows,
  )
const run = (login: Login, sql: string): Promise<unknown> => withSession(login, client => client.query(sql))
const databases = async (): Promise<string[]> =>
  (await asAdmin<{ datname: string }>('SELECT datname FROM pg_database')).map(it => it.datname)

beforeAll(async () => {
  school = await makeSchool()
  schemas = new Schemas(school.copies)
})
afterAll(() => school?.remove())

describe('going forward and back', () => {
  test('done twice, it is done once', async () => {
    const login = await school.database('twice')
    const before = await dump(login)
    const first = await schemas.forward(login, dropPhone)
    expect(first.losses).toMatchObject([{ kind: 'column', column: 'phone', count: 40 }])
    const after = await dump(login)
    expect(await schemas.forward(login, dropPhone)).toEqual(first)
    expect(await dump(login)).toEqual(after)
    expect(await schemas.isForward(login, 'drop-phone')).toBe(true)
    await schemas.backward(login, dropPhone)
    await schemas.backward(login, dropPhone)
    expect(await dump(login)).toEqual(before)
    expect(await schemas.isForward(login, 'drop-phone')).toBe(false)
  })

  test('back, where it never was, does nothing', async () => {
    const login = await school.database('never')
    const before = await dump(login)
    await schemas.backward(login, dropPhone)
    expect(await dump(login)).toEqual(before)
  })

  test('killed in the middle, all is as it was, and the next try succeeds', async () => {
    const login = await school.database('killed')
    const before = await dump(login)
    const killed = withSession(login, client =>
      inTransaction(client, async () => {
        await move(client, dropPhone, 'forward')
        const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
        await asAdmin(`SELECT pg_terminate_backend(${rows[0]?.pid})`)
        await client.query('SELECT 1')
      }),
    )
    await expect(killed).rejects.toMatchObject({ problem: { code: expect.stringMatching(/^postgres-/) as string } })
    expect(await dump(login)).toEqual(before)
    expect(await schemas.isForward(login, 'drop-phone')).toBe(false)
    await schemas.forward(login, dropPhone)
    expect(await schemas.isForward(login, 'drop-phone')).toBe(true)
  })

  test('a table that the application holds is waited for, and not for ever', async () => {
    const login = await school.database('held')
    const before = await dump(login)
    await withConnection(login, async client => {
      await client.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE')
      const refused = { problem: { code: 'schema-locked', message: `The tables of ${login.database} are in use.` } }
      await Promise.all([
        expect(schemas.forward(login, dropPhone)).rejects.toMatchObject(refused),
        expect(school.copies.make(login, 'held', signal)).rejects.toMatchObject(refused),
      ])
      await client.query('ROLLBACK')
    })
    expect(await dump(login)).toEqual(before)
  })

  test('what is kept belongs to the role, which is no superuser, and nobody else sees it', async () => {
    const login = await school.database('private')
    await schemas.forward(login, dropPhone)
    const owners = await asAdmin<{ owner: string }>(
      "SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relnamespace = 'im_kept'::regnamespace",
      'private',
    )
    expect(owners).toEqual([{ owner: 'school_user' }])
    await asAdmin("CREATE ROLE other LOGIN PASSWORD 'other'")
    await asAdmin('GRANT CONNECT ON DATABASE private TO other')
    const other = { ...login, user: 'other', password: 'other' }
    const look = withConnection(other, client => client.query('SELECT * FROM im_kept.moves'))
    await expect(look).rejects.toMatchObject({ code: '42501' })
  })

  test('what is no longer needed is let go', async () => {
    const login = await school.database('forgotten')
    await schemas.forward(login, dropPhone)
    await schemas.forget(login, ['drop-phone'])
    expect(await schemas.isForward(login, 'drop-phone')).toBe(true)
    await schemas.forget(login, [])
    const left = "SELECT relname FROM pg_class WHERE relnamespace = 'im_kept'::regnamespace AND relkind = 'r'"
    expect(await asAdmin(left, 'forgotten')).toEqual([{ relname: 'moves' }])
  })

  test('names and values are never taken for SQL', async () => {
    const login = await school.database('hostile')
    const name = `we"ird; DROP TABLE users; --'`
    const [table, column] = [id(name), id(`c'"; --`)]
    await run(
      login,
      `CREATE TABLE ${table} ("k""ey" text PRIMARY KEY, ${column} text);
      INSERT INTO ${table} VALUES ('a'',"{}\\', '"; DROP TABLE users; --'), ('b', '{"x": "\\"}')`,
    )
    const before = await dump(login)
    const change: SchemaChange = {
      id: 'hostile',
      forward: `ALTER TABLE ${table} DROP COLUMN ${column};`,
      backward: `ALTER TABLE ${table} ADD COLUMN ${column} TEXT NOT NULL;`,
      renames: [],
      keep: [{ table: name, rows: false, columns: [`c'"; --`] }],
    }
    const copy = await school.copies.make(login, 'hostile', signal)
    const rehearsal = await withSession(copy, client => rehearse(client, change))
    await school.copies.drop('hostile')
    expect(rehearsal.losses).toMatchObject([{ kind: 'column', count: 2, keys: ['b', `a',"{}\\`] }])
    await schemas.forward(login, change)
    await schemas.backward(login, change)
    const after = await dump(login)
    expect(after.rows).toEqual(before.rows)
  })
})

describe('the operator’s statement', () => {
  const change = (fix: string): SchemaChange => ({ ...dropPhone, fix })

  test.each(['COMMIT', 'ROLLBACK', 'RELEASE im_statement', 'UPDATE users SET visits = 1; COMMIT', 'nonsense'])(
    '%s is refused, and changes nothing',
    async fix => {
      const login = await school.database(`fix ${fix}`)
      const before = await dump(login)
      await expect(schemas.forward(login, change(fix))).rejects.toMatchObject({ problem: { code: 'schema-refused' } })
      expect(await dump(login)).toEqual(before)
      expect(await schemas.isForward(login, 'drop-phone')).toBe(false)
    },
  )

  test('rows whose keys it changes are kept, and that they can’t come back is said', async () => {
    const login = await school.database('fix keys')
    const copy = await school.copies.make(login, 'fix', signal)
    const fix = change('UPDATE analyses SET id = id + 1000 WHERE id <= 5')
    const its = await withSession(copy, client => rehearse(client, fix))
    await school.copies.drop('fix')
    expect(its.losses.filter(it => it.kind === 'rows')).toMatchObject([{ table: 'analyses', count: 5 }])
    expect(its.rollback).toEqual({ exact: false, limits: [expect.stringContaining('can’t be rolled back')] })
    if (!its.change) throw new Error('refused')
    await schemas.forward(login, its.change)
    const meanwhile = await dump(login)
    await expect(schemas.backward(login, its.change)).rejects.toMatchObject({ problem: { code: 'postgres-failed' } })
    expect(await dump(login)).toEqual(meanwhile)
  })

  test('rows that it deletes come back, with those that depend on them', async () => {
    const login = await school.database('fix delete')
    const before = await dump(login)
    const copy = await school.copies.make(login, 'fix', signal)
    const its = await withSession(copy, client => rehearse(client, change('DELETE FROM samples WHERE id <= 5')))
    await school.copies.drop('fix')
    expect(its.losses.filter(it => it.kind === 'rows')).toMatchObject([
      { table: 'analyses', count: 5 },
      { table: 'samples', count: 5 },
    ])
    expect(its.rollback.exact).toBe(true)
    if (!its.change) throw new Error('refused')
    await schemas.forward(login, its.change)
    await schemas.backward(login, its.change)
    expect((await dump(login)).rows).toEqual(before.rows)
  })
})

describe('a rehearsal', () => {
  const change = { id: 'type', backward: '', renames: [] }

  test('says why a unique column can’t get another type', async () => {
    const login = await school.database('rounded')
    await run(login, 'CREATE TABLE prices (price numeric UNIQUE); INSERT INTO prices VALUES (1.2), (1.4)')
    const forward = 'ALTER TABLE "prices" ALTER COLUMN "price" SET DATA TYPE INTEGER;'
    const { refusal } = await rehearsed(school, login, { ...change, forward })
    expect(refusal).toMatchObject({ code: '23505', words: expect.stringContaining('prices_price_key') as string })
  })

  test('names what a table without a key loses', async () => {
    const login = await school.database('keyless')
    await run(login, 'CREATE TABLE levels (level numeric); INSERT INTO levels VALUES (1.5), (2)')
    const forward = 'ALTER TABLE "levels" ALTER COLUMN "level" SET DATA TYPE INTEGER;'
    const backward = 'ALTER TABLE "levels" ALTER COLUMN "level" SET DATA TYPE DECIMAL;'
    expect(await rehearsed(school, login, { ...change, forward, backward })).toMatchObject({
      class: 'destructive',
      losses: [{ kind: 'values', table: 'levels', column: 'level', count: 2 }],
      rollback: { exact: false },
    })
  })

  test('that only adds rows by the operator’s statement loses nothing', async () => {
    const login = await school.database('added')
    const fix = `INSERT INTO school_classes (name, teacher_id) SELECT 'None', 1 WHERE NOT EXISTS (SELECT FROM school_classes WHERE name = 'None')`
    const forward = 'ALTER TABLE "users" ADD COLUMN "fax" TEXT;'
    const backward = 'ALTER TABLE "users" DROP COLUMN "fax";'
    const its = await rehearsed(school, login, { ...change, forward, backward, fix })
    expect(its).toMatchObject({ class: 'additive', losses: [] })
  })
})

describe('since the rehearsal', () => {
  test('the operator’s statement would take more with it: refused, and nothing is changed', async () => {
    const login = await school.database('fix cascade')
    await run(login, 'DELETE FROM analyses WHERE "sampleId" = 1')
    const its = await rehearsed(school, login, { ...dropPhone, fix: 'DELETE FROM samples WHERE id = 1' })
    expect(its.losses.filter(it => it.kind === 'rows')).toMatchObject([{ table: 'samples', count: 1 }])
    if (!its.change) throw new Error('refused')
    await run(login, `INSERT INTO analyses ("sampleId", sequence) VALUES (1, 'new')`)
    const before = await dump(login)
    await expect(schemas.forward(login, its.change)).rejects.toMatchObject({
      problem: { code: 'schema-loss', cause: 'Your statement deletes rows of `analyses`. In the rehearsal it didn’t.' },
    })
    expect(await dump(login)).toEqual(before)
  })

  test('a value was written that the change would round, and nobody agreed to that: refused', async () => {
    const login = await school.database('rounds')
    await run(login, 'UPDATE users SET score = 1')
    const type = (it: string): string => `ALTER TABLE "users" ALTER COLUMN "score" SET DATA TYPE ${it};`
    const proposal = { id: 'rounds', forward: type('INTEGER'), backward: type('DOUBLE PRECISION'), renames: [] }
    const { change, losses } = await rehearsed(school, login, proposal)
    expect(losses).toEqual([])
    if (!change) throw new Error('refused')
    await run(login, 'UPDATE users SET score = 3.5 WHERE id = 3')
    const before = await dump(login)
    await expect(schemas.forward(login, change, [])).rejects.toMatchObject({
      problem: {
        code: 'schema-loss',
        cause: 'It changes values of column `score` of `users`: one value. In the rehearsal it didn’t.',
      },
    })
    expect(await dump(login)).toEqual(before)
    const agreed = [{ kind: 'values', table: 'users', column: 'score' }] as const
    expect(await schemas.forward(login, change, agreed)).toMatchObject({ losses: [{ ...agreed[0], count: 1 }] })
  })
})

describe('on the way back', () => {
  test('a value that only the new enum has becomes another, and is there again on the way forward', async () => {
    const login = await school.database('label')
    const change: SchemaChange = {
      id: 'label',
      forward: `ALTER TYPE "Role" ADD VALUE 'alumnus'; ALTER TABLE "users" ALTER COLUMN "role" SET DEFAULT 'alumnus';`,
      backward: `BEGIN; CREATE TYPE "Role_new" AS ENUM ('student', 'guest', 'teacher', 'director');
        ALTER TABLE "users" ALTER COLUMN "role" DROP DEFAULT;
        ALTER TABLE "users" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
        ALTER TYPE "Role" RENAME TO "Role_old"; ALTER TYPE "Role_new" RENAME TO "Role"; DROP TYPE "Role_old";
        ALTER TABLE "users" ALTER COLUMN "role" SET DEFAULT 'student'; COMMIT;`,
      renames: [],
      keep: [],
    }
    const before = await dump(login)
    await schemas.forward(login, change)
    await run(login, `UPDATE users SET role = 'alumnus' WHERE id IN (1, 2)`)
    const meanwhile = await dump(login)
    const report = await schemas.backward(login, change)
    expect(report.losses).toMatchObject([{ kind: 'values', column: 'role', count: 2, keys: ['1', '2'] }])
    const after = await dump(login)
    expect(after.facts).toEqual(before.facts)
    expect([1, 2, 3].map(it => after.rows.users?.[it]?.role)).toEqual(['student', 'student', 'director'])
    await schemas.forward(login, change)
    expect(await dump(login)).toEqual(meanwhile)
  })

  test('duplicates under a unique index that comes back: refused, with the rows, and nothing is changed', async () => {
    const login = await school.database('duplicates')
    const change: SchemaChange = {
      id: 'duplicates',
      forward: 'DROP INDEX "users_email_key";',
      backward: 'CREATE UNIQUE INDEX "users_email_key" ON "users"("email");',
      renames: [],
      keep: [],
    }
    await schemas.forward(login, change)
    await run(login, `UPDATE users SET email = 'same@school.example' WHERE id IN (4, 5, 6)`)
    const meanwhile = await dump(login)
    await expect(schemas.backward(login, change)).rejects.toMatchObject({
      problem: { code: 'schema-refused', cause: expect.stringContaining('3 rows (4, 5 and 6)') as string },
    })
    expect(await dump(login)).toEqual(meanwhile)
  })

  test('a primary key that comes back under the same name: that duplicates bar the way is said', async () => {
    const login = await school.database('primary')
    await run(login, 'CREATE TABLE pairs (a int, b int, CONSTRAINT pairs_pkey PRIMARY KEY (a))')
    const key = (columns: string): string =>
      `ALTER TABLE "pairs" DROP CONSTRAINT "pairs_pkey", ADD CONSTRAINT "pairs_pkey" PRIMARY KEY (${columns});`
    const change = { id: 'primary', forward: key('"a", "b"'), backward: key('"a"'), renames: [] }
    const { rollback } = await rehearsed(school, login, change)
    expect(rollback.limits).toContain('If `a` of `pairs` has duplicates by then, the schema can’t be rolled back.')
  })

  test('a reference to what was deleted meanwhile is cleared where it may be', async () => {
    const login = await school.database('references')
    const change: SchemaChange = {
      id: 'references',
      forward: 'ALTER TABLE "samples" DROP COLUMN "classId";',
      backward: `ALTER TABLE "samples" ADD COLUMN "classId" INTEGER; CREATE INDEX "samples_classId_idx" ON "samples"("classId");
        ALTER TABLE "samples" ADD CONSTRAINT "samples_classId_fkey" FOREIGN KEY ("classId") REFERENCES "school_classes"("id") ON DELETE SET NULL ON UPDATE CASCADE;`,
      renames: [],
      keep: [{ table: 'samples', rows: false, columns: ['classId'] }],
    }
    const before = await dump(login)
    await schemas.forward(login, change)
    await run(login, 'DELETE FROM school_classes WHERE id = 2')
    const of2 = Object.values(before.rows.samples ?? {}).filter(it => it.classId === '2').length
    const { aside } = await schemas.backward(login, change)
    expect(aside).toMatchObject([{ table: 'samples', column: 'classId', count: of2 }])
    expect(Object.keys((await dump(login)).rows.samples ?? {})).toEqual(Object.keys(before.rows.samples ?? {}))
  })

  test('rows in the way of the rollback that others depend on are named, and nothing is changed', async () => {
    const login = await school.database('dependents')
    const change: SchemaChange = {
      id: 'dependents',
      forward: 'ALTER TABLE "samples" DROP CONSTRAINT "samples_createdById_fkey";',
      backward: `ALTER TABLE "samples" ADD CONSTRAINT "samples_createdById_fkey" FOREIGN KEY ("createdById") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;`,
      renames: [],
      keep: [],
    }
    await schemas.forward(login, change)
    await run(login, 'DELETE FROM badges WHERE "userId" = 40; DELETE FROM users WHERE id = 40')
    const meanwhile = await dump(login)
    await expect(schemas.backward(login, change)).rejects.toMatchObject({
      problem: {
        code: 'schema-rollback',
        cause:
          '7 rows (39, 79, 119, 159, 199, 239 and 279) refer to rows that were deleted in the meantime, and rows of `analyses` depend on them.',
      },
    })
    expect(await dump(login)).toEqual(meanwhile)
  })
})

const odd = `
  CREATE EXTENSION citext;
  CREATE TYPE mood AS ENUM ('so so', 'it''s "fine"');
  CREATE SEQUENCE free START 100 INCREMENT 7;
  SELECT nextval('free');
  CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2; ';
  CREATE TABLE "Odd ""one""" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a ""b""" text DEFAULT 'x;''y', moods mood[] NOT NULL DEFAULT '{}',
    data bytea, doc jsonb, raw json, price numeric(20, 10), ratio float4, times timestamptz[], name citext UNIQUE, pair int[][], stay interval, ip inet,
    "order" int CHECK ("order" > 0), doubled int GENERATED ALWAYS AS (twice("order")) STORED, bits bit(3), uid uuid DEFAULT gen_random_uuid(), c char(5));
  INSERT INTO "Odd ""one""" ("a ""b""", moods, data, doc, raw, price, ratio, times, name, pair, stay, ip, "order", bits, c) VALUES
    (E'line\\nbreak\\t"quotes" \\\\ {,} ()', ARRAY['it''s "fine"', 'so so']::mood[], '\\x00ff0a', '{"a": [1, null, "\\""]}', '{"b" :  1, "b":2}', 1234567890.0123456789, 0.1,
      ARRAY['2026-01-01 12:00+02', NULL]::timestamptz[], 'ÄÖ', '{{1,2},{3,4}}', '1 mon 2 days 03:04:05.678', '10.0.0.1/8', 3, B'101', 'ab'),
    (NULL, '{}', '', 'null', NULL, 'NaN', '-Infinity', '{}', 'b', NULL, NULL, NULL, NULL, NULL, NULL), ('', '{}', NULL, NULL, NULL, NULL, NULL, NULL, 'NULL', NULL, NULL, NULL, 1, NULL, '');
  CREATE INDEX ON "Odd ""one""" (lower("a ""b""")) WHERE "order" > 1;
  CREATE VIEW seen AS SELECT id, name FROM "Odd ""one""";
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.price := 0; RETURN NEW; END $$;
  CREATE TRIGGER touched BEFORE INSERT ON "Odd ""one""" FOR EACH ROW EXECUTE FUNCTION touch();
  ALTER TABLE users DROP COLUMN visits;`

describe('a copy', () => {
  test('has all that the database has, while that is in use', async () => {
    const login = await school.database('odd')
    await run(login, odd)
    await asAdmin('CREATE SCHEMA tools; CREATE EXTENSION dblink SCHEMA tools', 'odd')
    await withConnection(login, async client => {
      await client.query('BEGIN; UPDATE users SET nick = $$uncommitted$$')
      const copy = await school.copies.make(login, 'odd', signal)
      await client.query('ROLLBACK')
      const [one, other] = [await dump(login), await dump(copy)]
      expect(other).toEqual(one)
      const next = (it: Login): Promise<unknown> =>
        withSession(it, async its => (await its.query(`SELECT nextval('free'), nextval('users_id_seq')`)).rows)
      expect(await next(copy)).toEqual(await next(login))
    })
    await school.copies.drop('odd')
  })

  test('is made of a few megabytes at a time, however big the rows are', async () => {
    const login = await school.database('big')
    await run(
      login,
      `CREATE TABLE pictures AS SELECT repeat('x', CASE WHEN n > 100 THEN 1000000 ELSE 1 END) AS data FROM generate_series(1, 130) AS n`,
    )
    await asAdmin('CREATE DATABASE big_copy OWNER school_user TEMPLATE instance_manager_template')
    const copy = { ...login, database: 'big_copy' }
    const sizes: number[] = []
    await withSession(login, from =>
      withSession(copy, async to => {
        const query = from.query.bind(from) as (sql: string) => Promise<QueryResult>
        const watched = async (sql: string): Promise<QueryResult> => {
          const result = await query(sql)
          sizes.push(JSON.stringify([result].flat().map(it => it.rows)).length)
          return result
        }
        vi.spyOn(from, 'query').mockImplementation(watched as never)
        await clone(from, to, signal)
      }),
    )
    expect(Math.max(...sizes)).toBeLessThan(4_100_000)
    expect(await dump(copy)).toEqual(await dump(login))
  })

  test('that would lack something isn’t made, and nothing stays', async () => {
    const login = await school.database('partitioned')
    await run(login, 'CREATE TABLE parts (id int) PARTITION BY RANGE (id)')
    const made = school.copies.make(login, 'partitioned', signal)
    await expect(made).rejects.toMatchObject({
      problem: { code: 'schema-copy', cause: expect.stringContaining('parts') as string },
    })
    expect((await databases()).filter(it => it.startsWith('im_copy_'))).toEqual([])
  })

  test('that a crash left is dropped, unless it is in use or an operation needs it, and no other workspace’s', async () => {
    const admin = await school.infrastructure.infrastructure.admin()
    const theirs = new Copies(() => Promise.resolve(admin), 'another workspace')
    const killed = new Copies(() => Promise.resolve(admin), 'a workspace')
    await killed.make(school.login, 'needed', signal)
    await killed.make(school.login, 'left', signal)
    await school.copies.make(school.login, 'in use', signal)
    await theirs.make(school.login, 'left', signal)
    const copies = async (): Promise<number> => (await databases()).filter(it => it.startsWith('im_copy_')).length
    expect(await copies()).toBe(4)
    await school.copies.dropLeft(['needed'])
    expect(await copies()).toBe(3)
    await school.copies.drop('in use')
    await school.copies.dropLeft([])
    expect(await copies()).toBe(1)
    await theirs.drop('left')
    expect(await copies()).toBe(0)
  })

  test('is stopped by its operation', async () => {
    const stop = new AbortController()
    stop.abort(problem({ code: 'cancelled', message: 'Cancelled.' }))
    await expect(school.copies.make(school.login, 'stopped', stop.signal)).rejects.toMatchObject({
      problem: { code: 'cancelled' },
    })
    expect((await databases()).filter(it => it.startsWith('im_copy_'))).toEqual([])
  })
})

describe('copies', () => {
  const present = async (): Promise<number> => (await databases()).filter(it => it.startsWith('im_copy_')).length
  const use = (token: string, work: () => Promise<unknown>, asks = room, its = signal): Promise<unknown> =>
    school.copies.use(school.login, token, { signal: its, room: asks }, work)

  test('are used one at a time, each if there is room for it; waiting for one can be cancelled', async () => {
    const stop = new AbortController()
    let began = false
    let go = false
    const first = use('first', async () => {
      began = true
      await until(() => go)
      throw new Error('failed')
    })
    const second = use('second', present, async () => expect(await present()).toBe(0))
    const third = use('third', present, () => Promise.reject(new Error('full')))
    const fourth = use('fourth', present, room, stop.signal)
    await until(() => began)
    stop.abort(problem({ code: 'cancelled', message: 'Cancelled.' }))
    await expect(fourth).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    expect(await present()).toBe(1)
    go = true
    await expect(first).rejects.toThrow('failed')
    expect(await second).toBe(1)
    await expect(third).rejects.toThrow('full')
    expect(await present()).toBe(0)
  })
})

describe('with Prisma', () => {
  test('what somebody has changed by hand is said, and dropped as a loss', async () => {
    const login = await school.database('drifted')
    await run(login, 'ALTER TABLE users ADD COLUMN extra int; UPDATE users SET extra = 1 WHERE id < 4')
    const from = await school.schema('base', base)
    const to = await school.schema('drifted', base.replace('  room      String?\n', ''))
    const its = await schemas.rehearse(
      login,
      'drifted',
      school.prismaFor(login),
      {
        id: 'drifted',
        from,
        to,
        renames: [],
      },
      room,
    )
    expect(its.drift).toEqual(['ALTER TABLE "users" DROP COLUMN "extra"'])
    expect(its).toMatchObject({ class: 'destructive', rollback: { exact: true } })
    expect(its.losses).toMatchObject([
      { column: 'room', count: 8 },
      { column: 'extra', count: 3 },
    ])
  })

  test('a renamed table and column: asked, answered, renamed, and back', async () => {
    const login = await school.database('answered')
    const before = await dump(login)
    const from = await school.schema('base', base)
    const to = await school.schema(
      'answered',
      base.replace('@@map("badges")', '@@map("awards")').replace('  title  String', '  label  String'),
    )
    const question = { id: 'answered', from, to, renames: [] }
    const prisma = school.prismaFor(login)
    const renames = [
      { kind: 'table', from: 'badges', to: 'awards' },
      { kind: 'column', table: 'awards', from: 'title', to: 'label' },
    ] as const
    const answer = await schemas.rehearse(login, 'answer', prisma, { ...question, renames }, room)
    expect(answer).toMatchObject({ class: 'restrictive', losses: [], rollback: { exact: true, limits: [] } })
    if (!answer.change) throw new Error('refused')
    await schemas.forward(login, answer.change)
    const again = { ...question, id: 'again', from: to }
    expect(await schemas.rehearse(login, 'again', prisma, again, room)).toMatchObject({ class: 'none', drift: [] })
    await schemas.backward(login, answer.change)
    expect(await dump(login)).toEqual(before)
    expect((await databases()).filter(it => it.startsWith('im_copy_'))).toEqual([])
  })

  test('a rehearsal is stopped by its operation, in the middle of a statement', async () => {
    const stop = new AbortController()
    const from = await school.schema('base', base)
    const to = await school.schema('stopped', base.replace('  room      String?\n', ''))
    const question = { id: 'stopped', from, to, renames: [], fix: 'SELECT pg_sleep(600)' }
    const prisma = { ...school.prismaFor(school.login), signal: stop.signal }
    const rehearsal = schemas.rehearse(school.login, 'stopped', prisma, question, room)
    const sleeping = "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND datname LIKE 'im_copy_%'"
    await until(async () => (await asAdmin(sleeping)).length > 0)
    stop.abort(problem({ code: 'cancelled', message: 'Cancelled.' }))
    await expect(rehearsal).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    expect((await databases()).filter(it => it.startsWith('im_copy_'))).toEqual([])
  })

  test('equal schemas are no change', async () => {
    const file = await school.schema('base', base)
    const question = { id: 'none', from: file, to: file, renames: [] }
    expect(await schemas.rehearse(school.login, 'none', school.prismaFor(school.login), question, room)).toMatchObject({
      class: 'none',
      losses: [],
    })
  })
})

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined
describeWhere(missing === undefined, missing ?? '')('under Podman', () => {
  let other: School
  beforeAll(async () => {
    other = await makeSchool({ driver: 'podman', images: 'missing' in podman ? undefined : podman.images })
  })
  afterAll(() => other?.remove())

  test('the same', async () => {
    const login = await other.database('podman')
    const before = await dump(login)
    const copy = await other.copies.make(login, 'podman', signal)
    const { change, ...rehearsal } = await withSession(copy, client => rehearse(client, dropPhone))
    await other.copies.drop('podman')
    expect(rehearsal).toMatchObject({ class: 'destructive', rollback: { exact: true } })
    if (!change) throw new Error('refused')
    const theirs = new Schemas(other.copies)
    await theirs.forward(login, change)
    await theirs.backward(login, change)
    expect(await dump(login)).toEqual(before)
  })
})
