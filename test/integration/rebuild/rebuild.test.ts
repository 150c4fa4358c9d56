/** New code of the base application comes into an instance: what it gets, what it keeps, and the way back. */
import { appendFile, lstat, mkdir, readFile, readlink, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { exists } from '../../../src/main/system/files'
import { changeInstanceConfig, requireInstanceConfig } from '../../../src/main/workspace/instance-config'
import { layOut, makeDatabase } from '../../support/cli-instance'
import type { TestWorkspace } from '../../support/workspace'
import { answerOf, job, mustDo, refusal, statuses, tinyWorkspace } from '../lifecycle/lifecycle'
import { holdTrial } from './held-trial'

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
})
afterAll(() => workspace.remove())

const inInstance = (name: string, ...path: string[]): string => join(workspace.root, 'instances', name, ...path)

async function changeBase(text: string): Promise<void> {
  const entry = join(workspace.root, 'server/index.js')
  await writeFile(entry, (await readFile(entry, 'utf8')).replace(/\n\/\/ version.*|$/, `\n// version ${text}`))
}

it('brings new code, keeps everything of its own, and keeps the old code as a way back', async () => {
  const { port } = await workspace.create({ name: 'school' }).then(it => it.plan as unknown as { port: number })
  const server = (...path: string[]): string => inInstance('school', 'server', ...path)
  await mkdir(server('reports/2026'), { recursive: true })
  await writeFile(server('reports/2026/may.txt'), 'of the application', { mode: 0o640 })
  await symlink('2026/may.txt', server('reports/latest'))
  await utimes(server('reports/2026/may.txt'), 1, 2)
  await writeFile(server('uploads/a.txt'), 'an upload')
  const env = await readFile(server('.env'), 'utf8')
  await writeFile(server('.env'), `${env}\nUNKNOWN="a # b"\n`)
  const before = await readFile(server('index.js'), 'utf8')
  await changeBase('2')
  await mustDo(workspace, 'rebuild', { name: 'school' })
  expect(await readFile(server('index.js'), 'utf8')).toContain('// version 2')
  expect(await readFile(inInstance('school', '.previous/server/index.js'), 'utf8')).toBe(before)
  expect(await readFile(server('.env'), 'utf8')).toBe(`${env}\nUNKNOWN="a # b"\n`)
  const { mode, mtimeMs } = await lstat(server('reports/2026/may.txt'))
  expect([mode & 0o777, mtimeMs]).toEqual([0o640, 2000])
  expect(await readlink(server('reports/latest'))).toBe('2026/may.txt')
  expect(await readFile(server('uploads/a.txt'), 'utf8')).toBe('an upload')
  expect(await statuses(workspace)).toMatchObject({ school: 'online' })
  expect(await answerOf(port)).toBeDefined()
})

it('code that crashes at its start never reaches the instance', async () => {
  const before = await readFile(inInstance('school', 'server/index.js'), 'utf8')
  const entry = join(workspace.root, 'server/index.js')
  const text = await readFile(entry, 'utf8')
  await writeFile(
    entry,
    `console.log(require('node:fs').readFileSync('.env', 'utf8')); throw new Error('broken build')\n${text}`,
  )
  const state = await job(workspace, 'rebuild', { name: 'school' })
  await writeFile(entry, text)
  expect(state.phase).toBe('rolled-back')
  expect(JSON.stringify(state)).toContain('broken build')
  const { DATABASE_URL, JWT_SECRET } = parse(await readFile(inInstance('school', 'server/.env'), 'utf8'))
  const said = JSON.stringify([state, workspace.services.operations.output(state.id)])
  for (const secret of [new URL(DATABASE_URL ?? '').password, JWT_SECRET]) expect(said).not.toContain(secret)
  expect(await readFile(inInstance('school', 'server/index.js'), 'utf8')).toBe(before)
  expect(await statuses(workspace)).toMatchObject({ school: 'online' })
})

it('rolls back and forth, and what was written in between stays', async () => {
  const code = (): Promise<string> => readFile(inInstance('school', 'server/index.js'), 'utf8')
  await writeFile(inInstance('school', 'server/uploads/b.txt'), 'later')
  await mustDo(workspace, 'rollback', { name: 'school' })
  expect(await code()).not.toContain('// version 2')
  await writeFile(inInstance('school', 'server/uploads/c.txt'), 'even later')
  await mustDo(workspace, 'rollback', { name: 'school' })
  expect(await code()).toContain('// version 2')
  for (const it of ['uploads/a.txt', 'uploads/b.txt', 'uploads/c.txt', 'reports/2026/may.txt', '.env'])
    expect((await lstat(inInstance('school', 'server', it))).isFile()).toBe(true)
  expect(await statuses(workspace)).toMatchObject({ school: 'online' })
})

