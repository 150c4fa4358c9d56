/**
 * Killed with -9 at every moment of a start, a change of port, a renaming and a deletion, and started again: *after*,
 * and nothing beside it.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'dotenv'
import { layOut, layOutCopy, makeDatabase, type CliInstance } from '../support/cli-instance'
import { withConnection } from '../../src/main/infrastructure/connection'
import { resultsOf } from '../../src/shared/jobs/many'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { withoutPids, world, type World } from '../support/world'
import { crash, deaths, inPairs, killedAndFinished, recover, type Deaths } from './crash'
import type { Moment } from '../support/faults'
import { freePort } from '../support/ports'

let workspace: TestWorkspace
let keeper: CliInstance
let copies = 0

const run = async (kind: string, input: object): Promise<void> => {
  const { operations } = workspace.services
  mustSucceed(await operations.settled(await operations.start(kind, input)))
}
const answerOf = (port: number): Promise<string | undefined> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    it => it.text(),
    () => undefined,
  )
const killed = (kind: string, input: object, fatal: Moment | Deaths): Promise<void> =>
  killedAndFinished(workspace, kind, input, fatal)

/** When all is freed; the keeper has served all along. */
async function look(): Promise<World> {
  await until(async () => !(await readdir(join(workspace.root, 'instances'))).some(it => it.startsWith('.trash')))
  const found = await world(workspace)
  expect(await answerOf(keeper.port)).toBe('keeper ')
  return found
}

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  keeper = await layOut(workspace, 'keeper')
  await makeDatabase(workspace, keeper)
  await run('start', { name: 'keeper' })
})
beforeEach(() => workspace.open()) // a test that failed may have left it closed
afterAll(() => workspace.remove())

describe('a start that switches the port', () => {
  let a: CliInstance
  let after: ReturnType<typeof withoutPids>
  beforeAll(async () => {
    a = await layOut(workspace, 'a')
    await layOut(workspace, 'b', a.port)
    await run('start', { name: 'b' })
    await run('start', { name: 'a', stopOther: true })
    after = withoutPids(await look())
  })

  it.each(inPairs('stop-others', 'start-process', 'verify-health'))('killed $killed', async fatal => {
    await run('start', { name: 'b', stopOther: true })
    await killed('start', { name: 'a', stopOther: true }, fatal)
    await expect.poll(async () => withoutPids(await look())).toEqual(after)
    expect(await answerOf(a.port)).toBe('a ')
  })

  it("killed while PM2's dump and what should run are written", async () => {
    for (const what of ['"pm_cwd"', '"a"']) {
      await run('start', { name: 'b', stopOther: true })
      await killed('start', { name: 'a', stopOther: true }, { at: 'writing', what })
      await expect.poll(async () => withoutPids(await look())).toEqual(after)
    }
  })
})

describe('a change of port', () => {
  let its: CliInstance
  beforeAll(async () => {
    its = await layOut(workspace, 'moving')
    await run('start', { name: 'moving' })
  })
  const portsOf = async () => [
    (JSON.parse(await readFile(join(its.folder, 'config.json'), 'utf8')) as { port: number }).port,
    Number(parse(await readFile(join(its.server, '.env')))['PORT']),
  ]

  it.each([
    ...inPairs('stop-process', 'write-port', 'start-process'),
    deaths({ at: 'writing', what: 'PORT=' }),
    deaths({ at: 'writing', what: '"created"' }),
  ])('killed $killed', async fatal => {
    const [before, port] = [(await portsOf())[0] ?? 0, await freePort()]
    await killed('change-port', { name: 'moving', port, allowSharedPort: false }, fatal)
    expect(await portsOf()).toEqual([port, port])
    expect([await answerOf(port), await answerOf(before)]).toEqual(['moving ', undefined])
    expect((await look()).pm2.filter(it => it.startsWith('moving online'))).toHaveLength(1)
  })

  it('killed, then rolled back: the old port, running', async () => {
    for (const what of ['write-port', 'start-process']) {
      const [before, port] = [(await portsOf())[0] ?? 0, await freePort()]
      await workspace.close()
      await crash(workspace, {
        run: [['change-port', { name: 'moving', port, allowSharedPort: false }]],
        killAt: { at: 'before', what: `done ${what}` },
      })
      const [state] = await recover(workspace, it => workspace.services.operations.rollBack(it.id))
      expect(state?.phase).toBe('rolled-back')
      expect([...(await portsOf()), await answerOf(before), await answerOf(port)]).toEqual([
        before,
        before,
        'moving ',
        undefined,
      ])
    }
  })
})

