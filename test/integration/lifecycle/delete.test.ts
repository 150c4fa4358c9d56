/** Deletion on real PostgreSQL, PgBouncer and PM2: all of the instance goes, and nothing else. */
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pm2Paths } from '../../../src/main/processes/daemon'
import { isAlive } from '../../../src/main/system/proc'
import { layOut, makeDatabase, startByCli, type CliInstance } from '../../support/cli-instance'
import { until, type TestWorkspace } from '../../support/workspace'
import { world, type World } from '../../support/world'
import { answerOf, daemonPid, kill9, mustDo, pidOf, refusal, statuses, tinyWorkspace } from './lifecycle'
import { freePort } from '../../support/ports'

let workspace: TestWorkspace
let before: World
const similar = ['a', 'a_b', 'a-b-c']
const remove = (name: string) => mustDo(workspace, 'delete', { name, confirm: 'DELETE' })
const expectNothingElse = async (): Promise<void> => expect(await world(workspace)).toEqual(before)

async function made(name: string): Promise<CliInstance> {
  const its = await layOut(workspace, name)
  await makeDatabase(workspace, its)
  return its
}

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  for (const name of similar) {
    await made(name)
    await mustDo(workspace, 'start', { name })
  }
})
beforeEach(async () => {
  before = await world(workspace)
})
afterAll(() => workspace.remove())

it('of an instance that the command line tool made, with its log files; its neighbours with similar names stay', async () => {
  const its = await made('a-b')
  await startByCli(workspace, its)
  await until(() => answerOf(its.port))
  await writeFile(join(its.server, 'uploads/photo.jpg'), Buffer.alloc(5000))
  const logs = pm2Paths(workspace.host.pm2Home).logs
  expect(await readdir(logs)).toEqual(expect.arrayContaining(['a-b-out.log', 'a-b-error.log', 'a_b-out.log']))
  const archives = ['a-b-out.log', 'a-b-error.log', 'a_b-out.log'].map(it => `${it}.000000000000000-000000001048576`)
  // pm2-logrotate's and logrotate's
  const others = ['a-b-out__2026-01-31_00-00-00.log.gz', 'a-b-error.log.1.gz', 'a-b-out.log-20260131.gz']
  await Promise.all(
    [`${archives[0]}.gz`, `${archives[1]}.hole-000000000000000.pending.gz`, `${archives[2]}.gz`, ...others].map(it =>
      writeFile(join(logs, it), ''),
    ),
  )
  const preview = await workspace.services.instances.previewDelete('a-b')
  expect(preview).toMatchObject({
    name: 'a-b',
    running: true,
    database: { name: 'a-b_db', role: 'a-b_user', bytes: expect.any(Number) as number, connections: 0 },
    files: { folder: its.folder, uploads: 5000 },
    logs: { count: 7 },
  })
  await remove('a-b')
  expect((await readdir(logs)).filter(it => it.endsWith('.gz'))).toEqual([`${archives[2]}.gz`])
  await rm(join(logs, `${archives[2]}.gz`))
  await expectNothingElse()
  for (const { name, port } of (await workspace.services.instances.registry.list()).instances)
    expect(await answerOf(port)).toBe(`${name} `)
})

it('of one whose log files PM2 has made those of another, too: these stay', async () => {
  const [one, other] = [await made('x_y'), await made('x-y')]
  for (const it of [one, other]) await startByCli(workspace, it)
  await remove('x_y')
  expect(await readdir(pm2Paths(workspace.host.pm2Home).logs)).toEqual(
    expect.arrayContaining(['x-y-out.log', 'x-y-error.log']),
  )
  expect((await workspace.services.instances.details('x-y')).logs).toHaveLength(2)
  await remove('x-y')
  await expectNothingElse()
})

it('with connections open, directly and through PgBouncer', async () => {
  const { database, role: user, password } = await made('busy')
  await mustDo(workspace, 'start', { name: 'busy' })
  const { postgres, pgbouncer } = await workspace.services.infrastructure.status()
  const clients = [postgres.port, pgbouncer.port].map(
    port => new Client({ host: '127.0.0.1', port, user, password, database, connectionTimeoutMillis: 10_000 }),
  )
  const errors: string[] = []
  for (const client of clients) {
    client.on('error', error => errors.push(error.message))
    await client.connect()
    await client.query('BEGIN')
    await client.query('SELECT 1')
  }
  const connections = async () => (await workspace.services.instances.previewDelete('busy')).database.connections
  await expect.poll(connections).toBe(2) // one of the start's may just be closing
  await remove('busy')
  await until(() => errors.length > 0)
  await Promise.all(clients.map(it => it.end().catch(() => undefined)))
  await expectNothingElse()
})

it('of one that ignores SIGINT, and of one that was never started', async () => {
  for (const name of ['stubborn', 'never']) await made(name)
  await mustDo(workspace, 'start', { name: 'stubborn' })
  await remove('stubborn')
  await remove('never')
  expect(await statuses(workspace)).not.toHaveProperty('stubborn')
  await expectNothingElse()
})

it('of a folder that is a link to another disk: what it leads to goes too', async () => {
  const { folder } = await made('linked')
  const elsewhere = join(workspace.home, 'disk/linked')
  await mkdir(join(workspace.home, 'disk'))
  await rename(folder, elsewhere)
  await symlink(elsewhere, folder)
  await mustDo(workspace, 'start', { name: 'linked' })
  expect((await workspace.services.instances.previewDelete('linked')).files).toMatchObject({
    folder,
    target: elsewhere,
  })
  await remove('linked')
  expect(await readdir(join(workspace.home, 'disk'))).toEqual([])
  expect(await statuses(workspace)).not.toHaveProperty('linked')
  await expectNothingElse()
})

