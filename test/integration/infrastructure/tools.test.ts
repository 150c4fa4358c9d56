/** PostgreSQL's own client programs, run where the service is, with streams. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, withConnection } from '../../../src/main/infrastructure/connection'
import type { ToolOptions } from '../../../src/main/infrastructure/drivers/driver'
import { EmbeddedDriver } from '../../../src/main/infrastructure/drivers/embedded-driver'
import { requirePrograms } from '../../../src/main/infrastructure/programs'
import { allServices } from '../../../src/main/infrastructure/services'
import { postgres } from '../../../src/main/infrastructure/services/postgres'
import type { Started } from '../../../src/main/system/run'
import { ProblemError } from '../../../src/shared/problem'
import { sweep } from '../../../src/main/system/sweep'
import { testInfrastructure, type TestInfrastructure, type TestOptions } from '../../support/infrastructure'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'

/** Characters that compression can't shorten much: 60 MB in a dump. */
const rows = 60
const fill = `CREATE TABLE public.big AS SELECT n, (SELECT string_agg(md5(n::text || m::text), '') FROM generate_series(1, 31250) AS m) AS text
  FROM generate_series(1, ${rows}) AS n`
const sum = "SELECT count(*)::int AS rows, md5(string_agg(md5(text), '' ORDER BY n)) AS sum FROM public.big"

