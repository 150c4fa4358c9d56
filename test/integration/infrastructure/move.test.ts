/** PostgreSQL moves between drivers and major versions with all its databases, and stays whole. */
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, withConnection, type Login } from '../../../src/main/infrastructure/connection'
import { membershipSql, readCluster } from '../../../src/main/infrastructure/move/cluster'
import { compareAll } from '../../../src/main/infrastructure/move/compare'
import { differences, readContent } from '../../../src/main/infrastructure/move/content'
import { serverFacts } from '../../../src/main/infrastructure/move/facts'
import { closeDatabases, openDatabases, requireClosed } from '../../../src/main/infrastructure/move/hold'
import type { ServiceName } from '../../../src/shared/infrastructure'
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
  /** As our administrator. */
  const inTenant = async (sql: string): Promise<void> =>
    withConnection(
      { ...(await workspace.services.infrastructure.admin()), database: tenant.database },
      async client => {
        await client.query(sql.replaceAll('$role', `"${tenant.role}"`))
      },
    )
  /** It still runs where it was, with all it had; and nothing stands in the way of a move. */
  const unchanged = async () => ({
    refused: await refusals(),
    driver: await workspace.services.infrastructure.kind(),
    kept: await kept(workspace),
    seen: await tenant.query('SELECT count(*)::int AS all FROM seen'),
    status: (await workspace.services.instances.registry.list()).instances.find(one => one.name === 'busy')?.status,
  })
  /** Does this once the move has stopped PgBouncer, or one of the two PostgreSQLs. */
  const whenDown = (work: () => Promise<unknown>, awaited: ServiceName = 'pgbouncer'): void => {
    const { infrastructure } = workspace.services
    const stop = infrastructure.stop.bind(infrastructure)
    infrastructure.stop = async (which, service, context) => {
      await stop(which, service, context)
      if (service !== awaited) return
      infrastructure.stop = stop
      await work()
    }
  }
  /** A session of its own. */
  const session = async (login: Login, sql: string) => {
    const { client, close } = await connect(login, { connect: 10_000, query: 10_000 })
    await client.query(sql)
    return close
  }
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

  it('leaves out a copy for a rehearsal, which may be gone before it is moved', async () => {
    const copy = `im_copy_${'0'.repeat(16)}_${'f'.repeat(32)}`
    await workspace.sql(`CREATE DATABASE ${copy}`)
    const { refused, databases } = await workspace.services.moving.review({ driver: 'podman' })
    await workspace.sql(`DROP DATABASE ${copy}`)
    expect([refused, databases.map(one => one.name)]).toEqual([[], ['busy_db', 'old-one_db']])
  })

  it('closes and opens databases though someone is changing them, and passes over one that is gone', async () => {
    const admin = await workspace.services.infrastructure.admin()
    const { databases } = await serverFacts(admin)
    const { signal } = new AbortController()
    const { role: user, password, database } = tenant
    const alter = (limit: number) => `BEGIN; ALTER DATABASE "${database}" CONNECTION LIMIT ${limit}`
    const limits = () => workspace.sql(`SELECT datconnlimit AS it FROM pg_database WHERE datname LIKE '%\\_db'`)

    const owner = await session({ ...admin, user, password, database }, alter(40))
    await closeDatabases(admin, databases, signal)
    await owner()
    expect(await limits()).toEqual([{ it: 0 }, { it: 0 }])
    await requireClosed(admin, databases, signal)
    await workspace.sql(`ALTER DATABASE "${database}" CONNECTION LIMIT 40`)
    await expect(requireClosed(admin, databases, signal)).rejects.toMatchObject({ problem: { code: 'move-changed' } })

    const other = await session(admin, alter(41))
    await openDatabases(admin, [...databases, { name: 'gone_db', connections: 7, bytes: 0 }], signal)
    await other()
    expect(await limits()).toEqual([{ it: -1 }, { it: -1 }])
  })

  it('a comparison ends as soon as it is cancelled', async () => {
    const { infrastructure } = workspace.services
    const [driver, admin] = [await infrastructure.driver(), await infrastructure.admin()]
    const close = await session({ ...admin, database: tenant.database }, 'BEGIN; LOCK TABLE other.notes')
    const cancelling = new AbortController()
    const compared = compareAll(
      { old: { driver, admin }, new: { driver, admin }, signal: cancelling.signal },
      () => undefined,
    )
    const waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%notes%'"
    await until(async () => (await workspace.sql(waits)).length > 0)
    cancelling.abort(new Error('cancelled'))
    await expect(compared).rejects.toThrow('cancelled')
    await close()
  })

  it('is put back if something that can’t be moved comes up meanwhile, even if PgBouncer doesn’t', async () => {
    const { ports } = await workspace.services.settings.read()
    const inTheWay = createServer()
    whenDown(async () => {
      await workspace.sql("SELECT pg_create_physical_replication_slot('late')")
      await new Promise<void>(resolve => void inTheWay.listen(ports.pgbouncer, '127.0.0.1', resolve))
    })
    const { phase, turned, steps } = await run({ driver: 'podman' })
    inTheWay.close()
    await workspace.sql("SELECT pg_drop_replication_slot('late')")
    expect([phase, turned?.problem?.code]).toEqual(['rolled-back', 'move-unmovable'])
    expect(steps.find(step => step.name === 'stop-pgbouncer')?.notes).toContain('PgBouncer is down')
    await workspace.startInfrastructure()
    await until(async () => JSON.stringify(await unchanged()) === JSON.stringify(asBefore()))
  })

  it('shows which settings of PostgreSQL won’t be there afterwards', async () => {
    const uncopiedSettings = async () => (await workspace.services.moving.review({ driver: 'podman' })).uncopiedSettings
    expect(await uncopiedSettings()).toEqual([])
    const reload = 'SELECT pg_reload_conf()'
    for (const it of ['ALTER SYSTEM SET jit = off', 'GRANT SET ON PARAMETER log_statement TO readers', reload])
      await workspace.sql(it)
    const both = ['jit', 'the right to set log_statement for readers']
    await until(async () => JSON.stringify(await uncopiedSettings()) === JSON.stringify(both))
    for (const it of ['ALTER SYSTEM RESET jit', 'REVOKE SET ON PARAMETER log_statement FROM readers', reload])
      await workspace.sql(it)
    await until(async () => (await uncopiedSettings()).length === 0)
  })

  it('is refused for what a database’s owner doesn’t own in it, or couldn’t restore', async () => {
    for (const [change, back] of [
      ['CREATE TABLE public.others ()', 'DROP TABLE public.others'],
      ['REVOKE EXECUTE ON FUNCTION pg_sleep FROM PUBLIC', 'GRANT EXECUTE ON FUNCTION pg_sleep TO PUBLIC'],
    ] as const) {
      await inTenant(change)
      expect(await refusals()).toEqual(['move-unmovable'])
      await inTenant(back)
      expect(await refusals()).toEqual([])
    }
  })

  it.each([
    [
      'owner of materialized view public.counted',
      'ALTER MATERIALIZED VIEW public.counted OWNER TO readers',
      'ALTER MATERIALIZED VIEW public.counted OWNER TO $role',
    ],
    [
      'rights on view public.seen',
      'GRANT SELECT ON public.seen TO readers',
      'REVOKE SELECT ON public.seen FROM readers',
    ],
    [
      'rights on column public.parts.at',
      'GRANT SELECT (at) ON public.parts TO readers',
      'REVOKE SELECT (at) ON public.parts FROM readers',
    ],
    [
      'default rights of (owner) on T in -',
      'ALTER DEFAULT PRIVILEGES FOR ROLE $role GRANT USAGE ON TYPES TO readers',
      'ALTER DEFAULT PRIVILEGES FOR ROLE $role REVOKE USAGE ON TYPES FROM readers',
    ],
    [
      'row security of other.notes',
      'ALTER TABLE other.notes NO FORCE ROW LEVEL SECURITY',
      'ALTER TABLE other.notes FORCE ROW LEVEL SECURITY',
    ],
    [
      'policy nobody on other.notes',
      'ALTER POLICY nobody ON other.notes TO readers',
      'ALTER POLICY nobody ON other.notes TO PUBLIC',
    ],
  ])('compares the %s', async (what, change, back) => {
    const read = async () =>
      readContent(
        { ...(await workspace.services.infrastructure.admin()), database: tenant.database },
        new AbortController().signal,
      )
    const was = await read()
    await inTenant(change)
    const changed = differences(was, await read())
    await inTenant(back)
    expect(changed.join('\n')).toContain(what)
    expect(differences(was, await read())).toEqual([])
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

  it('is put back if the new PostgreSQL’s data is gone before it takes over: it doesn’t become an empty one', async () => {
    const { postgres } = (await workspace.services.settings.read()).containers
    const drop = async () => {
      await podmanSays('rm', postgres)
      await podmanSays('volume', 'rm', await volume())
    }
    whenDown(drop, 'postgres') // the new one is stopped first
    const { phase, turned } = await run({ driver: 'podman' })
    expect([phase, turned?.problem?.code]).toEqual(['rolled-back', 'data-missing'])
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
  })

  it('creates no other PostgreSQL if the old one’s container is gone, and is put back once it is there again', async () => {
    const { operations, settings } = workspace.services
    const { postgres } = (await settings.read()).containers
    whenDown(() => podmanSays('rename', postgres, `${postgres}-away`))
    const id = await operations.start(moveJob.kind, { driver: 'embedded' })
    const { steps } = await operations.rested(id)
    expect(steps.find(step => step.status === 'stuck')?.problem?.code).toBe('container-missing')
    await podmanSays('rename', `${postgres}-away`, postgres)
    operations.retry(id)
    expect((await operations.settled(id)).phase).toBe('rolled-back')
    expect(await kept(workspace)).toEqual(before)
  })

  it('copies a setting of all roles only if it is still there', async () => {
    await workspace.sql("ALTER ROLE ALL SET work_mem = '7MB'")
    whenDown(() => workspace.sql('ALTER ROLE ALL RESET ALL')) // the rehearsal has copied it
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

  it('keeps the options of memberships, which PostgreSQL 16 and later have', async () => {
    if (!('images' in newer)) return
    // its creator may grant it to others, but neither has its rights nor can become it
    await workspace.sql('CREATE ROLE maker CREATEROLE; SET ROLE maker; CREATE ROLE made')
    const admin = await workspace.services.infrastructure.admin()
    const memberships = async () =>
      (await withConnection(admin, readCluster)).memberships.filter(it => it.member === 'maker')
    const [was, ...more] = await memberships()
    expect([was, more]).toEqual([{ role: 'made', member: 'maker', admin: true, inherit: false, set: false }, []])
    if (!was) return
    await workspace.sql('REVOKE made FROM maker GRANTED BY postgres')
    expect(await memberships()).toEqual([])
    await workspace.sql(membershipSql(was, 170_000))
    expect(await memberships()).toEqual([was])
  })
})
