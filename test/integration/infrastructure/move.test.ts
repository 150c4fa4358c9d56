/** PostgreSQL moves between drivers and major versions with all its databases, and stays whole. */
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { moveJob, removeFormerJob } from '../../../src/shared/jobs/move'
import { dockerForTests } from '../../support/docker/docker'
import { kept, layOutTenant, type Tenant } from '../../support/moved'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../../support/workspace'
import { moveSuite } from './move'

const none = { postgres: '', pgbouncer: '' }
const podman = await podmanForTests()
const newer = await podmanForTests(17)
const images = 'images' in podman ? podman.images : none
const docker = await dockerForTests()

describeWhere('images' in podman && 'images' in newer, 'missing' in podman ? podman.missing : '')('with Podman', () => {
  moveSuite('between embedded and Podman', {
    images,
    from: 'embedded',
    to: [
      { driver: 'podman', version: '15' },
      { driver: 'embedded', version: '15' },
      { driver: 'podman', image: 'images' in newer ? newer.images.postgres : '', version: '17' },
    ],
  })

  moveSuite('to a newer major version', {
    images,
    from: 'podman',
    to: [{ driver: 'podman', image: 'images' in newer ? newer.images.postgres : '', version: '17' }],
  })
})

describeWhere('images' in docker && 'images' in podman, 'missing' in docker ? docker.missing : '')(
  'with Docker',
  () => {
    afterAll(async () => {
      if ('images' in docker) await docker.dispose()
    })

    moveSuite('between all drivers', {
      images,
      from: 'docker',
      to: [
        { driver: 'podman', version: '15' },
        { driver: 'docker', version: '15' },
        { driver: 'embedded', version: '15' },
      ],
    })
  },
)

