/**
 * What the older tool leaves when it fails or is interrupted half-way, on real PostgreSQL and PM2: all of it goes, and
 * nothing that is another's.
 */
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findSystemUser } from '../../../src/main/instances/system-user/identity'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { layOut, makeDatabase, startByCli } from '../../support/cli-instance'
import { canMakeUsers } from '../../support/second-user'
import { until, type TestWorkspace } from '../../support/workspace'
import { world, type World } from '../../support/world'
import { answerOf, mustDo, pidOf, refusal, tinyWorkspace } from './lifecycle'

let workspace: TestWorkspace
let before: World
const remove = (name: string) => mustDo(workspace, 'remove-leftovers', { name, confirm: 'DELETE' })
const databases = async (...names: string[]): Promise<string[]> =>
  (
    await workspace.sql<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE datname = ANY($1) ORDER BY 1',
      [names],
    )
  ).map(it => it.name)

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  await makeDatabase(workspace, await layOut(workspace, 'whole'))
})
beforeEach(async () => {
  before = await world(workspace)
})
afterAll(() => workspace.remove())

describe('is removed', () => {
  it('a database alone, which still belongs to the superuser; a role alone', async () => {
    await workspace.sql('CREATE DATABASE "bare_db"')
    expect(await workspace.services.instances.previewLeftovers('bare')).toMatchObject({
      running: false,
      database: { name: 'bare_db', role: 'bare_user', state: 'ours', bytes: expect.any(Number) as number },
      logs: { count: 0 },
    })
    await remove('bare')
    await workspace.sql('CREATE USER "only_user"')
    await remove('only')
    expect(await world(workspace)).toEqual(before)
  })

  it('folder, database, role and a process that runs, without a config.json', async () => {
    const its = await layOut(workspace, 'half')
    await makeDatabase(workspace, its)
    await writeFile(join(its.server, 'uploads/photo.jpg'), Buffer.alloc(5000))
    await rm(join(its.folder, 'config.json'))
    await startByCli(workspace, its)
    await until(() => answerOf(its.port))
    expect((await workspace.services.instances.registry.list()).broken).toMatchObject([
      { folder: 'half', problem: { code: 'config-missing' } },
    ])
    expect(await workspace.services.instances.previewLeftovers('half')).toMatchObject({
      running: true,
      database: { state: 'ours' },
      files: { folder: its.folder, uploads: 5000, complete: true },
      logs: { count: 2 },
    })
    await remove('half')
    expect(await answerOf(its.port)).toBeUndefined()
    expect(await world(workspace)).toEqual(before)
  })

  it('a folder with a config.json that cannot be read', async () => {
    const { folder } = await layOut(workspace, 'torn')
    await writeFile(join(folder, 'config.json'), '{"name":"torn","data')
    expect((await workspace.services.instances.previewLeftovers('torn')).database.state).toBe('none')
    await remove('torn')
    expect(await world(workspace)).toEqual(before)
  })
})

