/** Containers that the CLI left, made as its guide says, are used as they are. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { Pools } from '../../../src/main/infrastructure/pools'
import { requireInfrastructure } from '../../../src/main/instances/create/plan'
import type { Images } from '../../support/images/images'
import { GuideContainers } from '../../support/guide-containers'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'

/** @param methods PgBouncer's, of logging in: each takes 15 s, in which it waits */
export function adoptionSuite(engine: 'podman' | 'docker', images: Images, methods: readonly string[]): void {
  describe('adopted containers', () => {
    let it: TestInfrastructure
    const command = async (args: string[], input = ''): Promise<string> => (await execa(engine, args, { input })).stdout
    const removed = (name: string): Promise<string> =>
      command(['rm', '--force', ...(engine === 'podman' ? ['--time', '0'] : []), name])
    const old = { database: 'old_db', role: 'old_user', password: 'old-password' }
    const fresh = { database: 'fresh_db', role: 'fresh_user', password: 'freshPassword1', token: 'fresh' }
    const asked = (port: number, { role, password, database }: typeof old): Promise<unknown> =>
      withConnection(
        { port, user: role, password, database },
        async client => (await client.query('SELECT current_user AS who')).rows,
      )
    const started = (name: string): Promise<string> =>
      command(['container', 'inspect', '--format', '{{.Id}} {{.State.StartedAt}}', name])

    beforeAll(async () => {
      it = await testInfrastructure({ driver: engine, images })
      const { containers, ports } = it.settings
      // any network with names; removed with the test's others
      await command(['network', 'create', `instance-manager-${containers.postgres}`])
      await command([
        'run',
        '-d',
        '--name',
        containers.postgres,
        '--network',
        `instance-manager-${containers.postgres}`,
        '-p',
        `${ports.postgres}:5432`,
        '-e',
        'POSTGRES_PASSWORD=password',
        images.postgres,
      ])
      const psql = (sql: string): Promise<string> =>
        command(['exec', '-i', containers.postgres, 'psql', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres'], sql)
      await vi.waitFor(() => psql('SELECT 1'), { timeout: 60_000 })
      await vi.waitFor(() => command(['exec', containers.postgres, 'pg_isready', '-h', '127.0.0.1']), {
        timeout: 60_000,
      })
      await psql(
        `CREATE DATABASE ${old.database}; CREATE USER ${old.role} WITH ENCRYPTED PASSWORD '${old.password}'; ALTER DATABASE ${old.database} OWNER TO ${old.role};`,
      )
    })
    afterAll(() => it.dispose())

    test("the CLI's PgBouncer and PostgreSQL serve old and new databases, and were not touched", async () => {
      const { containers, ports } = it.settings
      await new GuideContainers(engine, images, it.settings).runPooler('-e', 'AUTH_TYPE=scram-sha-256')
      const before = [await started(containers.postgres), await started(containers.pgbouncer)]
      await expect.poll(() => asked(ports.pgbouncer, old).catch(String)).toEqual([{ who: old.role }]) // once it listens

      await it.up()

      expect(await it.infrastructure.status()).toMatchObject({
        adopted: ['postgres', 'pgbouncer'],
        postgres: { state: 'running' },
        pgbouncer: { state: 'running' },
      })
      expect((await it.infrastructure.status()).warnings.map(one => one.code).toSorted()).toEqual([
        'port-open-to-network',
        'port-open-to-network',
        'postgres-weak-rules',
      ])
      const { problem, poolProblem } = await it.infrastructure.activity.look()
      expect([problem?.code, poolProblem?.code]).toEqual([undefined, 'pools-unknown'])
      await it.databases.create(fresh)
      expect(await it.databases.verify(fresh)).toBe(true)
      for (const port of [ports.postgres, ports.pgbouncer]) {
        expect(await asked(port, old)).toEqual([{ who: old.role }])
        expect(await asked(port, fresh)).toEqual([{ who: fresh.role }])
      }
      await expect(asked(ports.pgbouncer, { ...old, database: fresh.database })).rejects.toThrow(/permission denied/)
      expect([await started(containers.postgres), await started(containers.pgbouncer)]).toEqual(before)
    })

    test.each(methods)(
      "a PgBouncer with the replaced tool's ini and %s, whose console never answers us: not adopted yet, then running",
      async auth => {
        const { containers, ports } = it.settings
        const folder = join(it.root, `guide-${auth}`)
        await mkdir(folder)
        await writeFile(join(folder, 'userlist.txt'), '"postgres" "password"\n')
        await writeFile(
          join(folder, 'pgbouncer.ini'),
          [
            '[databases]',
            `* = host=${containers.postgres} port=5432`,
            '[pgbouncer]',
            'listen_addr = 0.0.0.0',
            'listen_port = 5432',
            'unix_socket_dir =',
            'auth_file = /etc/pgbouncer/userlist.txt',
            'auth_user = postgres',
            `auth_type = ${auth}`,
            'admin_users = postgres',
            'ignore_startup_parameters = extra_float_digits',
            '',
          ].join('\n'),
        )
        for (const path of [it.root, folder]) await chmod(path, 0o755)
        await removed(containers.pgbouncer)
        await command([
          'run',
          '-d',
          '--name',
          containers.pgbouncer,
          '--network',
          `instance-manager-${containers.postgres}`,
          '-p',
          `${ports.pgbouncer}:5432`,
          '-v',
          `${folder}:/etc/pgbouncer:z`,
          images.pgbouncer,
        ])
        const psql = (sql: string): Promise<string> =>
          command(['exec', '-i', containers.postgres, 'psql', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres'], sql)
        await psql('ALTER ROLE instance_manager NOLOGIN; ALTER ROLE pgbouncer_auth NOLOGIN;') // as before it was adopted
        const unadopted = { state: 'not-adopted', problem: { code: 'not-adopted', action: 'start-infrastructure' } }
        expect(await it.infrastructure.status()).toMatchObject({ postgres: unadopted, pgbouncer: unadopted })
        await expect(requireInfrastructure(it, 'Then again.')).rejects.toMatchObject({
          problem: { code: 'not-adopted', hint: 'Then again.' },
        })

        await it.up()

        expect(await it.infrastructure.status()).toMatchObject({
          postgres: { state: 'running' },
          pgbouncer: { state: 'running' },
        })
        expect(await requireInfrastructure(it, '')).toEqual({ pooled: true })
        for (const login of [old, fresh]) expect(await asked(ports.pgbouncer, login)).toEqual([{ who: login.role }])
        // Its console does not let us in: the pool is waited for instead, and why is said.
        const pools = new Pools(database => it.infrastructure.throughPool(database))
        expect(await pools.heal({ database: old.database, user: old.role, password: old.password })).toBeUndefined()
        expect(await pools.heal({ database: 'missing_db', user: old.role, password: old.password })).toMatch(
          /PgBouncer doesn’t let Instance Manager reset the pool/,
        )
      },
    )

    test('they have a configuration of their own, which limits of an instance leave alone', async () => {
      expect((await it.infrastructure.machine()).adopted).toEqual(['postgres', 'pgbouncer'])
      const context = { signal: AbortSignal.timeout(60_000), report: () => undefined, output: () => undefined }
      await it.infrastructure.resizePools(context, old.database)
    })

    test('they are stopped and started as they are', async () => {
      await it.down()
      expect(await it.infrastructure.status()).toMatchObject({
        adopted: ['postgres', 'pgbouncer'],
        postgres: { state: 'stopped' },
        pgbouncer: { state: 'stopped' },
      })
      await it.up()
      expect((await it.infrastructure.status()).postgres.state).toBe('running')
    })

    test('a PgBouncer of ours joins an adopted PostgreSQL', async () => {
      const { containers, ports } = it.settings
      await removed(containers.pgbouncer)
      await it.up()
      for (const login of [old, fresh]) expect(await asked(ports.pgbouncer, login)).toEqual([{ who: login.role }])
      expect((await it.infrastructure.status()).pgbouncer).toMatchObject({
        state: 'running',
        version: expect.stringMatching(/\d/) as string,
      })
    })

    test('a container that publishes another port is a Problem that says which', async () => {
      const { containers } = it.settings
      await it.down()
      await removed(containers.pgbouncer)
      await command(['create', '--name', containers.pgbouncer, '-p', '127.0.0.1::5432', images.pgbouncer])
      await expect(it.up()).rejects.toMatchObject({ problem: { code: 'container-port' } })
    })
  })
}