it('an instance of the replaced tool gets a release of ours, and can go back', async () => {
  const its = await layOut(workspace, 'old')
  await makeDatabase(workspace, its)
  await mkdir(join(its.server, 'node_modules/left-pad'), { recursive: true })
  await writeFile(join(its.server, 'node_modules/left-pad/index.js'), '')
  await writeFile(join(its.server, 'own.json'), '{}')
  await appendFile(join(its.server, 'index.js'), '// by the replaced tool')
  await mustDo(workspace, 'start', { name: 'old' })
  const code = (): Promise<string> => readFile(inInstance('old', 'server/index.js'), 'utf8')
  const before = await code()
  for (const [kind, packages] of [
    ['rebuild', false],
    ['rollback', true],
    ['rollback', false],
  ] as const) {
    await mustDo(workspace, kind, { name: 'old' })
    expect((await code()) === before).toBe(kind === 'rollback' && packages)
    expect(await exists(inInstance('old', 'server/node_modules/left-pad'))).toBe(packages)
    expect(await readFile(inInstance('old', 'server/own.json'), 'utf8')).toBe('{}')
    expect(await answerOf(its.port)).toBe('old ')
  }
})

it('takes over new settings of the base application, and gives them back where it fails', async () => {
  const env = (): Promise<string> => readFile(inInstance('school', 'server/.env'), 'utf8')
  const before = await env()
  await writeFile(join(workspace.root, 'server/.env'), 'GREETING="hello # world"\nEMPTY=\nPORT=1\n')
  for (const key of ['EMPTY', 'NOBODY'])
    expect(await refusal(workspace, 'rebuild', { name: 'school', env: [key] })).toMatchObject({
      code: 'env-key-unknown',
    })
  const entry = join(workspace.root, 'server/index.js')
  const text = await readFile(entry, 'utf8')
  // It fails where it runs as the instance, not in the trial.
  await writeFile(entry, `${text}\nif (env.GREETING && !__dirname.includes('.next')) throw new Error('not here')\n`)
  const failed = await job(workspace, 'rebuild', { name: 'school', env: ['GREETING'] })
  expect(failed.phase).toBe('rolled-back')
  expect(await env()).toBe(before)
  await writeFile(entry, text)
  const { plan } = await mustDo(workspace, 'rebuild', { name: 'school', env: ['GREETING'] })
  expect(JSON.stringify(plan)).not.toContain('hello')
  expect(await env()).toBe(`${before}GREETING="hello # world"\n`)
  expect(await answerOf((plan as { target: { port: number } }).target.port)).toBe('school hello # world')
  await mustDo(workspace, 'rebuild', { name: 'school', env: ['GREETING'] }) // it has it already
  expect(await env()).toBe(`${before}GREETING="hello # world"\n`)
})

it('a stopped instance whose folder has become another’s meanwhile is left alone', async () => {
  await mustDo(workspace, 'stop', { name: 'school' })
  const entry = join(workspace.root, 'server/index.js')
  const held = await holdTrial(workspace)
  await writeFile(entry, `${held.wait}\n${await readFile(entry, 'utf8')}`)
  const [config, code] = [inInstance('school', 'config.json'), inInstance('school', 'server/index.js')]
  const before = await readFile(code, 'utf8')
  const { paths } = await requireInstanceConfig(config)
  const setFolder = (instance: string): Promise<void> =>
    changeInstanceConfig(config, it => ({ ...it, paths: { ...paths, instance } }))
  const id = await held.begin('rebuild', { name: 'school' })
  await setFolder(inInstance('old'))
  await held.letGo()
  const state = await workspace.services.operations.settled(id)
  await setFolder(paths.instance)
  expect(state).toMatchObject({ phase: 'rolled-back', turned: { problem: { code: 'instance-foreign' } } })
  expect(await readFile(code, 'utf8')).toBe(before)
  expect(await exists(inInstance('school', '.next'))).toBe(false)
  expect(await statuses(workspace)).toMatchObject({ school: 'stopped' })
})