describeWhere('images' in podman && 'images' in newer, 'missing' in podman ? podman.missing : '')('a move', () => {
  let workspace: TestWorkspace
  let tenant: Tenant
  let before: Awaited<ReturnType<typeof kept>>

  const run = async (input: object) =>
    await workspace.services.operations.settled(await workspace.services.operations.start(moveJob.kind, input))
  const removeOld = async () =>
    await workspace.services.operations.settled(await workspace.services.operations.start(removeFormerJob.kind, {}))
  const refusals = async () =>
    (await workspace.services.moving.review({ driver: 'podman' })).refused.map(one => one.code)
  const volume = async (): Promise<string> =>
    `instance-manager-${(await workspace.services.settings.read()).containers.postgres}`
  const podmanSays = async (...args: string[]): Promise<string> => (await execa('podman', args, { input: '' })).stdout
  /** It still runs where it was, with all it had; and nothing stands in the way of a move. */
  const unchanged = async () => ({
    refused: await refusals(),
    driver: await workspace.services.infrastructure.kind(),
    kept: await kept(workspace),
    seen: await tenant.query('SELECT count(*)::int AS all FROM seen'),
    status: (await workspace.services.instances.registry.list()).instances.find(one => one.name === 'busy')?.status,
  })
  const asBefore = () => ({ refused: [], driver: 'embedded', kept: before, seen: [{ all: 1715 }], status: 'online' })

  beforeAll(async () => {
    workspace = await testWorkspace({ images, engines: ['podman'], prepare: makeTiny })
    await workspace.open()
    await workspace.startInfrastructure()
    mustSucceed(await workspace.create({ name: 'busy' }))
    tenant = await layOutTenant(workspace, 'Old-one')
    before = await kept(workspace)
  })
  afterAll(() => workspace.remove())

  it('never uses a volume that exists', async () => {
    await podmanSays('volume', 'create', await volume())
    expect(await refusals()).toEqual(['place-taken'])
    await expect(run({ driver: 'podman' })).rejects.toMatchObject({ problem: { code: 'place-taken' } })
    expect(await podmanSays('volume', 'ls', '--quiet')).toContain(await volume())
    await podmanSays('volume', 'rm', await volume())
    expect(await unchanged()).toEqual(asBefore())
  })

  it('never uses a container that exists', async () => {
    const { containers } = await workspace.services.settings.read()
    await podmanSays('create', '--name', containers.pgbouncer, images.pgbouncer)
    expect(await refusals()).toEqual(['place-taken'])
    await podmanSays('rm', containers.pgbouncer)
    expect(await refusals()).toEqual([])
  })

  it.each([
    ['a database of a superuser', 'CREATE DATABASE mine', 'DROP DATABASE mine'],
    ['a table in the database postgres', 'CREATE TABLE public.notes (it text)', 'DROP TABLE public.notes'],
    [
      'a replication slot',
      "SELECT pg_create_physical_replication_slot('copy')",
      "SELECT pg_drop_replication_slot('copy')",
    ],
    ['a member of a superuser', 'GRANT postgres TO "old-one_user"', 'REVOKE postgres FROM "old-one_user"'],
  ])('is refused for %s', async (_, make, unmake) => {
    await workspace.sql(make)
    expect(await refusals()).toEqual(['move-unmovable'])
    await workspace.sql(unmake)
    expect(await refusals()).toEqual([])
  })

  it('is put back if a database can’t be copied', async () => {
    const { ports } = await workspace.services.settings.read()
    await workspace.sql(`ALTER ROLE "${tenant.role}" SUPERUSER`)
    await tenant.query(
      `CREATE FUNCTION hook() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER hook ON ddl_command_end EXECUTE FUNCTION hook()`,
      ports.postgres,
    )
    await workspace.sql(`ALTER ROLE "${tenant.role}" NOSUPERUSER`)
    const { phase, turned, steps } = await run({ driver: 'podman' })
    expect(steps.find(step => step.name === 'stop-instances')).toMatchObject({ status: 'waiting' })
    expect({ phase, turned }).toMatchObject({
      phase: 'rolled-back',
      turned: { problem: { code: 'move-copy', message: 'The database old-one_db can’t be copied.' } },
    })
    await workspace.sql(`ALTER ROLE "${tenant.role}" SUPERUSER`)
    await tenant.query('DROP EVENT TRIGGER hook; DROP FUNCTION hook()', ports.postgres)
    await workspace.sql(`ALTER ROLE "${tenant.role}" NOSUPERUSER`)
    expect(await unchanged()).toEqual(asBefore())
  })

  it('loses nothing that another program writes until it is cut off', async () => {
    const { ports } = await workspace.services.settings.read()
    await tenant.query('CREATE TABLE written (n int)')
    const ending = new AbortController()
    const acknowledged: number[] = []
    const writing = (async () => {
      for (let number = 1; !ending.signal.aborted; number++) {
        await tenant.query(`INSERT INTO written VALUES (${number})`, ports.postgres).then(
          () => acknowledged.push(number),
          () => delay(20),
        )
      }
    })()
    await until(() => acknowledged.length > 20)
    mustSucceed(await run({ driver: 'podman' }))
    const meanwhile = acknowledged.length
    await until(() => acknowledged.length > meanwhile + 20)
    ending.abort()
    await writing
    const rows = await tenant.query<{ n: number }>('SELECT n FROM written ORDER BY n')
    // one whose answer was cut off may have been written
    const found = new Set(rows.map(row => row.n))
    expect(acknowledged.filter(number => !found.has(number))).toEqual([])
    await tenant.query('DROP TABLE written')
    mustSucceed(await removeOld())
    mustSucceed(await run({ driver: 'embedded' }))
    mustSucceed(await removeOld())
    expect(await unchanged()).toEqual(asBefore())
  })

  it('is put back if the new PostgreSQL is older', async () => {
    if (!('images' in newer)) return
    mustSucceed(await run({ driver: 'podman', image: newer.images.postgres }))
    mustSucceed(await removeOld())
    const { phase, turned } = await run({ driver: 'embedded' })
    expect({ phase, turned }).toMatchObject({ phase: 'rolled-back', turned: { problem: { code: 'move-older' } } })
    expect(await kept(workspace)).toEqual(before)
    expect((await workspace.services.moving.review({ driver: 'embedded' })).refused).toEqual([])
  })
})
