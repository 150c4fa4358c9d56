/**
 * A rebuild and a rollback that are killed with -9 at every moment, inside their renames too, and started again: the
 * new code, or the old one, never something between, and the instance's own files as they were.
 */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Moment } from '../support/faults'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { withoutPids, world } from '../support/world'
import { crash, deaths, inPairs, killedAndFinished, recover, startChild } from './crash'

let workspace: TestWorkspace
let port: number

const place = (...path: string[]): string => join(workspace.root, 'instances/school', ...path)
const steps = [
  'prepare-release',
  'fill-slot',
  'trial',
  'switch',
  'start-process',
  'verify-health',
  'smoke-tests',
  'keep-previous',
]
const renames: Moment[] = [
  '.replaced/server',
  'school/server',
  '.replaced/client',
  'school/client',
  'server/uploads',
  'server/reports',
  'server/.env',
].map(what => ({ at: 'renamed', what }))

/** The base application's code says so. */
const setBase = async (version: number, bad = ''): Promise<void> => {
  const entry = join(workspace.root, 'server/index.js')
  const text = (await readFile(entry, 'utf8')).replace(/^.*\/\/ version \d+\n/, '')
  await writeFile(entry, `${bad}// version ${version}\n${text}`)
}
const version = async (slot = ''): Promise<string | undefined> =>
  /version (\d+)/.exec(await readFile(place(slot, 'server/index.js'), 'utf8'))?.[1]

const run = async (kind: string, input: object): Promise<void> => {
  const { operations } = workspace.services
  mustSucceed(await operations.settled(await operations.start(kind, input)))
}

/** All that an exchange must leave as it is. */
async function look() {
  await until(async () => !(await readdir(join(workspace.root, 'instances'))).some(it => it.startsWith('.trash')))
  expect(await fetch(`http://127.0.0.1:${port}/`).then(it => it.text())).toBe('school ')
  const own = await Promise.all(
    ['uploads/a.txt', 'reports/2026/may.txt', '.env'].map(it => readFile(place('server', it), 'utf8')),
  )
  const { files, ...rest } = withoutPids(await world(workspace))
  return { ...rest, own, files: files.map(it => it.replace(/ \d+$/, '')) }
}
let before: Awaited<ReturnType<typeof look>>

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  await setBase(0)
  const { id, plan } = mustSucceed(await workspace.create({ name: 'school' }))
  await workspace.services.instances.takePassword(id)
  ;({ port } = plan as unknown as { port: number })
  await mkdir(place('server/reports/2026'), { recursive: true })
  await writeFile(place('server/reports/2026/may.txt'), 'a report')
  await writeFile(place('server/uploads/a.txt'), 'an upload')
  await setBase(1)
  await run('rebuild', { name: 'school' })
  before = await look()
})
beforeEach(() => workspace.open()) // a test that failed may have left it closed
afterAll(() => workspace.remove())

let next = 2
describe('a rebuild', () => {
  it.each([...inPairs(...steps), ...renames.map(it => deaths(it))])('killed $killed', async fatal => {
    const was = await version()
    await setBase(next)
    await killedAndFinished(workspace, 'rebuild', { name: 'school' }, fatal)
    expect([await version(), await version('.previous')]).toEqual([String(next++), was])
    await expect.poll(look).toEqual(before)
  })
})

describe('a rollback', () => {
  it.each([
    ...inPairs('take-previous', ...steps.slice(2)),
    ...[...renames, { at: 'renamed', what: 'school/.next' } as const].map(it => deaths(it)),
  ])('killed $killed', async fatal => {
    const [now, then] = [await version(), await version('.previous')]
    await killedAndFinished(workspace, 'rollback', { name: 'school' }, fatal)
    expect([await version(), await version('.previous')]).toEqual([then, now])
    await expect.poll(look).toEqual(before)
  })
})

describe('new code that fails only once it runs: the old code is back', () => {
  const undone = (...names: string[]): Moment[] =>
    names.flatMap((step): Moment[] => [
      { at: 'before', what: `undone ${step}` },
      { at: 'after', what: `undone ${step}` },
    ])
  const lines: Moment[] = [
    { at: 'after', what: 'turned' },
    ...undone('verify-health', 'start-process', 'switch', 'trial', 'fill-slot', 'prepare-release'),
    { at: 'before', what: 'settled' },
  ]
  const moves = ['.replaced/server/uploads', '.next/server', 'school/server', 'school/client'].map((what): Moment => ({
    at: 'renamed',
    what,
  }))
  // Between the lines all in one, inside the renames one each: an undo that ends the app three times would wait.
  it.each([lines, ...moves.map(it => [lines[0] as Moment, it])])(
    'killed on the way at %o …',
    async (first, ...others) => {
      const was = [await version(), await version('.previous')]
      await setBase(next, 'if (process.env.pm_id) throw new Error("not under PM2"); ')
      await workspace.close()
      await crash(workspace, { run: [['rebuild', { name: 'school' }]], killAt: first })
      for (const killAt of others) await crash(workspace, { killAt })
      const [state] = await recover(workspace)
      expect(state).toMatchObject({ phase: 'rolled-back', turned: { reason: 'failed' } })
      expect([await version(), await version('.previous')]).toEqual(was)
      await expect.poll(look).toEqual(before)
    },
  )
})

