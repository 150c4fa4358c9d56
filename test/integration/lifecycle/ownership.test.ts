/**
 * Copied and moved workspaces on real PostgreSQL and PM2: a copy never touches the original, and a moved workspace goes
 * on working.
 */
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openWorkspace } from '../../../src/main/compose'
import type { WorkspaceServices } from '../../../src/main/services'
import { toProblem } from '../../../src/shared/problem'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { layOut, makeDatabase, startByCli, type CliInstance } from '../../support/cli-instance'
import { createInput, until, type TestWorkspace } from '../../support/workspace'
import { answerOf, bulk, mustDo, pidOf, statuses, tinyWorkspace } from './lifecycle'
import { freePort } from '../../support/ports'

let workspace: TestWorkspace
let victim: CliInstance
let copies = 0
let copy: WorkspaceServices | undefined
let copyRoot: string

/** Everything that a job could do to it. */
const jobs: readonly (readonly [string, object])[] = [
  ['delete', { confirm: 'DELETE' }],
  ['start', {}],
  ['stop', {}],
  ['restart', {}],
  ['change-port', { port: 1 }],
]

/** An instance of the older tool, whose database has a row and no mark of ours. */
async function make(name: string): Promise<CliInstance> {
  const its = await layOut(workspace, name)
  await makeDatabase(workspace, its)
  await workspace.sql(`COMMENT ON SCHEMA public IS 'untouched'`)
  return its
}

/** Whether the original still has its database, its files and its process. */
async function expectUntouched(its: CliInstance, pid?: number): Promise<void> {
  expect(await workspace.sql('SELECT FROM pg_database WHERE datname = $1', [its.database])).toHaveLength(1)
  expect(await workspace.sql('SELECT FROM pg_roles WHERE rolname = $1', [its.role])).toHaveLength(1)
  expect(await readFile(join(its.server, '.env'), 'utf8')).toContain(`INSTANCE_NAME=${its.name}`)
  if (pid === undefined) return
  expect(await pidOf(workspace, its.name)).toBe(pid)
  expect(await answerOf(its.port)).toBe(`${its.name} `)
}

/**
 * The base application and one instance, copied into a workspace that uses the same PostgreSQL with the same ports and
 * passwords.
 */
async function copyInstance(its: CliInstance): Promise<string> {
  const root = join(workspace.home, `copy-${++copies}`)
  const [from, to] = [workspacePaths(workspace.root), workspacePaths(root)]
  await mkdir(to.instances, { recursive: true })
  await mkdir(to.state, { mode: 0o700 })
  for (const it of ['server', 'client', 'instance-manager.json'])
    await execa('cp', ['-a', join(workspace.root, it), join(root, it)])
  await execa('cp', ['-a', its.folder, to.instances])
  for (const it of ['settings', 'secrets'] as const) await execa('cp', ['-a', from[it], to[it]])
  await symlink(from.embedded, to.embedded) // one server for both
  return root
}

/** @returns why each job was refused */
async function refusals({ operations }: WorkspaceServices, name: string): Promise<Record<string, string>> {
  const codes = await Promise.all(
    jobs.map(async ([kind, input]) => {
      const { code, cause } = toProblem(
        await operations
          .start(kind, {
            port: await freePort(),
            name,
            ...input,
            ...(kind === 'change-port' && { port: await freePort() }),
          })
          .then(
            () => 'started',
            (error: unknown) => error,
          ),
      )
      return [kind, `${code}: ${cause ?? ''}`] as const
    }),
  )
  return Object.fromEntries(codes)
}

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
})
beforeEach(async () => {
  victim = await make(`victim-${++copies}`)
})
afterEach(async () => {
  await copy?.close()
  copy = undefined
})
afterAll(() => workspace.remove())

async function openCopy(root: string): Promise<WorkspaceServices> {
  copyRoot = root
  return (copy = await openWorkspace(workspace.host, root))
}