describe('is left alone', () => {
  const half = async (name: string) => {
    const its = await layOut(workspace, name)
    await makeDatabase(workspace, its)
    await rm(join(its.folder, 'config.json'))
    return its
  }
  /** The folder goes; the database stays, and the preview says why. */
  async function expectKept(name: string, why: RegExp): Promise<void> {
    expect((await workspace.services.instances.previewLeftovers(name)).database).toMatchObject({
      state: 'theirs',
      why: expect.stringMatching(why) as string,
    })
    await remove(name)
    expect(await databases(`${name}_db`)).toEqual([`${name}_db`])
    await workspace.discard(name)
    expect(await world(workspace)).toEqual(before)
  }

  it('a database that another instance uses', async () => {
    const config = join(workspace.root, 'instances/whole/config.json')
    const text = await readFile(config, 'utf8')
    await writeFile(config, text.replaceAll('whole_db', 'shared_db'))
    await half('shared')
    expect((await workspace.services.instances.previewLeftovers('shared')).database).toMatchObject({
      state: 'theirs',
      why: 'It belongs to “whole”.',
    })
    await remove('shared')
    expect(await databases('shared_db')).toEqual(['shared_db'])
    await writeFile(config, text)
    await workspace.discard('shared')
    expect(await world(workspace)).toEqual(before)
  })

  it('one that is marked as another workspace’s, or belongs to another role', async () => {
    await half('marked')
    await workspace.sql(
      `COMMENT ON DATABASE "marked_db" IS 'instance-manager of 5f0f6f5e-54e2-4b0a-8f11-1d2f0a2b9c3d/marked'`,
    )
    await expectKept('marked', /belongs to another workspace/)
    await half('owned')
    await workspace.sql('ALTER DATABASE "owned_db" OWNER TO "whole_user"')
    await expectKept('owned', /doesn’t belong to the role owned_user/)
    expect(await databases('whole_db')).toEqual(['whole_db'])
  })

  it('one that something is connected to, and one whose folder was copied from one that exists', async () => {
    const { database, role: user, password } = await half('busy')
    const client = new Client({
      host: '127.0.0.1',
      port: (await workspace.services.infrastructure.status()).postgres.port,
      user,
      password,
      database,
    })
    client.on('error', () => undefined)
    await client.connect()
    expect((await workspace.services.instances.previewLeftovers('busy')).database).toMatchObject({
      state: 'theirs',
      why: 'Something still uses it: 1 open connection.',
    })
    await client.end()
    await until(async () => (await workspace.services.instances.previewLeftovers('busy')).database.state === 'ours')
    await writeFile(
      join(workspace.root, 'instances/busy/config.json'),
      JSON.stringify({ name: 'busy', paths: { instance: join(workspace.root, 'instances/whole') } }),
    )
    await expectKept('busy', /may belong to .*instances\/whole/)
  })

  it.runIf(canMakeUsers)(
    'the system user of an instance whose name differs only by case, and what runs as it',
    async () => {
      await chmod(workspace.home, 0o711) // as /srv: others pass through
      await mustDo(workspace, 'start', { name: 'whole' })
      await mustDo(workspace, 'isolate', { name: 'whole' })
      const user = await findSystemUser(workspacePaths(workspace.root), 'whole')
      const pid = await pidOf(workspace, 'whole')
      await rm(join((await layOut(workspace, 'Whole')).folder, 'config.json'))
      const { operations } = workspace.services
      expect(
        await operations.rested(await operations.start('remove-leftovers', { name: 'Whole', confirm: 'DELETE' })),
      ).toMatchObject({ phase: 'succeeded' })
      expect(await findSystemUser(workspacePaths(workspace.root), 'whole')).toEqual(user)
      expect([await pidOf(workspace, 'whole'), (await stat(`/proc/${pid}`)).uid]).toEqual([pid, user?.uid])
      expect(await readdir(join(workspace.root, 'instances'))).toEqual(['whole'])
      await mustDo(workspace, 'unisolate', { name: 'whole' })
      await mustDo(workspace, 'stop', { name: 'whole' })
    },
  )

  it('what a link leads to; a whole instance; nothing at all', async () => {
    const elsewhere = join(workspace.home, 'precious')
    await mkdir(elsewhere)
    await writeFile(join(elsewhere, 'file'), '')
    await symlink(elsewhere, join(workspace.root, 'instances/linked'))
    expect((await workspace.services.instances.previewLeftovers('linked')).files).toMatchObject({
      target: elsewhere,
      stays: true,
    })
    await remove('linked')
    expect(await readdir(elsewhere)).toEqual(['file'])
    expect(await refusal(workspace, 'remove-leftovers', { name: 'whole', confirm: 'DELETE' })).toMatchObject({
      code: 'instance-whole',
    })
    expect(await refusal(workspace, 'remove-leftovers', { name: 'nobody', confirm: 'DELETE' })).toMatchObject({
      code: 'nothing-left',
    })
    expect(await world(workspace)).toEqual(before)
  })
})