describe('a change of the environment', () => {
  let its: CliInstance
  let greeting = 0
  beforeAll(async () => {
    its = await layOut(workspace, 'greeting')
    await makeDatabase(workspace, its)
    await run('start', { name: 'greeting' })
  })
  const change = (value: string) => ({ name: 'greeting', changes: [{ key: 'GREETING', value }], restart: true })

  it.each<Moment>([
    { at: 'writing', what: '\nGREETING=' }, // in .env; in secrets.json, line breaks are escaped
    { at: 'before', what: 'done restart-process' },
    { at: 'writing', what: '"edits"' },
  ])('killed $at $what', async moment => {
    const value = `hello ${++greeting}`
    await killed('change-environment', change(value), moment)
    expect(await answerOf(its.port)).toBe(`greeting ${value}`)
    expect((await readdir(its.server)).filter(it => it.endsWith('.tmp'))).toEqual([])
    expect((await workspace.services.instances.details('greeting')).envFile.last?.keys).toEqual(['GREETING'])
  })

  it('killed, then rolled back: the very file that was there', async () => {
    const before = await readFile(join(its.server, '.env'), 'utf8')
    await workspace.close()
    await crash(workspace, {
      run: [['change-environment', change('never')]],
      killAt: { at: 'before', what: 'done restart-process' },
    })
    const [state] = await recover(workspace, it => workspace.services.operations.rollBack(it.id))
    expect(state?.phase).toBe('rolled-back')
    expect(await readFile(join(its.server, '.env'), 'utf8')).toBe(before)
    expect(await answerOf(its.port)).not.toContain('never')
  })
})

describe('a change of limits', () => {
  let its: CliInstance
  let pool = 10
  beforeAll(async () => {
    its = await layOut(workspace, 'limited')
    await makeDatabase(workspace, its)
    await run('limits', { name: 'limited', pool, tempFileMB: 5 })
  })
  const found = async (): Promise<unknown> => {
    const { limits } = JSON.parse(await readFile(join(its.folder, 'config.json'), 'utf8')) as { limits: unknown }
    const [role] = await workspace.sql<{ settings: string[] }>(
      "SELECT rolconfig AS settings FROM pg_roles WHERE rolname = 'limited_user'",
    )
    const console = await workspace.services.infrastructure.throughPool('pgbouncer')
    const { rows } = await withConnection(console, client =>
      client.query<{ name: string; pool_size: string }>('SHOW DATABASES'),
    )
    return [limits, role?.settings, Number(rows.find(it => it.name === 'limited_db')?.pool_size)]
  }
  const all = (size: number, megabytes: number) => [
    { pool: size, tempFileMB: megabytes },
    [`temp_file_limit=${megabytes}MB`],
    size,
  ]

  it.each<Moment>([
    ...['write-limits', 'limit-role', 'limit-pool'].map((it): Moment => ({ at: 'before', what: `done ${it}` })),
    { at: 'writing', what: '"limits"' },
    { at: 'writing', what: 'pool_size=' },
  ])('killed $at $what', async moment => {
    pool++
    await killed('limits', { name: 'limited', pool, tempFileMB: pool }, moment)
    expect(await found()).toEqual(all(pool, pool))
    await look()
  })

  it('killed, then rolled back: the old ones', async () => {
    const before = await found()
    await workspace.close()
    await crash(workspace, {
      run: [['limits', { name: 'limited', pool: 2, tempFileMB: 2 }]],
      killAt: { at: 'before', what: 'done limit-pool' },
    })
    const [state] = await recover(workspace, it => workspace.services.operations.rollBack(it.id))
    expect(state?.phase).toBe('rolled-back')
    expect(await found()).toEqual(before)
  })
})