describe('a copy of the base application and one instance, on the same server', () => {
  it('is shown as a copy and left alone by every job', async () => {
    await startByCli(workspace, victim)
    await until(() => answerOf(victim.port))
    const pid = await pidOf(workspace, victim.name)
    const services = await openCopy(await copyInstance(victim))
    const { instances, down } = await services.instances.registry.list()
    expect(instances).toMatchObject([
      { name: victim.name, foreign: `Its config.json belongs to ${victim.folder}, which exists.` },
    ])
    expect(down).toEqual([])
    const found = await refusals(services, victim.name)
    expect(Object.keys(found)).toHaveLength(jobs.length)
    for (const why of Object.values(found))
      expect(why).toBe(`instance-foreign: Its config.json belongs to ${victim.folder}, which exists.`)
    expect((await bulk({ services }, 'start', [victim.name]))[0]?.problem?.code).toBe('instance-foreign')
    await expectUntouched(victim, pid)
    expect(
      (await workspace.services.instances.registry.list()).instances.find(it => it.name === victim.name)?.foreign,
    ).toBeUndefined()
  })

  it('says so although its config.json was corrected by hand: the original runs on its port, or its database is marked', async () => {
    await startByCli(workspace, victim)
    await until(() => answerOf(victim.port))
    const root = await copyInstance(victim)
    const config = join(root, 'instances', victim.name, 'config.json')
    await writeFile(config, (await readFile(config, 'utf8')).replaceAll(victim.folder, dirname(config)))
    const services = await openCopy(root)
    for (const why of Object.values(await refusals(services, victim.name)))
      expect(why).toBe(`instance-foreign: The same instance is running on port ${victim.port} from ${victim.folder}.`)
    await mustDo(workspace, 'restart', { name: victim.name }) // marks the database
    await mustDo(workspace, 'stop', { name: victim.name }) // frees the port
    for (const why of Object.values(await refusals(services, victim.name)))
      expect(why).toBe(`instance-foreign: The database ${victim.database} is marked as another workspace’s.`)
    const watching = new AbortController()
    for await (const { instances } of services.instances.registry.watch(watching.signal))
      if (instances[0]?.foreign) watching.abort()
    await expectUntouched(victim)
  })

  it('that becomes one while it is deleted: nothing is dropped', async () => {
    const root = await copyInstance(victim)
    const config = join(root, 'instances', victim.name, 'config.json')
    const theirs = await readFile(config, 'utf8')
    await writeFile(config, theirs.replaceAll(victim.folder, dirname(config)))
    const services = await openCopy(root)
    const { operations } = services
    const id = await operations.start('delete', { name: victim.name, confirm: 'DELETE' })
    await writeFile(config, theirs) // before the first step is over: what it says now counts
    const state = await operations.settled(id)
    expect([state.phase, state.turned?.problem?.code]).toEqual(['rolled-back', 'instance-foreign'])
    await expectUntouched(victim)
    expect(await readFile(config, 'utf8')).toBe(theirs)
  })
})