function suite(name: string, options: () => Promise<TestOptions>): void {
  describe(`tools under ${name}`, () => {
    let it: TestInfrastructure
    const tool = async (file: string, args: string[], more: Partial<ToolOptions> = {}): Promise<Started> => {
      const driver = await it.infrastructure.driver()
      if (!driver.tool) throw new Error('there are no tools')
      const signal = AbortSignal.timeout(120_000)
      return await driver.tool(postgres, file, args, { signal, timeout: 120_000, ...more })
    }
    const psql = (sql: string, more?: Partial<ToolOptions>): Promise<Started> =>
      tool('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql], more)
    const ask = async <T>(sql: string, database = 'postgres'): Promise<T[]> =>
      withConnection(
        { ...(await it.infrastructure.admin()), database },
        async client => (await client.query(sql)).rows as T[],
      )
    const reason = ({ ended }: Started): Promise<unknown> =>
      ended.then(
        () => undefined,
        (error: unknown) => error,
      )
    /** Processes of that program that anyone can see, those inside containers too. */
    const running = async (program: string, argument: string): Promise<string[]> => {
      const pids = (await readdir('/proc')).filter(one => /^\d+$/.test(one))
      const lines = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')))
      return lines.filter(line => line.split('\0')[0]?.endsWith(program) && line.includes(argument))
    }

    beforeAll(async () => {
      it = await testInfrastructure(await options())
      await it.up()
      await ask('CREATE DATABASE source')
      await ask('CREATE DATABASE target')
      await ask(fill, 'source')
    })
    afterAll(() => it.dispose())

    test('a dump of 60 MB passes into a restore, with little of it in memory', async () => {
      const dump = await tool('pg_dump', ['-Fc', '-Z0', '--no-owner', '-N', 'pgbouncer', 'source'])
      let size = 0
      let held = 0
      const counted = Readable.from(
        (async function* () {
          for await (const chunk of dump.stdout) {
            size += (chunk as Buffer).length
            held = Math.max(held, dump.stdout.readableLength)
            yield chunk as Buffer
          }
        })(),
      )
      const restore = await tool('pg_restore', ['--no-owner', '--single-transaction', '-d', 'target'], {
        input: counted,
      })
      expect(await text(restore.stdout)).toBe('')
      await Promise.all([dump.ended, restore.ended])
      expect(size).toBeGreaterThan(60_000_000)
      expect(held).toBeLessThan(1_000_000)
      expect(await ask(sum, 'target')).toEqual(await ask(sum, 'source'))
    })

    test('a tool that nobody reads from is held, not buffered', async () => {
      const dump = await tool('pg_dump', ['-Fp', 'source'])
      await expect.poll(() => dump.stdout.readableLength).toBeGreaterThan(0)
      await expect.poll(async () => (await running('pg_dump', 'source')).length).toBe(1)
      expect(dump.stdout.readableLength).toBeLessThan(1_000_000)
      dump.stdout.destroy()
      await expect.poll(async () => running('pg_dump', 'source')).toEqual([])
      expect(await reason(dump)).toMatchObject({ problem: { code: 'command-failed' } })
    })

    test('an abort ends it, inside too, with the signal’s reason', async () => {
      const abort = new AbortController()
      const asleep = await psql('SELECT pg_sleep(1000)', { signal: abort.signal })
      const sessions = (): Promise<unknown[]> =>
        ask("SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1000)' AND state = 'active'")
      await expect.poll(async () => (await sessions()).length).toBe(1)
      const why = new Error('enough')
      abort.abort(why)
      expect(await reason(asleep)).toBe(why)
      await expect.poll(() => running('psql', 'pg_sleep')).toEqual([])
    })

    test.each(['is aborted', 'fails'])('input that %s is never taken for a whole one', async how => {
      await ask('DROP TABLE IF EXISTS public.half; CREATE TABLE public.half (n int)')
      const input = new Readable({ read: () => undefined })
      const abort = new AbortController()
      const fed = await tool('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1'], { input, signal: abort.signal })
      input.push('SELECT pg_advisory_lock(4711);\nINSERT INTO half VALUES (1)') // psql would run it at the end
      await expect
        .poll(async () => (await ask("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711")).length)
        .toBe(1)
      const why = new Error('the source is lost')
      if (how === 'is aborted') abort.abort(why)
      else input.destroy(why)
      expect(await reason(fed)).toBe(why)
      expect(await ask('SELECT * FROM public.half')).toEqual([])
    })

    test('a failing tool is a Problem with the end of its standard error; no password is in an argument', async () => {
      const holder = await connect(await it.infrastructure.admin(), { connect: 10_000, query: 10_000 })
      await holder.client.query('SELECT pg_advisory_lock(4712)')
      const waiting = await psql("SELECT pg_advisory_lock(4712); SELECT 'half'; SELECT nowhere")
      const secret = (await it.secrets.get('infrastructure.admin')) ?? 'none'
      await expect.poll(async () => (await running('psql', 'nowhere')).length).toBe(1)
      const pids = (await readdir('/proc')).filter(one => /^\d+$/.test(one))
      const lines = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')))
      expect(lines.join('\n')).not.toContain(secret)
      const told = text(waiting.stdout).catch((error: unknown) => error)
      await holder.close()
      expect(await told).toMatchObject({ problem: { code: 'command-failed' } })
      expect(await reason(waiting)).toMatchObject({
        problem: {
          message: '“psql” failed.',
          details: expect.stringContaining('column "nowhere" does not exist') as string,
        },
      })
    })

    test('what it is given by its environment arrives, and is masked in what it says', async () => {
      const said = (how: string, SAID: string): Promise<Started> =>
        tool('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1'], {
          input: `\\getenv said SAID\n${how} :said\nSELECT nowhere;`,
          env: { SAID },
          secrets: ['canary-2'],
        })
      const echoed = await said('\\echo', 'canary-1')
      const heard = new Promise(resolve => echoed.stdout.once('data', resolve))
      expect(String(await heard)).toBe('canary-1\n')
      const warned = await said('\\warn', 'canary-2')
      const { problem } = (await reason(warned)) as { problem: { details: string } }
      expect(problem.details).toContain('***')
      expect(problem.details).not.toContain('canary-2')
    })

    test('after a crash of ours it is swept', async () => {
      const asleep = await psql('SELECT pg_sleep(2000)')
      await expect.poll(async () => (await running('psql', 'pg_sleep(2000)')).length).toBe(1)
      await sweep(it.root) // the id of the test's commands
      await expect.poll(() => running('psql', 'pg_sleep(2000)')).toEqual([])
      expect(await reason(asleep)).toMatchObject({ problem: { code: 'command-failed' } })
    })

    test('one that isn’t there is a Problem', async () => {
      expect(await reason(await tool('pg_nothing', []))).toMatchObject({
        problem: { code: 'command-missing', message: 'pg_nothing couldn’t be started.' },
      })
    })

    test('in a service that isn’t running it is one too', async () => {
      await it.down()
      await expect(psql('SELECT 1').then(({ ended }) => ended)).rejects.toBeInstanceOf(ProblemError)
    })
  })
}

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined
describeWhere(missing === undefined, missing ?? '')('containers', () => {
  suite('the podman driver', () =>
    Promise.resolve({ driver: 'podman', images: 'images' in podman ? podman.images : undefined }),
  )
})

const programs = postgres.daemon.programs ?? ''
describeWhere(existsSync(programs), `there are no client programs in ${programs}`)('programs of the system', () => {
  suite('the embedded driver', () =>
    Promise.resolve({ driver: 'embedded', folder: `a "workspace" ${'x'.repeat(100)}` }),
  )

  test('have the embedded server’s major version', async () => {
    const version = async (path: string): Promise<string | undefined> =>
      / (\d+)\./.exec((await execa(path, ['--version'])).stdout)?.[1]
    expect(await version(`${programs}/pg_dump`)).toBe(await version((await requirePrograms()).postgres))
  })
})

test('without client programs the embedded driver has no such ability', async () => {
  const without = allServices.map(it => ({ ...it, daemon: { ...it.daemon, programs: '/nowhere' } }))
  const { services, dispose } = await testInfrastructure({ driver: 'embedded' })
  expect(new EmbeddedDriver(without, services).tool).toBeUndefined()
  await dispose()
})
