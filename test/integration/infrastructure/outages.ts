/**
 * What happens to containers on a machine: they are killed, removed or stopped, their port or their disk is taken, their
 * engine hangs. Each is reported as a Problem, everything comes back with its data, and what isn't ours stays untouched.
 */
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa, execaSync } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { workspacePaths } from '../../../src/main/workspace/paths'
import type { ServiceName, ServiceStatus } from '../../../src/shared/infrastructure'
import { isOpen, waitsForInfrastructure } from '../../../src/shared/operation'
import type { Settings } from '../../../src/shared/settings'
import { layOut } from '../../support/cli-instance'
import { armFaults } from '../../support/faults'
import type { Images } from '../../support/images/images'
import { takePort } from '../../support/ports'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../../support/workspace'

const services = ['postgres', 'pgbouncer'] as const
/** Bytes of the disk of PostgreSQL's data. A new cluster takes 40 MB. */
const diskSize = 160 * 2 ** 20

/** @param hang makes the engine answer no command any more, until the function returned is called */
export function outagesSuite(engine: 'podman' | 'docker', images: Images, hang: () => Promise<() => void>): void {
  describe('outages', () => {
    let disk: string
    let workspace: TestWorkspace
    let containers: Settings['containers']
    let ports: Settings['ports']
    /** Containers of other people whose names are like ours. */
    let similar: readonly string[]
    let similarBefore: string

    const command = async (...args: string[]): Promise<string> => (await execa(engine, args, { input: '' })).stdout
    const inspect = (names: readonly string[], format: string): Promise<string> =>
      command('container', 'inspect', '--format', format, ...names)
    const firstProcess = async (service: ServiceName): Promise<number> =>
      Number(await inspect([containers[service]], '{{.State.Pid}}'))
    const atOnce = engine === 'podman' ? ['--time', '0'] : [] // as Docker does
    const volume = (): string => `instance-manager-${containers.postgres}`

    const createVolume = async (): Promise<void> => {
      const options = ['type=none', 'o=bind', `device=${join(disk, 'volume')}`].flatMap(it => ['--opt', it])
      await command('volume', 'create', ...options, volume())
    }

    const status = () => workspace.services.infrastructure.status()
    const found = async (service: ServiceName, wanted: (it: ServiceStatus) => boolean): Promise<ServiceStatus> =>
      until(async () => {
        const it = (await status())[service]
        return wanted(it) && it
      })
    const hasProblem = (code: string) => (it: ServiceStatus) => it.problem?.code === code
    const run = async (kind: string, input: object): Promise<void> => {
      const { operations } = workspace.services
      mustSucceed(await operations.settled(await operations.start(kind, input)))
    }
    /** Both run, a query gets through the pool, and the row is there that was written first. */
    const works = async (): Promise<void> => {
      for (const service of services) await found(service, it => it.state === 'running')
      const pooled = await workspace.services.infrastructure.throughPool('postgres')
      await until(() =>
        withConnection(pooled, client => client.query('SELECT 1')).then(
          () => true,
          () => false,
        ),
      )
      expect(await workspace.sql('SELECT what FROM public.kept')).toEqual([{ what: 'kept' }])
    }
    const fill = async (): Promise<void> => {
      const { bavail, bsize } = await statfs(disk)
      await execa('fallocate', ['--length', String(bavail * bsize), join(disk, 'others')])
    }

    beforeAll(async () => {
      disk = await mkdtemp(join(tmpdir(), 'im-outages-'))
      await execa('mount', ['-t', 'tmpfs', '-o', `size=${diskSize},mode=755`, 'im-test', disk])
      workspace = await testWorkspace({ as: 'serve', driver: engine, images, prepare: makeTiny })
      const settings = await readFile(workspacePaths(workspace.root).settings, 'utf8')
      ;({ containers, ports } = JSON.parse(settings) as Settings)
      // an operator's volume, by the name that ours would have
      await mkdir(join(disk, 'volume'))
      await writeFile(join(disk, 'volume/notes'), 'of the operator')
      await createVolume()
      similar = [`my-${containers.postgres}`, `${containers.postgres}-2`, `my-${containers.pgbouncer}`]
      const idle = ['--stop-signal', 'KILL', '--entrypoint', 'sleep', images.pgbouncer, 'infinity']
      for (const it of similar) await command('run', '-d', '--name', it, ...idle)
      similarBefore = await inspect(similar, '{{.Id}} {{.State.StartedAt}}')
      await workspace.open()
      await workspace.startInfrastructure()
      await workspace.sql("CREATE TABLE public.kept AS SELECT 'kept'::text AS what")
    })
    // A new supervisor, without its pauses after earlier outages.
    beforeEach(async () => {
      await workspace.close()
      await workspace.open()
    })
    afterAll(async () => {
      await workspace?.remove()
      await execa('umount', [disk])
      await rm(disk, { recursive: true })
    })

    test('a process of PostgreSQL is killed inside: PostgreSQL recovers by itself, in the same container', async () => {
      const before = await inspect([containers.postgres], '{{.State.StartedAt}}')
      const checkpointer = async (): Promise<number | undefined> => {
        const [its] = await workspace.sql<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'",
        )
        return its?.pid
      }
      const killed = await checkpointer()
      await command('exec', containers.postgres, 'bash', '-c', `kill -KILL ${killed}`)
      // Not by a query that fails: the recovery may be quicker than the next one.
      await until(async () => {
        const now = await checkpointer().catch(() => undefined)
        return now !== undefined && now !== killed
      })
      await works()
      expect(await inspect([containers.postgres], '{{.State.StartedAt}}')).toBe(before)
    })

    test('the first process of each is killed: it runs again by itself', async () => {
      const before = await Promise.all(services.map(firstProcess))
      for (const pid of before) process.kill(pid, 'SIGKILL')
      await until(async () => {
        const now = await Promise.all(services.map(firstProcess))
        return now.every((pid, index) => pid !== 0 && pid !== before[index])
      })
      await works()
    })

    test('both containers are killed: the status says that they are being restarted, and they are', async () => {
      // looked for at once: one may run again before the other has been found
      const restarting = Promise.all(services.map(service => found(service, it => it.state === 'restarting')))
      await command('kill', '--signal', 'KILL', containers.postgres, containers.pgbouncer)
      await restarting
      await works()
    })

    test('the port is taken by another program: it is named, and once the port is free, PostgreSQL runs again', async () => {
      await command('kill', '--signal', 'KILL', containers.postgres)
      const holder = await takePort(ports.postgres)
      try {
        expect(await found('postgres', hasProblem('port-taken'))).toMatchObject({
          state: 'restarting',
          problem: {
            cause: expect.stringContaining(`(process ${process.pid})`),
            hint: expect.stringMatching(/^Stop that/),
          },
        })
      } finally {
        await new Promise(resolve => holder.close(resolve))
      }
      await works()
    })

    test('the volume is full: that is said, and once there is space, PostgreSQL runs again', async () => {
      await fill()
      // writes to the log of changes (WAL) only, which PostgreSQL can't do without
      const write = () => workspace.sql("SELECT pg_logical_emit_message(true, 'im', repeat('x', 20000000))")
      await until(() =>
        write().then(
          () => false,
          () => true,
        ),
      )
      const { state, problem } = await found('postgres', hasProblem('disk-full'))
      expect(state).toBe('restarting')
      expect(problem).toMatchObject({
        action: 'free-space',
        details: expect.stringContaining('No space left on device'),
      })
      await rm(join(disk, 'others'))
      await works()
    })

    test('PgBouncer’s ini is broken: its own words say where, and a start writes it anew', async () => {
      const ini = join(workspacePaths(workspace.root).state, 'containers/pgbouncer/pgbouncer.ini')
      await appendFile(ini, 'pool_mode = sometimes\n')
      await command('kill', '--signal', 'KILL', containers.pgbouncer)
      const { problem } = await found('pgbouncer', hasProblem('service-failed'))
      expect(problem).toMatchObject({ cause: expect.stringContaining('pool_mode'), action: 'start-infrastructure' })
      await run('infrastructure-start', { service: 'pgbouncer' })
      await works()
    })

    test('the containers are removed: that is said, and a start creates them over the same volume', async () => {
      await command('rm', '--force', ...atOnce, containers.pgbouncer, containers.postgres)
      for (const service of services) {
        const { state, problem } = await found(service, hasProblem('container-missing'))
        expect(state).toBe('failed')
        expect(problem).toMatchObject({ action: 'start-infrastructure', hint: expect.stringContaining('Start') })
      }
      await workspace.startInfrastructure()
      await works()
    })

    test('the volume is removed with its container: nothing is started over no data, and all works once it is back', async () => {
      await layOut(workspace, 'older')
      await command('rm', '--force', ...atOnce, containers.pgbouncer, containers.postgres)
      await command('volume', 'rm', volume())
      const { problem } = await found('postgres', hasProblem('data-missing'))
      expect(problem).toMatchObject({ action: 'new-data', cause: expect.stringContaining(volume()) })
      await expect(workspace.startInfrastructure()).rejects.toMatchObject({ problem: { code: 'data-missing' } })
      await createVolume()
      await found('postgres', hasProblem('container-missing'))
      await workspace.startInfrastructure()
      await works()
      await workspace.stopInfrastructure()
      const [cluster, aside] = [join(disk, 'volume/cluster'), join(disk, 'volume/aside')]
      await rename(cluster, aside)
      const { operations } = workspace.services
      const { turned } = await operations.settled(await operations.start('infrastructure-start', {}))
      expect(turned?.problem).toMatchObject({ code: 'data-missing', cause: expect.stringContaining('PG_VERSION') })
      await rename(aside, cluster)
      await workspace.startInfrastructure()
      await works()
      await rm(join(workspacePaths(workspace.root).instances, 'older'), { recursive: true })
    })

    test('queries were left waiting, as by a killed engine: that is said, and the next engine lets them through', async () => {
      await works()
      expect(await workspace.services.infrastructure.hold()).toBe(true)
      const { state, problem } = await found('pgbouncer', hasProblem('queries-held'))
      expect([state, problem?.action]).toEqual(['failed', 'start-infrastructure'])
      await workspace.close()
      await workspace.open()
      await works()
    })

    test('the engine is missing, then hangs: each is said, while both go on running', async () => {
      await works()
      vi.stubEnv('PATH', disk) // nothing is there
      expect((await status()).postgres).toMatchObject({ state: 'failed', problem: { code: 'engine-missing' } })
      vi.unstubAllEnvs()
      const before = await Promise.all(services.map(firstProcess))
      const end = await hang()
      try {
        for (const service of services)
          expect((await status())[service]).toMatchObject({ state: 'failed', problem: { code: 'engine-silent' } })
        expect(await workspace.sql('SELECT what FROM public.kept')).toEqual([{ what: 'kept' }])
      } finally {
        end()
      }
      await works()
      expect(await Promise.all(services.map(firstProcess))).toEqual(before)
    })

    test('PostgreSQL is stopped in the middle of a creation: nothing is left of it, and the next one succeeds', async () => {
      const { operations } = workspace.services
      const stop = (): unknown => execaSync(engine, ['stop', '-t', '5', containers.postgres], { input: '' })
      const disarm = await armFaults([{ at: 'after', what: 'doing create-database' }], stop)
      const id = await workspace.begin({ name: 'school' })
      await until(() => operations.list().some(it => it.id === id && isOpen(it) && waitsForInfrastructure(it)))
      disarm()
      expect((await operations.settled(id)).phase).toBe('rolled-back')
      expect(await workspace.sql("SELECT FROM pg_database WHERE datname = 'school_db'")).toEqual([])
      mustSucceed(await workspace.create({ name: 'school' }))
      await works()
    })

    test('stopped and started again; all along, nothing of others was touched', async () => {
      await workspace.stopInfrastructure()
      await workspace.startInfrastructure()
      await works()
      expect(await inspect(similar, '{{.Id}} {{.State.StartedAt}}')).toBe(similarBefore)
      expect(await readFile(join(disk, 'volume/notes'), 'utf8')).toBe('of the operator')
      expect(await command('volume', 'ls', '--quiet', '--filter', `name=${containers.postgres}`)).toBe(volume())
    })
  })
}
