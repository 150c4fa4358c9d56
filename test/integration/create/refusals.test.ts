/** What is refused before anything is touched: each with a Problem that names the field and who is in the way. */
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CreateInput } from '../../../src/shared/instance'
import { ProblemError, toProblem, type Problem } from '../../../src/shared/problem'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { sealedKeys } from '../../support/sealed'
import { director, testWorkspace, until, type TestWorkspace } from '../../support/workspace'
import { world, type World } from '../../support/world'
import { freePort } from '../../support/ports'

describe('creation is refused', () => {
  let workspace: TestWorkspace
  let keeperPort: number
  let before: World

  /** Made by the CLI that came before: only the guide's keys. */
  async function makeKeeper(): Promise<void> {
    const folder = join(workspace.root, 'instances/Keeper')
    const database = {
      name: 'keeper_db',
      user: 'keeper_user',
      password: 'p',
      host: 'localhost',
      port: 16432,
      directPort: 15432,
      url: 'postgresql://x',
      directUrl: 'postgresql://x',
    }
    await mkdir(join(folder, 'server'), { recursive: true })
    keeperPort = await freePort()
    await writeFile(
      join(folder, 'config.json'),
      JSON.stringify({
        name: 'Keeper',
        port: keeperPort,
        database,
        created: '2024-01-01T00:00:00.000Z',
        old: 'key',
        paths: {
          instance: folder,
          server: join(folder, 'server'),
          client: join(folder, 'client'),
          uploads: join(folder, 'server/uploads'),
        },
      }),
    )
    await writeFile(
      join(folder, 'server/index.js'),
      `require('node:http').createServer((_, to) => to.end('keeper')).listen(${keeperPort}, '127.0.0.1')`,
    )
    await workspace.processes.start({
      name: 'Keeper',
      cwd: join(folder, 'server'),
      script: join(folder, 'server/index.js'),
    })
    await until(() =>
      fetch(`http://127.0.0.1:${keeperPort}`).then(
        it => it.ok,
        () => false,
      ),
    )
  }

  beforeAll(async () => {
    workspace = await testWorkspace()
    await workspace.open()
    await makeKeeper()
    await workspace.startInfrastructure()
    before = await world(workspace)
  })
  afterAll(() => workspace.remove())

  /** The Problem of a creation that is refused; nothing has changed then. */
  async function refusal(input: Partial<CreateInput>): Promise<Problem> {
    const error: unknown = await workspace.begin({ name: 'new-one', ...input }).then(
      () => undefined,
      (it: unknown) => it,
    )
    expect(error).toBeDefined()
    expect(await world(workspace)).toEqual(before)
    return error instanceof ProblemError ? error.problem : { ...toProblem(error), message: String(error) }
  }

  it('with a name that another instance has, in whatever case', async () => {
    expect(await refusal({ name: 'Keeper' })).toMatchObject({ code: 'name-taken', field: 'name' })
    const other = await refusal({ name: 'kEEPER' })
    expect(other).toMatchObject({
      code: 'name-taken',
      field: 'name',
      message: expect.stringContaining('“Keeper”') as string,
    })
    expect(other.cause).toContain('share a database')
    expect((await workspace.services.instances.checkName('KEEPER')).problem?.code).toBe('name-taken')
  })

  it.each(['all', 'ALL', 'max', '7', '0042'])('with the name %s, which PM2 reads as something else', async name => {
    expect(await refusal({ name })).toMatchObject({ code: 'name-reserved', field: 'name' })
  })

  it.each(['', '-x', '_x', '.x', 'a b', 'a/b', '../x', 'ä', 'x'.repeat(41), 'x;id', 'x"y', 'x\n'])(
    'with the name %j, against the rule',
    async name => {
      expect((await refusal({ name })).message).toContain('name')
    },
  )

  it('with the name of a process that PM2 runs for someone else', async () => {
    const folder = join(workspace.home, 'elsewhere')
    await mkdir(folder)
    await writeFile(join(folder, 'app.js'), 'setInterval(() => undefined, 1000)')
    const app = { name: 'billing', cwd: folder, script: join(folder, 'app.js') }
    await workspace.processes.start(app)
    const after = await world(workspace)
    const error: unknown = await workspace.begin({ name: 'billing' }).catch((it: unknown) => it)
    expect(toProblem(error)).toMatchObject({ code: 'process-name-taken', field: 'name' })
    expect(await world(workspace)).toEqual(after)
    await workspace.processes.remove(app)
  })

  it('on a port that a foreign process holds, which is named', async () => {
    const server: Server = createServer().listen(0, '0.0.0.0')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    try {
      const found = await refusal({ port })
      expect(found).toMatchObject({ code: 'port-taken', field: 'port' })
      expect(found.cause).toContain(`node (pid ${process.pid})`)
    } finally {
      server.close()
    }
  })

  it.each(['postgres', 'pgbouncer'] as const)('on the port of %s, even knowingly', async service => {
    const { ports } = await workspace.services.settings.read()
    const input = { name: 'new-one', port: ports[service], allowSharedPort: true }
    const error: unknown = await workspace.begin(input).catch((it: unknown) => it)
    expect(toProblem(error)).toMatchObject({
      code: 'port-taken',
      field: 'port',
      hint: expect.stringContaining('which is free') as string,
    })
  })

  it('on the port of another instance, running or stopped', async () => {
    expect((await refusal({ port: keeperPort })).cause).toContain('“Keeper” is running on it')
    const keeper = { name: 'Keeper', cwd: join(workspace.root, 'instances/Keeper/server') }
    await workspace.processes.stop(keeper)
    const error: unknown = await workspace.begin({ name: 'new-one', port: keeperPort }).catch((it: unknown) => it)
    expect(toProblem(error)).toMatchObject({
      code: 'port-taken',
      cause: expect.stringContaining('“Keeper” is configured for it') as string,
    })
    await workspace.processes.start({ ...keeper, script: join(keeper.cwd, 'index.js') })
    await until(() =>
      fetch(`http://127.0.0.1:${keeperPort}`).then(
        it => it.ok,
        () => false,
      ),
    )
    before = await world(workspace)
  })

  it.each([80, 0, 70_000, 5000.5])('on the port %s, against the rule', async port => {
    expect((await refusal({ port })).message).toContain('port')
  })

  it('with a database or a role of that name there already', async () => {
    await workspace.sql('CREATE DATABASE "Leftover_db"') // another database: names are exact
    await workspace.sql('CREATE DATABASE leftover_db')
    await workspace.sql('CREATE ROLE lonely_user')
    before = await world(workspace)
    expect(await refusal({ name: 'LeftOver' })).toMatchObject({
      code: 'database-exists',
      field: 'name',
      message: expect.stringContaining('leftover_db') as string,
    })
    expect(await refusal({ name: 'lonely' })).toMatchObject({
      code: 'database-exists',
      field: 'name',
      message: expect.stringContaining('lonely_user') as string,
    })
  })

  it.each([
    ['an email address that is none', { email: 'nobody' }],
    ['an empty name', { name: ' ' }],
    ['a short password', { password: 'short' }],
    ['a password of more than 72 bytes', { password: 'ä'.repeat(37) }],
    ['a line break in the name', { name: 'a\nb' }],
  ])('with %s', async (_, wrong) => {
    expect((await refusal({ director: { ...director, ...wrong } })).message).toContain(Object.keys(wrong)[0])
  })

  it("with the base application's token secret when it has none", async () => {
    expect(await refusal({ jwtSecret: 'base' })).toMatchObject({ code: 'jwt-secret-missing', field: 'jwtSecret' })
  })

  it('without a usable base application or manifest', async () => {
    const manifest = join(workspace.root, 'instance-manager.json')
    await writeFile(manifest, '{ "server": { "folder": "../elsewhere" } }')
    expect(await refusal({})).toMatchObject({
      code: 'file-corrupt',
      cause: expect.stringContaining('server.folder') as string,
    })
    await rm(manifest)
    const entry = join(workspace.root, 'server/index.js')
    const code = await readFile(entry)
    await rm(entry)
    expect(await refusal({})).toMatchObject({
      code: 'workspace-unusable',
      cause: expect.stringContaining('server/index.js') as string,
    })
    await writeFile(entry, code)
  })

  it('while the infrastructure is stopped, and offers to start it', async () => {
    await workspace.stopInfrastructure()
    const error: unknown = await workspace.begin({ name: 'new-one' }).catch((it: unknown) => it)
    expect(toProblem(error)).toMatchObject({
      code: 'infrastructure-stopped',
      action: 'start-infrastructure',
      message: expect.stringContaining('PostgreSQL and PgBouncer') as string,
    })
    // whoever has their ports now isn't asked for directors with the instance's password
    await expect(workspace.services.instances.directors('Keeper')).rejects.toMatchObject({
      problem: { code: 'infrastructure-stopped', action: 'start-infrastructure' },
    })
    expect((await sealedKeys(workspacePaths(workspace.root).secrets)).filter(it => it.startsWith('create:'))).toEqual(
      [],
    )
  })
})
