/** PostgreSQL moves between drivers and major versions with all its databases, and stays whole. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { connect, withConnection, type Login } from '../../../src/main/infrastructure/connection'
import { ContainerData } from '../../../src/main/infrastructure/drivers/container-data'
import { membershipSql, readCluster } from '../../../src/main/infrastructure/move/cluster'
import { compareAll } from '../../../src/main/infrastructure/move/compare'
import { differences, readContent, recomputed } from '../../../src/main/infrastructure/move/content'
import { serverFacts } from '../../../src/main/infrastructure/move/facts'
import { closeDatabases, openDatabases, requireClosed } from '../../../src/main/infrastructure/move/hold'
import type { ServiceName } from '../../../src/shared/infrastructure'
import { infrastructureStartJob } from '../../../src/shared/jobs/infrastructure'
import { moveJob } from '../../../src/shared/jobs/move'
import { kept } from '../../support/moved'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { mustSucceed, until } from '../../support/workspace'
import { expectWhole, movable, moveWhole, run, type Movable } from './move'

const none = { postgres: '', pgbouncer: '' }
const podman = await podmanForTests()
const newer = await podmanForTests(17)
const images = 'images' in podman ? podman.images : none
const image17 = 'images' in newer ? newer.images.postgres : ''
const withPodman = describeWhere('images' in podman && 'images' in newer, 'missing' in podman ? podman.missing : '')
const podmanSays = async (...args: string[]): Promise<string> => (await execa('podman', args, { input: '' })).stdout

withPodman('a move', () => {
  let all: Movable
  let { workspace, tenant, before } = {} as Movable

  const move = (input: object) => run(workspace, moveJob.kind, input)
  const refusals = async () =>
    (await workspace.services.moving.review({ driver: 'podman' })).refused.map(one => one.code)
  const volume = async (): Promise<string> =>
    `instance-manager-${(await workspace.services.settings.read()).containers.postgres}`
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
    all = await movable({ images, engines: ['podman'] })
    ;({ workspace, tenant, before } = all)
  })
  afterAll(() => workspace.remove())

  it('never uses a volume that exists', async () => {
    await podmanSays('volume', 'create', await volume())
    expect(await refusals()).toEqual(['place-taken'])
    await expect(move({ driver: 'podman' })).rejects.toMatchObject({ problem: { code: 'place-taken' } })
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

  it('is refused, with the figures, if the disk of the new one is too small', async () => {
    const disk = await mkdtemp(join(tmpdir(), 'im-move-'))
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=8M', 'im-test', disk])
    vi.spyOn(ContainerData.prototype, 'disk').mockResolvedValue(disk)
    await expect(move({ driver: 'podman' })).rejects.toMatchObject({
      problem: {
        code: 'disk-space',
        cause: expect.stringMatching(/^The databases take \d+ MB, and their copies up to \d+ MB\. [78](\.\d)? MB is/),
        hint: expect.stringMatching(/^Free \d+ MB there/),
      },
    })
    vi.restoreAllMocks()
    await execa('umount', [disk])
    await rm(disk, { recursive: true })
    expect(await podmanSays('volume', 'ls', '--quiet')).not.toContain(await volume())
    expect(await unchanged()).toEqual(asBefore())
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
    const { phase, turned, steps } = await move({ driver: 'podman' })
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
    await inTenant('REVOKE EXECUTE ON FUNCTION pg_sleep FROM PUBLIC')
    expect(await refusals()).toEqual(['move-unmovable'])
    await inTenant('GRANT EXECUTE ON FUNCTION pg_sleep TO PUBLIC')
    expect(await refusals()).toEqual([])
  })

  it('names the objects of others, and the commands that give them to the database’s owner', async () => {
    await inTenant(`CREATE SCHEMA theirs; CREATE TABLE theirs."Other's" (id serial, mood text);
      CREATE MATERIALIZED VIEW theirs.sums AS SELECT 1 AS it; CREATE TYPE theirs.pair AS (a int, b int);
      CREATE FUNCTION theirs.twice(n int, text) RETURNS int LANGUAGE sql AS 'SELECT 2';
      CREATE STATISTICS theirs.mixed ON id, mood FROM theirs."Other's"; ALTER TABLE theirs."Other's" OWNER TO readers`)
    const [refused] = (await workspace.services.moving.review({ driver: 'podman' })).refused
    expect(refused?.message).toContain(
      'the schema theirs in the database old-one_db, which belongs to instance_manager',
    )
    const [first, ...fixes] = refused?.details?.split('\n') ?? []
    expect([first, fixes.length]).toEqual(['\\connect "old-one_db"', 6])
    expect(fixes).toContain('ALTER TABLE theirs."Other\'s" OWNER TO "old-one_user";')
    await inTenant(fixes.join('\n'))
    expect(await refusals()).toEqual([])
    await inTenant('DROP SCHEMA theirs CASCADE')
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

  it('compares generated columns apart from those that they are computed from', async () => {
    const read = async () =>
      readContent(
        { ...(await workspace.services.infrastructure.admin()), database: tenant.database },
        new AbortController().signal,
      )
    await inTenant(`CREATE FUNCTION public.one() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
      CREATE TABLE public.made (n int, made int GENERATED ALWAYS AS (n + public.one()) STORED);
      INSERT INTO public.made SELECT generate_series(1, 3)`)
    const was = await read()
    expect(recomputed(was, await read())).toEqual([])
    await inTenant(
      `DROP FUNCTION public.one CASCADE; ALTER TABLE public.made ADD made int GENERATED ALWAYS AS (n + 2) STORED`,
    )
    const is = await read()
    await inTenant('DROP TABLE public.made')
    expect(recomputed(was, is)).toEqual(['made in public.made'])
    expect(was.get('rows of public.made')).toBe(is.get('rows of public.made'))
    expect(await unchanged()).toEqual(asBefore())
  })

  it('is put back if a database can’t be copied', async () => {
    const { ports } = await workspace.services.settings.read()
    await workspace.sql(`ALTER ROLE "${tenant.role}" SUPERUSER`)
    await tenant.query(
      `CREATE FUNCTION hook() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER hook ON ddl_command_end EXECUTE FUNCTION hook()`,
      ports.postgres,
    )
    await workspace.sql(`ALTER ROLE "${tenant.role}" NOSUPERUSER`)
    const { phase, turned, steps } = await move({ driver: 'podman' })
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
    const { phase, turned } = await move({ driver: 'podman' })
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
    mustSucceed(await move({ driver: 'podman' }))
    const meanwhile = acknowledged.length
    await until(() => acknowledged.length > meanwhile + 20)
    ending.abort()
    await writing
    const rows = await tenant.query<{ n: number }>('SELECT n FROM written ORDER BY n')
    // one whose answer was cut off may have been written
    const found = new Set(rows.map(row => row.n))
    expect(acknowledged.filter(number => !found.has(number))).toEqual([])
    await tenant.query('DROP TABLE written')
    expect(await expectWhole(all, { driver: 'embedded' })).toMatch(/^15\./)
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
    await moveWhole(all, { driver: 'embedded' })
    expect(await unchanged()).toEqual(asBefore())
    // the next start has all that it needs
    await workspace.stopInfrastructure()
    await workspace.startInfrastructure()
    await until(async () => JSON.stringify(await unchanged()) === JSON.stringify(asBefore()))
  })
})

withPodman('an upgrade', () => {
  const other = `localhost/instance-manager-test/postgres:another-${process.pid}`
  const moving = `localhost/instance-manager-test/postgres:moving-${process.pid}`
  let all: Movable
  let { workspace, before } = {} as Movable

  /** An image of its own with the same major version, as a newer minor version has. */
  const build = (name: string) =>
    execa('podman', ['build', '--tag', name, '-'], { input: `FROM ${images.postgres}\nLABEL im-test=${name}` })
  const infrastructure = () => workspace.services.infrastructure
  const restart = async () => {
    await workspace.stopInfrastructure()
    await workspace.startInfrastructure()
  }

  beforeAll(async () => {
    await build(other)
    all = await movable({ driver: 'podman', images })
    ;({ workspace, before } = all)
  })
  afterAll(async () => {
    await workspace.remove()
    for (const it of [other, moving]) await podmanSays('untag', it)
  })

  it('to another image of the same major version: a new container with the same data', async () => {
    const { tenant } = all
    const { ports } = await workspace.services.settings.read()
    // what it says is a lie, so the new PostgreSQL computes something else
    await tenant.query(
      `CREATE FUNCTION stamp() RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT clock_timestamp()::text';
       CREATE TABLE stamps (n int, "at all" text GENERATED ALWAYS AS (stamp()) STORED, twice int GENERATED ALWAYS AS (2 * n) STORED);
       INSERT INTO stamps VALUES (1)`,
      ports.postgres,
    )
    const moved = mustSucceed(await run(workspace, moveJob.kind, { driver: 'podman', image: other }))
    await tenant.query('DROP TABLE stamps; DROP FUNCTION stamp()', ports.postgres)
    expect(moved.steps.find(step => step.name === 'compare-databases')?.notes).toBe(
      'The new PostgreSQL computes generated columns of old-one_db differently: at all, twice in public.stamps. The columns they are computed from are the same.',
    )
    expect(await expectWhole(all, { driver: 'podman', image: images.postgres })).toMatch(/^15\./)
  })

  it('by the setting of the image: the next start creates the container from it, over the same volume', async () => {
    const { settings } = workspace.services
    const details = async () => (await infrastructure().details.look()).postgres
    const { program, data } = await details()
    expect(program).toBe(other)
    await workspace.stopInfrastructure()
    await settings.change({ 'containers.postgresImage': images.postgres })
    await workspace.startInfrastructure()
    expect(await details()).toMatchObject({ program: images.postgres, data })
    expect(await kept(workspace)).toEqual(before)
  })

  it('by pulling a newer one of the same name: the next start takes it, if it is of the same major version', async () => {
    const { settings } = workspace.services
    const running = async () => {
      const { containers } = await settings.read()
      return (await podmanSays('inspect', '--format', '{{.Image}}', containers.postgres)).trim()
    }
    const idOf = async (name: string) => (await podmanSays('image', 'inspect', '--format', '{{.Id}}', name)).trim()
    await podmanSays('tag', images.postgres, moving)
    await workspace.stopInfrastructure()
    await settings.change({ 'containers.postgresImage': moving })
    await workspace.startInfrastructure()
    const { data } = (await infrastructure().details.look()).postgres
    const hasNewer = async () => {
      infrastructure().details.again()
      return (await infrastructure().details.look()).postgres.newerImage
    }
    expect([await running(), await hasNewer()]).toEqual([await idOf(images.postgres), false])

    await podmanSays('tag', other, moving)
    await workspace.startInfrastructure()
    expect([await running(), await hasNewer()]).toEqual([await idOf(images.postgres), true]) // it isn't stopped for that
    await restart()
    expect([await running(), await hasNewer()]).toEqual([await idOf(other), false])
    expect((await infrastructure().details.look()).postgres.data).toBe(data)
    expect(await kept(workspace)).toEqual(before)

    await podmanSays('tag', image17, moving)
    expect(await hasNewer()).toBe(false)
    await restart()
    expect(await running()).toBe(await idOf(other))
    expect(await kept(workspace)).toEqual(before)
  })

  it('not by the setting to an image of another major version, which is refused with nothing changed', async () => {
    const { settings } = workspace.services
    await workspace.stopInfrastructure()
    await settings.change({ 'containers.postgresImage': image17 })
    const { phase, turned } = await run(workspace, infrastructureStartJob.kind)
    expect({ phase, turned }).toMatchObject({
      phase: 'rolled-back',
      turned: {
        problem: {
          code: 'image-unfit',
          cause: 'It has PostgreSQL 17, and the data is that of PostgreSQL 15. Nothing was changed.',
        },
      },
    })
    await settings.change({ 'containers.postgresImage': images.postgres })
    await workspace.startInfrastructure()
    expect(await kept(workspace)).toEqual(before)
  })

  it('to a newer major version', async () => {
    expect(await moveWhole(all, { driver: 'podman', image: image17 })).toMatch(/^17\./)
  })

  it('is put back if the new PostgreSQL is older', async () => {
    const { phase, turned } = await run(workspace, moveJob.kind, { driver: 'embedded' })
    expect({ phase, turned }).toMatchObject({ phase: 'rolled-back', turned: { problem: { code: 'move-older' } } })
    expect(await kept(workspace)).toEqual(before)
    expect((await workspace.services.moving.review({ driver: 'embedded' })).refused).toEqual([])
  })

  it('keeps the options of memberships, which PostgreSQL 16 and later have', async () => {
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