describe('adopting a copy', () => {
  const director = { name: 'Ada', email: 'ada@school.example', password: 'a quiet Wednesday 7' }
  const settle = async (services: WorkspaceServices, input: object) =>
    services.operations.settled(await services.operations.start('adopt', { name: victim.name, director, ...input }))
  const json = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>

  it('gives it a name, database, port and secrets of its own; uploads and unknown keys stay, and it can be started and deleted', async () => {
    await startByCli(workspace, victim)
    await until(() => answerOf(victim.port))
    const pid = await pidOf(workspace, victim.name)
    const root = await copyInstance(victim)
    const server = join(root, 'instances', victim.name, 'server')
    await writeFile(join(server, 'uploads/photo.jpg'), 'photo')
    for (const it of ['package.json', 'generate.cjs']) await execa('cp', [join(root, 'server', it), server])
    // the Prisma client, which the test's instances of the older tool lack
    await execa(process.execPath, ['generate.cjs'], { cwd: server })
    const services = await openCopy(root)
    const state = await settle(services, {})
    expect([state.phase, state.turned]).toEqual(['succeeded', undefined])
    // its own is taken in PostgreSQL
    const [name, folder] = [`${victim.name}-copy`, join(root, 'instances', `${victim.name}-copy`)]
    const { instances, broken } = await services.instances.registry.list()
    expect([instances.map(it => [it.name, it.foreign]), broken]).toEqual([[[name, undefined]], []])
    const [config, database, env] = await Promise.all([
      json(join(folder, 'config.json')),
      json(join(folder, 'db-config.json')),
      readFile(join(folder, 'server/.env'), 'utf8'),
    ])
    expect(config).toMatchObject({
      name,
      note: 'kept',
      created: '2025-01-17T10:30:00.000Z',
      paths: { instance: folder },
      database: { name: `${name}_db`, user: `${name}_user` },
    })
    expect(database).toMatchObject({ name: `${name}_db`, user: `${name}_user` })
    for (const text of [JSON.stringify(config), JSON.stringify(database), env])
      expect(text).not.toContain(victim.password)
    expect(env).toMatch(new RegExp(`INSTANCE_NAME=${name}`))
    expect(env).toMatch(/JWT_SECRET=\w{48}/)
    expect(config['port']).not.toBe(victim.port)
    expect(await readFile(join(folder, 'server/uploads/photo.jpg'), 'utf8')).toBe('photo')
    const must = async (kind: string): Promise<void> => {
      const { phase, turned } = await services.operations.settled(
        await services.operations.start(kind, { name, confirm: 'DELETE' }),
      )
      expect([kind, phase, turned]).toEqual([kind, 'succeeded', undefined])
    }
    await must('start')
    expect(await answerOf(Number(config['port']))).toBe(`${name} `)
    await must('delete')
    await until(async () => (await readdir(join(root, 'instances'))).length === 0)
    await expectUntouched(victim, pid)
    expect(
      Object.keys(await json(workspacePaths(root).secrets)).filter(
        it => it.startsWith('create:') && !it.endsWith(':director-password'),
      ),
    ).toEqual([])
  })

  it('that fails, or is rolled back, leaves the copy as it was', async () => {
    const root = await copyInstance(victim)
    const copied = join(root, 'instances', victim.name)
    await writeFile(join(root, 'instance-manager.json'), JSON.stringify({ server: { push: ['sh', '-c', 'exit 3'] } }))
    const [env, shared] = [join(copied, 'server/.env'), join(workspace.home, `shared-${copies}.env`)]
    await rename(env, shared)
    await symlink(shared, env) // the original's too
    const look = async () =>
      Promise.all([
        readdir(join(root, 'instances')).then(it => it.join()),
        ...['config.json', 'db-config.json', 'server/.env'].map(it => readFile(join(copied, it), 'utf8')),
        readlink(env),
        readFile(shared, 'utf8'),
      ])
    const before = await look()
    const services = await openCopy(root)
    const state = await settle(services, { as: 'renamed' })
    expect([state.phase, state.turned?.reason]).toEqual(['rolled-back', 'failed'])
    await until(async () => (await readdir(join(root, 'instances'))).length === 1)
    expect(await look()).toEqual(before)
    expect(await workspace.sql("SELECT FROM pg_database WHERE datname = 'renamed_db'")).toEqual([])
    await expectUntouched(victim)
  })

  it('has its new name to itself: neither a job nor a creation of that name begins meanwhile', async () => {
    const root = await copyInstance(victim)
    const go = join(workspace.home, `go-${copies}`)
    await writeFile(
      join(root, 'instance-manager.json'),
      JSON.stringify({ server: { push: ['sh', '-c', 'until [ -e "$0" ]; do sleep 0.1; done', go] } }),
    )
    const { operations } = await openCopy(root)
    const id = await operations.start('adopt', { name: victim.name, as: 'renamed', director })
    for (const step of ['adopt-files', 'push-schema']) {
      await until(() =>
        operations
          .list()
          .find(it => it.id === id)
          ?.steps.find(it => it.name === step && it.status !== 'waiting'),
      )
      for (const [kind, input] of [
        ['create', createInput('renamed')],
        ['start', { name: 'renamed' }],
        ['delete', { name: 'renamed', confirm: 'DELETE' }],
      ] as const) {
        await expect(operations.start(kind, input)).rejects.toMatchObject({ problem: { code: 'operation-open' } })
      }
    }
    operations.cancel(id)
    expect((await operations.settled(id)).phase).toBe('rolled-back')
  })

  it('is refused where it would touch what is another’s, or is no copy', async () => {
    const root = await copyInstance(victim)
    const services = await openCopy(root)
    const refusal = async (of: WorkspaceServices, input: object) =>
      toProblem(
        await of.operations.start('adopt', { name: victim.name, director, ...input }).then(
          () => undefined,
          (error: unknown) => error,
        ),
      ).code
    expect(await refusal(workspace.services, {})).toBe('instance-own')
    expect(await refusal(services, { as: victim.name })).toBe('database-exists')
    const copied = join(root, 'instances', victim.name)
    await rm(copied, { recursive: true })
    await symlink(victim.folder, copied)
    expect((await services.instances.registry.list()).instances[0]?.foreign).toContain(victim.folder)
    expect(await refusal(services, { as: 'other' })).toBe('instance-linked')
    await expectUntouched(victim)
  })
})