it('of a link to a folder whose config.json does not name it: only the link goes, and the preview says so', async () => {
  const { folder } = await made('unnamed')
  const elsewhere = join(workspace.home, 'unnamed')
  await rename(folder, elsewhere)
  await symlink(elsewhere, folder)
  const config = join(elsewhere, 'config.json')
  await writeFile(config, (await readFile(config, 'utf8')).replaceAll(folder, '/nowhere/instances/unnamed'))
  expect((await workspace.services.instances.previewDelete('unnamed')).files).toMatchObject({
    folder,
    target: elsewhere,
    stays: true,
    bytes: 0,
  })
  await remove('unnamed')
  expect(await readdir(elsewhere)).toEqual(expect.arrayContaining(['config.json', 'server', 'client']))
  await rm(elsewhere, { recursive: true })
  await expectNothingElse()
})

it('what links in it lead to stays, and the preview says so; a change of port leaves a .env that is a link one', async () => {
  const { folder, server } = await made('linking')
  const [shared, env] = [join(workspace.home, 'shared'), join(workspace.home, 'shared.env')]
  await mkdir(shared)
  await writeFile(join(shared, 'photo.jpg'), Buffer.alloc(7000))
  await rm(join(server, 'uploads'), { recursive: true })
  await symlink(shared, join(server, 'uploads'))
  await rename(join(server, '.env'), env)
  await symlink(env, join(server, '.env'))
  const port = await freePort()
  await mustDo(workspace, 'change-port', { name: 'linking', port })
  expect([await readlink(join(server, '.env')), await readFile(env, 'utf8')]).toEqual([
    env,
    expect.stringContaining(`PORT=${port}\n`),
  ])
  const { files } = await workspace.services.instances.previewDelete('linking')
  expect(files).toMatchObject({ folder, uploads: 0, complete: true })
  expect(files.links.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
    { path: join(server, '.env'), target: env },
    { path: join(server, 'uploads'), target: shared },
  ])
  await remove('linking')
  expect([await readdir(shared), (await readFile(env, 'utf8')).length > 0]).toEqual([['photo.jpg'], true])
  for (const it of [shared, env]) await rm(it, { recursive: true })
  await expectNothingElse()
})

it('is done when the disk has the space again', async () => {
  const { server } = await made('full')
  await Promise.all(Array.from({ length: 3000 }, (_, it) => writeFile(join(server, 'uploads', `photo-${it}`), 'x')))
  await remove('full')
  expect(await readdir(join(workspace.root, 'instances'))).not.toContainEqual(expect.stringContaining('.trash'))
  expect(await world(workspace)).toEqual(before)
})

describe('is refused, and nothing is touched', () => {
  it('where names differ by case only, a broken one included', async () => {
    const its = await layOut(workspace, 'A_B')
    for (const text of [undefined, '{ broken']) {
      if (text) await writeFile(join(its.folder, 'config.json'), text)
      expect(await refusal(workspace, 'delete', { name: 'a_b', confirm: 'DELETE' })).toMatchObject({
        code: 'database-shared',
        message: expect.stringContaining('“A_B”') as string,
      })
    }
    await rm(its.folder, { recursive: true })
    await expectNothingElse()
  })

  it("where its config.json names another instance's database", async () => {
    const its = await layOut(workspace, 'thief')
    const config = join(its.folder, 'config.json')
    await writeFile(
      config,
      JSON.stringify({
        name: 'thief',
        port: its.port,
        created: '',
        paths: { instance: its.folder, server: '/etc', client: '/', uploads: '/' },
        database: {
          name: 'a_db',
          user: 'a_user',
          password: '',
          host: '127.0.0.1',
          port: 1,
          directPort: 1,
          url: '',
          directUrl: '',
        },
      }),
    )
    expect(await refusal(workspace, 'delete', { name: 'thief', confirm: 'DELETE' })).toMatchObject({
      code: 'database-foreign',
    })
    expect(await refusal(workspace, 'delete', { name: 'a', confirm: 'DELETE' })).toMatchObject({
      code: 'database-shared',
    })
    await rm(its.folder, { recursive: true })
    await expectNothingElse()
  })

  it('where PostgreSQL does not run', async () => {
    await workspace.stopInfrastructure()
    expect(await refusal(workspace, 'delete', { name: 'a', confirm: 'DELETE' })).toMatchObject({
      code: 'infrastructure-stopped',
      action: 'start-infrastructure',
    })
    await workspace.startInfrastructure()
    await expectNothingElse()
  })
})

it('where a database belongs to another role, it is refused before anything is touched, and works once that is settled', async () => {
  const { database, role } = await made('disputed')
  await workspace.sql(`ALTER DATABASE "${database}" OWNER TO a_user`)
  expect(await refusal(workspace, 'delete', { name: 'disputed', confirm: 'DELETE' })).toMatchObject({
    code: 'database-foreign',
  })
  expect(await workspace.sql('SELECT FROM pg_database WHERE datname = $1', [database])).toHaveLength(1)
  expect(await statuses(workspace)).toHaveProperty('disputed')
  await workspace.sql(`ALTER DATABASE "${database}" OWNER TO "${role}"`)
  await remove('disputed')
  expect(await statuses(workspace)).not.toHaveProperty('disputed')
})

it('of one that PM2 has lost: its process ends too', async () => {
  await made('stranded')
  await mustDo(workspace, 'start', { name: 'stranded' })
  const pid = await pidOf(workspace, 'stranded')
  await kill9(await daemonPid(workspace))
  expect(await isAlive(pid)).toBe(true)
  await remove('stranded')
  expect(await isAlive(pid)).toBe(false)
  expect(await statuses(workspace)).not.toHaveProperty('stranded')
})
