/** What every driver must do, proved on the real PostgreSQL and PgBouncer. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { poolerFiles } from '../../../src/main/infrastructure/limits'
import { generatePassword } from '../../../src/shared/password'
import { withConnection, type Login } from '../../../src/main/infrastructure/connection'
import { testInfrastructure, type TestInfrastructure, type TestOptions } from '../../support/infrastructure'

export interface Suite {
  readonly options: () => Promise<TestOptions>
  /** Ends the service's processes with SIGKILL, and nothing else's. */
  readonly kill: (it: TestInfrastructure, service: 'postgres' | 'pgbouncer') => Promise<void>
  /** All that the service has logged. */
  readonly logs: (it: TestInfrastructure) => Promise<string>
  /** Where PostgreSQL's data lies, if not in the workspace. */
  readonly dataFolder?: (it: TestInfrastructure) => Promise<string>
  /** Further places where no secret may be. */
  readonly places?: (it: TestInfrastructure) => Promise<string>
}

const instance = (name: string) => ({
  database: `${name}_db`,
  role: `${name}_user`,
  password: generatePassword(),
  token: `token-${name}`,
})

export function infrastructureSuite(name: string, suite: Suite): void {
  describe(name, () => {
    let it: TestInfrastructure
    // A hyphen, and a role that only quoting keeps harmless.
    const first = instance('first-school')
    const second = instance('second"; DROP ROLE instance_manager; --')

    const direct = (more: Partial<Login> = {}): Login => ({
      port: it.settings.ports.postgres,
      user: first.role,
      password: first.password,
      database: first.database,
      ...more,
    })
    const pooled = (more: Partial<Login> = {}): Login => direct({ port: it.settings.ports.pgbouncer, ...more })
    const ask = <T>(login: Login, sql = 'SELECT current_user AS who', parameters: string[] = []): Promise<T[]> =>
      withConnection(login, async client => (await client.query(sql, parameters)).rows as T[], {
        connect: 10_000,
        query: 30_000,
      })
    const admin = async <T>(sql: string, parameters: string[] = [], database = 'postgres'): Promise<T[]> =>
      ask<T>({ ...(await it.infrastructure.admin()), database }, sql, parameters)

    beforeAll(async () => {
      it = await testInfrastructure(await suite.options())
      expect(await it.infrastructure.status()).toMatchObject({
        postgres: { state: 'absent' },
        pgbouncer: { state: 'absent' },
      })
      await it.up()
      await it.databases.create(first)
      await it.databases.create(second)
    })
    afterAll(() => it.dispose())

    test('both services run, with their versions, and nothing is missing of the secure set-up', async () => {
      expect(await it.infrastructure.status()).toMatchObject({
        pooled: true,
        adopted: [],
        warnings: [],
        postgres: { state: 'running', version: expect.stringMatching(/^\d+\.\d+/) as string },
        pgbouncer: { state: 'running', version: expect.stringMatching(/^\d+\.\d+/) as string },
      })
    })

    test('it is known on which disk the data lies', async () => {
      await it.infrastructure.status()
      expect(it.infrastructure.dataFolder).toBe((await suite.dataFolder?.(it))?.trim())
    })

    test('it is known how fast each answers, since when it runs, what it takes, and how it is configured', async () => {
      const shown = {
        answersIn: expect.any(Number) as number,
        startedAt: expect.any(Number) as number,
        memory: expect.any(Number) as number,
        program: expect.any(String) as string,
        restarts: 0,
      }
      const details = await it.infrastructure.details.look()
      expect(details).toMatchObject({
        postgres: {
          ...shown,
          data: expect.any(String) as string,
          settings: [
            { name: 'max_connections', value: '800' },
            { name: 'shared_buffers', value: '128MB' },
            { name: 'work_mem', value: '4MB' },
          ],
        },
        pgbouncer: {
          ...shown,
          settings: [
            { name: 'default_pool_size', value: '5' },
            { name: 'max_client_conn', value: '4000' },
            { name: 'pool_mode', value: 'transaction' },
          ],
        },
      })
      const { startedAt = 0, dataBytes = 0, memory = 0 } = details.postgres
      expect(Math.abs(Date.now() - startedAt)).toBeLessThan(600_000)
      expect(dataBytes).toBeGreaterThan(20e6) // an empty cluster has three databases of 7 MB
      expect(memory).toBeGreaterThan(5e6)
      expect(details.pgbouncer.data).toBeUndefined()
    })

    test('both say what their databases are doing', async () => {
      const { problem, poolProblem, server } = await it.infrastructure.activity.look()
      expect([problem, poolProblem]).toEqual([undefined, undefined])
      expect(server?.limit).toBe(790)
      expect(server?.size).toBeGreaterThan(10e6)
    })

    test('each role reaches its own database, directly and pooled', async () => {
      for (const login of [direct(), pooled()]) expect(await ask(login)).toEqual([{ who: first.role }])
      const other = { user: second.role, password: second.password, database: second.database }
      expect(await ask(direct(other))).toEqual([{ who: second.role }])
      expect(await ask(pooled(other))).toEqual([{ who: second.role }])
    })

    test('a role can do in its database what a schema push does', async () => {
      await ask(direct(), 'CREATE TABLE kept (id serial PRIMARY KEY, "theName" text)')
      await ask(direct(), "INSERT INTO kept (\"theName\") VALUES ('O''Brien')")
      expect(await ask(pooled(), 'SELECT "theName" FROM kept')).toEqual([{ theName: "O'Brien" }])
    })

    test('a database that someone else creates, as the older tool does, is reached through the pool too', async () => {
      const other = { user: 'older_user', password: first.password, database: 'older_db' }
      await admin(`CREATE USER older_user PASSWORD '${other.password}'`)
      await admin('CREATE DATABASE older_db OWNER older_user')
      expect(await ask(pooled(other))).toEqual([{ who: other.user }])
    })

    test('a wrong password is refused on both ports', async () => {
      await expect(ask(direct({ password: 'wrong' }))).rejects.toThrow(/password authentication failed/)
      await expect(ask(pooled({ password: 'wrong' }))).rejects.toThrow(/authentication failed/)
    })

    test("another instance's role cannot connect to the database, directly or pooled", async () => {
      const other = { user: second.role, password: second.password }
      await expect(ask(direct(other))).rejects.toThrow(/permission denied for database/)
      await expect(ask(pooled(other))).rejects.toThrow(/permission denied for database/)
      await expect(ask(direct({ ...other, database: 'postgres' }))).rejects.toThrow(/permission denied for database/)
      await expect(ask(direct({ ...other, database: 'template1' }))).rejects.toThrow(/permission denied for database/)
    })

    test('the superuser that the cluster was born with does not come in over TCP, and has no password', async () => {
      await expect(ask(direct({ user: 'postgres', database: 'postgres', password: 'postgres' }))).rejects.toThrow(
        /pg_hba.conf rejects/,
      )
      expect(await admin('SELECT rolpassword FROM pg_authid WHERE rolname = $1', ['postgres'])).toEqual([
        { rolpassword: null },
      ])
    })

    test('no superuser comes in through PgBouncer: its look-up refuses them', async () => {
      expect(await admin('SELECT * FROM pgbouncer.get_auth($1)', ['instance_manager'], first.database)).toEqual([])
      expect(await admin('SELECT username FROM pgbouncer.get_auth($1)', [first.role], first.database)).toEqual([
        { username: first.role },
      ])
      const { user, password } = await it.infrastructure.admin()
      await expect(ask(pooled({ user, password }))).rejects.toThrow()
    })

    test("a tenant cannot ask the look-up for anybody's password", async () => {
      await expect(ask(direct(), 'SELECT * FROM pgbouncer.get_auth($1)', [second.role])).rejects.toThrow(
        /permission denied/,
      )
    })

    test('pooled connections come from PgBouncer and are shared', async () => {
      const server = async (login: Login): Promise<number | undefined> =>
        (await ask<{ pid: number }>(login, 'SELECT pg_backend_pid() AS pid'))[0]?.pid
      expect(await server(pooled())).toBe(await server(pooled()))
      expect(await server(direct())).not.toBe(await server(direct()))
    })

    test('a missing database is told to the client instead of hanging it', async () => {
      // By PgBouncer (query_wait_timeout), before this client would lose its patience.
      await expect(
        withConnection(pooled({ database: 'missing_db' }), client => client.query('SELECT 1'), {
          connect: 60_000,
          query: 60_000,
        }),
      ).rejects.toThrow(/does not exist|query_wait_timeout|authentication failed/)
    })

    test("only ours is dropped, and what is another's is refused", async () => {
      await expect(it.databases.create({ ...first, token: 'another' })).rejects.toMatchObject({
        problem: { code: 'database-exists', field: 'name' },
      })
      await it.databases.drop({ ...first, token: 'another' })
      expect(await it.databases.verify(first)).toBe(true)
      await admin('CREATE ROLE "cli_user"')
      await expect(
        it.databases.create({ database: 'cli_db', role: 'cli_user', password: 'x', token: 'mine' }),
      ).rejects.toMatchObject({ problem: { code: 'database-exists' } })
      await it.databases.drop({ database: 'cli_db', role: 'cli_user', token: 'mine' })
      expect(await it.databases.find({ database: 'cli_db', role: 'cli_user' })).toEqual({ database: false, role: true })
    })

    test('a database is dropped while PgBouncer and a client still hold connections', async () => {
      const gone = instance('gone')
      await it.databases.create(gone)
      await it.databases.create(gone) // repeated after a crash
      expect(await it.databases.verify({ ...gone, password: 'other' })).toBe(false)
      const login = { user: gone.role, password: gone.password, database: gone.database }
      await ask(pooled(login))
      await withConnection(direct(login), () => it.databases.drop(gone))
      await it.databases.drop(gone)
      expect(await it.databases.find(gone)).toEqual({ database: false, role: false })
      expect(await it.databases.verify(gone)).toBe(false)
    })

    test('two that make the same names at once: one has them', async () => {
      const names = instance('twice')
      const results = await Promise.allSettled([
        it.databases.create({ ...names, token: 'a' }),
        it.databases.create({ ...names, token: 'b' }),
      ])
      expect(results.map(one => one.status).toSorted()).toEqual(['fulfilled', 'rejected'])
      await it.databases.drop({ ...names, token: 'a' })
      await it.databases.drop({ ...names, token: 'b' })
      expect(await it.databases.find(names)).toEqual({ database: false, role: false })
    })

    test('both services listen on 127.0.0.1 only', async () => {
      const table = (await Promise.all(['tcp', 'tcp6'].map(one => readFile(`/proc/net/${one}`, 'utf8')))).join('\n')
      for (const port of [it.settings.ports.postgres, it.settings.ports.pgbouncer]) {
        const hex = port.toString(16).toUpperCase().padStart(4, '0')
        const listening = table
          .split('\n')
          .map(line => line.trim().split(/\s+/))
          .filter(fields => fields[1]?.endsWith(`:${hex}`) && fields[3] === '0A')
        expect(listening.map(fields => fields[1])).toEqual([`0100007F:${hex}`])
      }
    })

    test('PgBouncer may open as many files as it has clients and servers', async () => {
      const pid = (await it.infrastructure.found(await it.infrastructure.kind())).alive?.[1] ?? 0
      const limit = /^Max open files\s+(\d+)/m.exec(await readFile(`/proc/${pid}/limits`, 'utf8'))?.[1]
      expect(Number(limit)).toBeGreaterThanOrEqual(poolerFiles(it.settings))
    })

    test('no secret is in an argument, a log, a report, or readable by others', async () => {
      const keys = ['infrastructure.admin', 'infrastructure.pgbouncer_auth']
      const secrets = [
        first.password,
        second.password,
        ...(await Promise.all(keys.map(async key => (await it.secrets.get(key)) ?? 'none'))),
      ]
      expect(new Set(secrets).size).toBe(4)
      const pids = (await readdir('/proc')).filter(one => /^\d+$/.test(one))
      const argv = (await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))).join(
        '\n',
      )
      const seen = {
        argv,
        logs: await suite.logs(it),
        reports: it.output.join('\n'),
        places: (await suite.places?.(it)) ?? '',
      }
      expect(seen.logs).toContain('listening on') // the search looks at something
      for (const [place, text] of Object.entries(seen)) {
        for (const secret of secrets) expect(text.includes(secret), place).toBe(false)
      }
      expect((await stat(join(it.root, '.instance-manager'))).mode & 0o777).toBe(0o700)
      expect((await stat(join(it.root, '.instance-manager', 'secrets.json'))).mode & 0o777).toBe(0o600)
    })

    describe('life and death', () => {
      const context = { signal: new AbortController().signal, report: () => undefined, output: () => undefined }
      const kind = async () => await it.infrastructure.kind()

      test('stopped and started, the data is there', async () => {
        await it.down()
        expect(await it.infrastructure.status()).toMatchObject({
          postgres: { state: 'stopped' },
          pgbouncer: { state: 'stopped' },
        })
        await expect(it.databases.find(first)).rejects.toMatchObject({
          problem: { code: 'postgres-unreachable', action: 'start-infrastructure' },
        })
        await it.up()
        await it.up() // safe to repeat
        expect(await ask(pooled(), 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 1 }])
      })

      test('PgBouncer recovers when PostgreSQL restarts', async () => {
        await ask(pooled())
        await it.infrastructure.stop(await kind(), 'postgres', context)
        await it.infrastructure.start(await kind(), 'postgres', context)
        await recovered(() => ask(pooled()))
      })

      test.each(['postgres', 'pgbouncer'] as const)(
        '%s is killed: the status says so, and it starts again',
        async service => {
          await suite.kill(it, service)
          await expect.poll(async () => (await it.infrastructure.status())[service].state).toBe('stopped')
          await it.up()
          await recovered(() => ask(pooled()))
          expect(await it.databases.verify(first)).toBe(true)
        },
      )

      test.each(['postgres', 'pgbouncer'] as const)(
        'the port of %s is taken: the Problem names who has it',
        async service => {
          await it.infrastructure.stop(await kind(), service, context)
          const holder = await hold(it.settings.ports[service])
          try {
            await expect(it.infrastructure.start(await kind(), service, context)).rejects.toMatchObject({
              problem: { code: 'port-taken', cause: expect.stringContaining(`(process ${process.pid})`) as string },
            })
            expect((await it.infrastructure.status())[service]).toMatchObject({
              state: 'failed',
              problem: { code: 'port-taken' },
            })
          } finally {
            await new Promise(resolve => holder.close(resolve))
          }
          await it.infrastructure.start(await kind(), service, context)
          expect((await it.infrastructure.status())[service].state).toBe('running')
        },
      )

      test('watchers hear of changes', async () => {
        const end = new AbortController()
        const seen: string[] = []
        for await (const status of it.infrastructure.watch(end.signal)) {
          if (seen.length === 0) void it.infrastructure.stop(status.driver, 'pgbouncer', context)
          if (seen.at(-1) !== status.pgbouncer.state) seen.push(status.pgbouncer.state)
          if (status.pgbouncer.state === 'stopped') break
        }
        end.abort()
        // what lasts for less than a look may be missed
        expect(seen.filter(it => it !== 'stopping')).toEqual(['running', 'stopped'])
      })
    })
  })
}

/** PgBouncer fails the clients of a moment ago, then connects again. */
const recovered = (work: () => Promise<unknown>): Promise<void> =>
  expect.poll(() => work().then(() => 'answers', String), { interval: 100 }).toBe('answers')

const hold = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