describe('a copy of a whole workspace, made while the original runs', () => {
  it('becomes a workspace of its own, without the original’s unfinished operations; its instances are left alone', async () => {
    await mustDo(workspace, 'start', { name: victim.name })
    const pid = await pidOf(workspace, victim.name)
    const root = join(workspace.home, `whole-${++copies}`)
    await execa('cp', ['-a', workspace.root, root])
    const stuck = `{"type":"opened","id":"20260101T000000000Z-00000000","at":"2026-01-01T00:00:00.000Z","kind":"stop","version":1,"subject":"${victim.name}","plan":{"target":{"name":"${victim.name}","port":${victim.port},"cwd":${JSON.stringify(victim.server)},"script":${JSON.stringify(join(victim.server, 'index.js'))}}},"steps":["stop-process"]}\n`
    await writeFile(join(workspacePaths(root).operations, '20260101T000000000Z-00000000.jsonl'), stuck)
    // The original's deletion of a link to another disk, which can still be taken back: by its journal, which the copy
    // does not have.
    const disk = join(workspace.home, `disk-${copies}`)
    await mkdir(disk)
    await writeFile(join(disk, '.trash'), 'token')
    await symlink(disk, join(root, 'instances/.trash-token'))
    const services = await openCopy(root)
    await services.space.free(['trash'])
    expect((await readdir(join(root, 'instances'))).filter(it => it.startsWith('.'))).toEqual([])
    expect(await readdir(disk)).toEqual(['.trash'])
    expect(services.operations.list()).toEqual([])
    expect((await services.instances.registry.list()).down).toEqual([])
    for (const why of Object.values(await refusals(services, victim.name))) expect(why).toContain('instance-foreign')
    await expectUntouched(victim, pid)
    const ids = await Promise.all(
      [workspace.root, copyRoot].map(
        async it =>
          JSON.parse(await readFile(workspacePaths(it).identity, 'utf8')) as {
            id: string
            path: string
            copyOf?: string
          },
      ),
    )
    expect(ids[0]?.id).not.toBe(ids[1]?.id)
    expect(ids[1]).toMatchObject({ path: root, copyOf: workspace.root })
  })
})

describe('a workspace that was moved', () => {
  it('stays the same one: its instances start and are deleted, marked and unmarked', async () => {
    const marked = await make(`marked-${copies}`)
    await mustDo(workspace, 'start', { name: marked.name })
    await mustDo(workspace, 'stop', { name: marked.name })
    await workspace.stopInfrastructure()
    await workspace.close()
    const [here, there] = [workspace.root, join(workspace.home, 'moved')]
    await rename(here, there)
    const services = await openCopy(there)
    const must = async (kind: string, input?: object): Promise<void> => {
      const state = await services.operations.settled(await services.operations.start(kind, input))
      expect([kind, state.phase, state.turned]).toEqual([kind, 'succeeded', undefined])
    }
    await must('infrastructure-start')
    for (const { name, port } of [marked, victim]) {
      expect((await services.instances.registry.list()).instances.find(it => it.name === name)?.foreign).toBeUndefined()
      await must('start', { name })
      expect(await answerOf(port)).toBe(`${name} `)
      await must('delete', { name, confirm: 'DELETE' })
    }
    await must('infrastructure-stop')
    await services.close()
    copy = undefined
    await rename(there, here)
    await workspace.open()
    await workspace.startInfrastructure()
    expect(
      await workspace.sql('SELECT FROM pg_database WHERE datname = ANY($1)', [[marked.database, victim.database]]),
    ).toEqual([])
    expect(await statuses(workspace)).not.toHaveProperty(marked.name)
  })
})
