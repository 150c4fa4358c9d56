/** What should run and has ended is started again, on the real PostgreSQL and PgBouncer. */
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { InfrastructureStatus, ServiceName } from '../../../src/shared/infrastructure'
import { workingIn } from '../../../src/main/infrastructure/drivers/daemons'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { layOut } from '../../support/cli-instance'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../../support/workspace'

const status = ({ services }: TestWorkspace): Promise<InfrastructureStatus> => services.infrastructure.status()
const bothRun = async (workspace: TestWorkspace): Promise<boolean> => {
  const { postgres, pgbouncer } = await status(workspace)
  return postgres.state === 'running' && pgbouncer.state === 'running'
}
const appLog = ({ root }: TestWorkspace): Promise<string> => readFile(workspacePaths(root).appLog, 'utf8')

describe('the embedded driver', () => {
  let workspace: TestWorkspace
  const folderOf = (service: ServiceName): string => join(workspacePaths(workspace.root).embedded, service)
  const first = async (service: ServiceName): Promise<number> => {
    const [pid = 0] =
      service === 'pgbouncer'
        ? await workingIn(folderOf(service), service)
        : [Number((await readFile(join(folderOf(service), 'postmaster.pid'), 'utf8')).split('\n')[0])]
    return pid
  }

  beforeAll(async () => {
    workspace = await testWorkspace({ as: 'serve', prepare: makeTiny })
  })
  // A new supervisor, without its pauses after earlier crashes.
  beforeEach(async () => {
    await workspace.close()
    await workspace.open()
    if (!(await bothRun(workspace))) await workspace.startInfrastructure()
  })
  afterAll(() => workspace.remove())

  it.each(['postgres', 'pgbouncer'] as const)(
    "%s runs again after kill -9, and the app's log says so",
    async service => {
      const before = await first(service)
      process.kill(before, 'SIGKILL')
      // not by a status that says it is down: it may be up again before anyone looks
      await until(async () => ![0, before].includes(await first(service).catch(() => 0)))
      expect(await until(() => bothRun(workspace))).toBe(true)
      await until(async () =>
        (await appLog(workspace)).includes(
          `${service === 'postgres' ? 'PostgreSQL' : 'PgBouncer'} had stopped and was restarted (attempt 1)`,
        ),
      )
    },
  )

  it('one that cannot start is tried again and again, with the words of its log; once it can, it runs', async () => {
    const settings = join(folderOf('postgres'), 'postgresql.conf')
    const good = await readFile(settings, 'utf8')
    await appendFile(settings, 'shared_buffers = much\n')
    await workspace.killInfrastructure()
    const failing = await until(async () => {
      const { postgres } = await status(workspace)
      return (postgres.attempt ?? 0) > 1 && postgres
    })
    expect(failing).toMatchObject({ state: 'restarting', problem: { code: 'service-failed' } })
    expect(`${failing.problem?.cause} ${failing.problem?.details}`).toContain('shared_buffers')
    await until(async () => (await appLog(workspace)).includes('service-failed'))
    await writeFile(settings, good)
    await until(() => bothRun(workspace))
    expect((await status(workspace)).postgres.attempt).toBeUndefined()
  })

  it('so is a PgBouncer whose ini is broken, and a start writes it anew', async () => {
    await appendFile(join(folderOf('pgbouncer'), 'pgbouncer.ini'), 'pool_mode = sometimes\n')
    process.kill(await first('pgbouncer'), 'SIGKILL')
    const failing = await until(async () => {
      const { pgbouncer } = await status(workspace)
      return pgbouncer.problem?.code === 'service-failed' && pgbouncer
    })
    expect(failing.state).toBe('restarting')
    expect(failing.problem?.cause).toContain('pool_mode')
    await workspace.startInfrastructure()
    expect(await bothRun(workspace)).toBe(true)
  })

  it('what the operator stopped stays stopped, in the next engine too; what should run is started by it', async () => {
    const earlier = new Set(workspace.services.operations.list().map(one => one.id))
    await workspace.stopInfrastructure()
    await workspace.close()
    await workspace.open()
    const { postgres, pgbouncer } = await status(workspace)
    expect([postgres.state, pgbouncer.state]).toEqual(['stopped', 'stopped'])
    expect(JSON.parse(await readFile(workspacePaths(workspace.root).wanted, 'utf8'))).toEqual({
      wanted: [],
      instances: [],
      workspace: workspace.root,
    })
    await workspace.startInfrastructure()
    expect(await workspace.services.infrastructure.hold()).toBe(true) // as a killed engine leaves it
    await workspace.close()
    await workspace.open()
    await until(() => bothRun(workspace))
    await workspace.close()
    await workspace.killInfrastructure() // as a reboot does
    await rename(folderOf('postgres'), `${folderOf('postgres')}-aside`)
    await workspace.open()
    expect((await status(workspace)).postgres).toMatchObject({
      state: 'failed',
      problem: { code: 'service-folder-missing' },
    })
    await rename(`${folderOf('postgres')}-aside`, folderOf('postgres'))
    await until(() => bothRun(workspace))
    const since = workspace.services.operations.list().filter(one => !earlier.has(one.id))
    expect(since.map(one => one.kind)).toEqual(['infrastructure-stop', 'infrastructure-start'])
  })

  it('an operation has it for itself: stopped while it is being started again, it stays stopped', async () => {
    process.kill(await first('postgres'), 'SIGKILL')
    await until(async () => (await status(workspace)).postgres.state === 'restarting')
    await workspace.stopInfrastructure()
    const { postgres, pgbouncer } = await status(workspace)
    expect([postgres.state, pgbouncer.state]).toEqual(['stopped', 'stopped'])
    expect(await workingIn(folderOf('postgres'), 'postgres')).toEqual([])
  })

  it('a start doesn’t replace the instances’ lost data by an empty PostgreSQL, unless that is asked for', async () => {
    const { operations } = workspace.services
    await layOut(workspace, 'school')
    await workspace.sql('CREATE TABLE public.kept ()')
    await workspace.stopInfrastructure()
    const aside = `${folderOf('postgres')}-aside`
    await rename(folderOf('postgres'), aside)
    await mkdir(folderOf('postgres')) // as of a disk that isn't mounted
    const missing = { code: 'data-missing', cause: expect.stringContaining(folderOf('postgres')) as string }
    expect((await status(workspace)).postgres).toMatchObject({ state: 'failed', problem: missing })
    await expect(workspace.startInfrastructure()).rejects.toMatchObject({ problem: missing })
    await rm(folderOf('postgres'), { recursive: true })
    await rename(aside, folderOf('postgres'))
    await workspace.startInfrastructure()
    await workspace.sql('SELECT FROM public.kept')
    await workspace.stopInfrastructure()
    const { embedded } = workspacePaths(workspace.root)
    await rename(embedded, `${embedded}-aside`)
    await expect(workspace.startInfrastructure()).rejects.toMatchObject({ problem: missing })
    await rename(`${embedded}-aside`, embedded)
    await rename(folderOf('postgres'), aside)
    await expect(workspace.startInfrastructure()).rejects.toMatchObject({ problem: missing })
    const asked = await operations.start('infrastructure-start', { newData: true })
    mustSucceed(await operations.settled(asked))
    await workspace.sql('CREATE TABLE public.kept ()')
  })
})

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined

describeWhere(missing === undefined, missing ?? '')('Podman', () => {
  let workspace: TestWorkspace
  let names: Record<ServiceName, string>
  const inspect = async (name: string, format: string): Promise<string> =>
    (await execa('podman', ['container', 'inspect', '--format', format, name])).stdout
  beforeAll(async () => {
    workspace = await testWorkspace({
      as: 'serve',
      driver: 'podman',
      images: 'missing' in podman ? undefined : podman.images,
      prepare: makeTiny,
    })
    names = (
      JSON.parse(await readFile(workspacePaths(workspace.root).settings, 'utf8')) as {
        containers: Record<ServiceName, string>
      }
    ).containers
    await workspace.open()
    await workspace.startInfrastructure()
  })
  afterAll(() => workspace.remove())

  it('restarts what was killed without us: the workspace is closed', async () => {
    await workspace.close()
    const before = await inspect(names.postgres, '{{.State.Pid}}')
    process.kill(Number(before), 'SIGKILL')
    await until(async () => !['0', before].includes(await inspect(names.postgres, '{{.State.Pid}}')))
    await workspace.open()
    expect(await until(() => bothRun(workspace))).toBe(true)
  })

  it('does not restart what ended by itself, or too often: then the supervisor does', async () => {
    await execa('podman', ['stop', '-t', '30', names.postgres]) // Podman counts that as wanted
    await until(async () => (await appLog(workspace)).includes('PostgreSQL had stopped and was restarted'))
    expect(await until(() => bothRun(workspace))).toBe(true)
  })

  it('an adopted container that ended is told and left as it is', async () => {
    await workspace.stopInfrastructure()
    const image = await inspect(names.pgbouncer, '{{.ImageName}}')
    await execa('podman', ['rm', '--force', names.pgbouncer])
    const { port } = (await status(workspace)).pgbouncer
    await execa('podman', [
      'create',
      '--name',
      names.pgbouncer,
      '--network',
      `instance-manager-${names.postgres}`,
      '-p',
      `127.0.0.1:${port}:5432`,
      '-e',
      `DATABASE_URL=postgres://postgres:password@${names.postgres}:5432/*`,
      '-e',
      'AUTH_TYPE=scram-sha-256',
      image,
    ])
    await workspace.startInfrastructure()
    await execa('podman', ['stop', '-t', '5', names.pgbouncer])
    const found = await until(async () => {
      const { pgbouncer } = await status(workspace)
      return pgbouncer.problem?.code === 'adopted-stopped' && pgbouncer
    })
    expect(found).toMatchObject({ state: 'failed', problem: { action: 'start-infrastructure' } })
    expect(await inspect(names.pgbouncer, '{{.State.Running}}')).toBe('false')
  })
})