describe('a renaming', () => {
  let its: CliInstance
  let name = 'left'
  const other = (): string => (name === 'left' ? 'right' : 'left')
  const found = async () => [withoutPids(await look()), await answerOf(its.port)]
  /** What is found once it has either name. */
  const whole = new Map<string, Awaited<ReturnType<typeof found>>>()
  beforeAll(async () => {
    its = await layOut(workspace, name)
    await makeDatabase(workspace, its)
    await run('start', { name })
    for (const to of ['right', 'left']) {
      await run('rename', { name, to })
      name = to
      whole.set(name, await found())
    }
  })
  afterAll(() => run('delete', { name, confirm: 'DELETE' }))

  it.each<Moment>([
    ...['stop-process', 'rename-database', 'rename-files', 'rename-logs', 'start-process'].map((it): Moment => ({
      at: 'before',
      what: `done ${it}`,
    })),
    { at: 'writing', what: '"created"' },
  ])('killed $at $what: it is finished', async moment => {
    const to = other()
    await killed('rename', { name, to }, moment)
    name = to
    await expect.poll(found).toEqual(whole.get(name))
  })

  it.each<Moment>([
    { at: 'before', what: 'done rename-database' },
    { at: 'writing', what: '"created"' },
    { at: 'before', what: 'done start-process' },
  ])('killed $at $what, then rolled back: it is as before', async moment => {
    await workspace.close()
    await crash(workspace, { run: [['rename', { name, to: other() }]], killAt: moment })
    const [state] = await recover(workspace, it => workspace.services.operations.rollBack(it.id))
    expect(state?.phase).toBe('rolled-back')
    await expect.poll(found).toEqual(whole.get(name))
  })
})

describe('a start of many', () => {
  const names = ['many-1', 'many-2', 'many-3', 'many-4', 'many-5', 'many-6']
  beforeAll(async () => {
    for (const name of names) await layOut(workspace, name)
  })
  afterAll(async () => {
    for (const name of names) await workspace.discard(name)
  })

  it.each<Moment>([
    { at: 'after', what: 'opened' },
    { at: 'after', what: 'doing bring-up' },
    { at: 'after', what: 'doing instance/many-3' },
    { at: 'before', what: 'done start-process' },
    { at: 'before', what: 'settled' },
    { at: 'before', what: 'done instance/many-2' },
    { at: 'after', what: 'done instance/many-5' },
  ])('killed $at $what: after the next start all of them run, each started once', async moment => {
    await run('many', { action: 'stop', names })
    await workspace.close()
    await crash(workspace, { run: [['many', { action: 'start', names }]], killAt: moment })
    await recover(workspace)
    const { operations } = workspace.services
    const job = operations.list().findLast(it => it.kind === 'many')
    expect(job && [job.phase, resultsOf(job).map(it => it.result?.problem)]).toEqual([
      'succeeded',
      names.map(() => undefined),
    ])
    const starts = operations.list().filter(it => it.kind === 'start' && it.openedAt >= (job?.openedAt ?? ''))
    expect(starts.map(it => `${it.subject} ${it.phase}`).toSorted()).toEqual(names.map(it => `${it} succeeded`))
    expect(
      (await look()).pm2.filter(it => it.startsWith('many-')).map(it => it.split(' ').slice(0, 2).join(' ')),
    ).toEqual(names.map(it => `${it} online`))
  })
})