describe('with new settings', () => {
  const input = { name: 'school', env: ['MAIL_FROM', 'MAIL_KEY'] }
  const taken = 'MAIL_FROM="Ada # of <school>"\nMAIL_KEY=a-secret-1\n'
  let old: string
  const env = (): Promise<string> => readFile(place('server/.env'), 'utf8')
  /** Its settings, and what a crash may leave of them and of config.json. */
  const settled = async () => ({
    env: await env(),
    mode: (await stat(place('server/.env'))).mode & 0o777,
    left: (await Promise.all([place(), place('server')].map(it => readdir(it))))
      .flat()
      .filter(it => it.endsWith('.tmp')),
  })
  /** The trial’s settings have another port. */
  const writing = (what = ''): Moment => ({ at: 'writing', what: `PORT=${port}\n${what}` })

  beforeAll(async () => {
    await workspace.open()
    await writeFile(join(workspace.root, 'server/.env'), `PORT=1\n${taken}`)
    const lines = (await env()).split('\n').filter(it => it && !it.startsWith('PORT='))
    const own = ['', '# of its own', 'export UNKNOWN="a # b" # why', "TWO='lines\nof text'", `PORT=${port}`, '']
    old = [...lines, ...own].join('\n')
    await writeFile(place('server/.env'), old)
    await chmod(place('server/.env'), 0o640)
  })

  it('that the new code fails with: the old ones are back', async () => {
    await setBase(next, 'if (process.env.pm_id) throw new Error("not under PM2"); ')
    await workspace.close()
    await crash(workspace, { run: [['rebuild', input]], killAt: { at: 'after', what: 'turned' } })
    await crash(workspace, { killAt: writing() })
    expect(await env()).toBe(old + taken)
    await crash(workspace, { killAt: { at: 'before', what: 'undone switch' } })
    expect(await env()).toBe(old)
    expect(await recover(workspace)).toMatchObject([{ phase: 'rolled-back', turned: { reason: 'failed' } }])
    expect(await settled()).toEqual({ env: old, mode: 0o640, left: [] })
  })

  it('that it works with', async () => {
    await setBase(next++)
    await workspace.close()
    await crash(workspace, { run: [['rebuild', input]], killAt: writing('MAIL_FROM') })
    expect(await env()).toBe(old)
    await crash(workspace, { killAt: { at: 'writing', what: '"database":' } }) // config.json, which comes next
    expect(await env()).toBe(old + taken)
    expect(await recover(workspace)).toMatchObject([{ phase: 'succeeded' }])
    expect(await settled()).toEqual({ env: old + taken, mode: 0o640, left: [] })
  })
})

describe('a seamless instance, whose old code runs meanwhile', () => {
  const its: Moment[] = [
    ...renames.filter(({ what }) => ['.replaced/server', 'school/server', 'server/uploads'].includes(what)),
    { at: 'before', what: 'done switch' },
    { at: 'before', what: 'done reload' },
  ]
  beforeAll(async () => {
    await workspace.open()
    await run('seamless', { name: 'school' })
    before = await look()
  })

  it.each(its)('is rebuilt, killed $at $what', async moment => {
    const was = await version()
    await setBase(next)
    await killedAndFinished(workspace, 'rebuild', { name: 'school' }, moment)
    expect([await version(), await version('.previous')]).toEqual([String(next++), was])
    await expect.poll(look).toEqual(before)
  })

  it('is rolled back, killed while both codes run', async () => {
    const was = [await version('.previous'), await version()]
    await workspace.close()
    const child = startChild(workspace, { run: [['rollback', { name: 'school' }]] })
    await until(async () => (await workspace.processes.list()).length === 2)
    child.kill('SIGKILL')
    await child
    expect(await recover(workspace)).toMatchObject([{ kind: 'rollback', phase: 'succeeded' }])
    expect([await version(), await version('.previous')]).toEqual(was)
    await expect.poll(look).toEqual(before)
  })

  it.each([
    [
      { at: 'after', what: 'undone reload' },
      { at: 'before', what: 'undone switch' },
    ],
    [
      { at: 'after', what: 'turned' },
      { at: 'renamed', what: '.replaced/server/uploads' },
    ],
  ] satisfies Moment[][])('has its old code back, killed on the way at %o %o', async (...killed) => {
    const was = [await version(), await version('.previous')]
    await setBase(next, 'if (process.env.pm_id) throw new Error("not under PM2"); ')
    await workspace.close()
    const [first, ...others] = killed as [Moment, ...Moment[]]
    await crash(workspace, { run: [['rebuild', { name: 'school' }]], killAt: first })
    for (const killAt of others) await crash(workspace, { killAt })
    expect(await recover(workspace)).toMatchObject([{ phase: 'rolled-back', turned: { reason: 'failed' } }])
    expect([await version(), await version('.previous')]).toEqual(was)
    await expect.poll(look).toEqual(before)
  })
})