describe('a creation of several', () => {
  const names = ['new-1', 'new-2', 'new-3']
  const items = names.map(name => ({
    name,
    port: 'auto',
    director: { name: 'Ada', email: `ada@${name}.example`, password: `of ${name}, 16 letters` },
  }))

  it.each<Moment>([
    { at: 'after', what: 'doing instance/new-1' },
    { at: 'before', what: 'done create-database' },
    { at: 'before', what: 'done instance/new-2' },
  ])('killed $at $what: after the next start, each is there once, with its own password', async moment => {
    await workspace.close()
    await crash(workspace, { run: [['create-many', { items }]], killAt: moment })
    await recover(workspace)
    const { operations, instances } = workspace.services
    const job = operations.list().findLast(it => it.kind === 'create-many')
    const results = job ? resultsOf(job) : []
    expect([job?.phase, results.map(it => it.result?.problem)]).toEqual(['succeeded', names.map(() => undefined)])
    const passwords = results.map(it => instances.takePassword(it.result?.operation ?? ''))
    expect((await Promise.all(passwords)).map(it => it?.password)).toEqual(items.map(it => it.director.password))
    const made = operations.list().filter(it => it.kind === 'create' && it.openedAt >= (job?.openedAt ?? ''))
    expect(made.map(it => `${it.subject} ${it.phase}`).toSorted()).toEqual(names.map(it => `${it} succeeded`))
    for (const name of names) await workspace.discard(name)
  })
})

describe('an adoption', () => {
  it.each<Moment>([
    { at: 'after', what: 'doing adopt-files' },
    { at: 'writing', what: 'JWT_SECRET=' },
    { at: 'before', what: 'done adopt-files' },
    { at: 'before', what: 'done create-director' },
  ])('killed $at $what: the copy is adopted, and the original keeps its database', async moment => {
    const name = `copy${++copies}`
    const its = await layOutCopy(workspace, name)
    await makeDatabase(workspace, its)
    const director = { name: 'Ada', email: 'ada@school.example', password: 'a quiet Wednesday 7' }
    await killed('adopt', { name, as: `${name}-own`, director }, moment)
    const folder = join(workspace.root, 'instances', `${name}-own`)
    expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))).toMatchObject({
      name: `${name}-own`,
      note: 'kept',
      paths: { instance: folder },
      database: { name: `${name}-own_db` },
    })
    expect(await readFile(join(folder, 'server/.env'), 'utf8')).not.toContain(its.password)
    expect((await workspace.services.instances.registry.list()).instances.map(it => it.name)).not.toContain(name)
    expect(await workspace.sql('SELECT FROM pg_database WHERE datname = $1', [its.database])).toHaveLength(1)
    await run('start', { name: `${name}-own` })
    await run('delete', { name: `${name}-own`, confirm: 'DELETE' })
    await workspace.discard(name)
  })
})

it.each<Moment>([
  { at: 'before', what: 'done set-aside' },
  { at: 'after', what: 'doing remove-process' },
])('a removal of what is left, killed $at $what: it is finished, and nothing is left', async moment => {
  const before = await look()
  const its = await layOut(workspace, 'half')
  await makeDatabase(workspace, its)
  await rm(join(its.folder, 'config.json'))
  await killed('remove-leftovers', { name: 'half', confirm: 'DELETE' }, moment)
  await expect.poll(look).toEqual(before)
})

describe('a deletion', () => {
  it.each(inPairs('stop-process', 'set-aside', 'drop-database', 'remove-process'))(
    'killed $killed: it is finished, and nothing is left',
    async fatal => {
      const before = await look()
      await makeDatabase(workspace, await layOut(workspace, 'doomed'))
      await run('start', { name: 'doomed' })
      await killed('delete', { name: 'doomed', confirm: 'DELETE' }, fatal)
      await expect.poll(look).toEqual(before)
    },
  )

  it('killed before its pivot, then rolled back: it runs again', async () => {
    const its = await layOut(workspace, 'spared')
    await makeDatabase(workspace, its)
    await run('start', { name: 'spared' })
    const before = withoutPids(await look())
    for (const what of ['stop-process', 'set-aside']) {
      await workspace.close()
      await crash(workspace, {
        run: [['delete', { name: 'spared', confirm: 'DELETE' }]],
        killAt: { at: 'before', what: `done ${what}` },
      })
      const [state] = await recover(workspace, it => workspace.services.operations.rollBack(it.id))
      expect(state?.phase).toBe('rolled-back')
      expect(await answerOf(its.port)).toBe('spared ')
      await expect.poll(async () => withoutPids(await look())).toEqual(before)
    }
  })
})
