/** An instance that runs seamlessly: the new code takes over while the old one answers, and back if it doesn't work. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { portHolders } from '../../../src/main/system/sockets'
import { probe } from '../../bench/prober'
import type { TestWorkspace } from '../../support/workspace'
import { answerOf, job, mustDo, pidOf, tinyWorkspace } from '../lifecycle/lifecycle'

let workspace: TestWorkspace
let port: number
beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  ;({ port } = await workspace.create({ name: 'school' }).then(it => it.plan as unknown as { port: number }))
})
afterAll(() => workspace.remove())

/** Milliseconds that a request may take: on a busy machine a late answer is no failed one. */
const patience = 60_000

const inInstance = (...path: string[]): string => join(workspace.root, 'instances/school', ...path)
const entry = (): string => join(workspace.root, 'server/index.js')
const listed = async () =>
  (await workspace.processes.list()).filter(it => it.name === 'school').map(it => [it.execMode, it.status])

/** @param how replaces the line that answers */
async function changeBase(version: string, before = ''): Promise<void> {
  const text = (await readFile(entry(), 'utf8')).replace(/^.*\/\/ version \w+\n/, '')
  await writeFile(entry(), `${before} globalThis.version = '${version}' // version ${version}\n${text}`)
}

it('runs in cluster mode once it is seamless', async () => {
  await mustDo(workspace, 'seamless', { name: 'school' })
  expect(await listed()).toEqual([['cluster', 'online']])
  expect(await answerOf(port)).toBe('school ')
})

it('is rebuilt, and rolled back, without a failed request', async () => {
  await writeFile(inInstance('server/uploads/a.txt'), 'an upload')
  await changeBase('two')
  for (const [kind, version] of [
    ['rebuild', true],
    ['rollback', false],
    ['rollback', true],
  ] as const) {
    const end = await probe(port, patience)
    await mustDo(workspace, kind, { name: 'school' })
    const { asked, failed } = await end()
    expect(asked).toBeGreaterThan(10)
    expect(failed).toBe(0)
    expect((await readFile(inInstance('server/index.js'), 'utf8')).includes('// version two')).toBe(version)
    expect(await readFile(inInstance('server/uploads/a.txt'), 'utf8')).toBe('an upload')
    expect(await listed()).toEqual([['cluster', 'online']])
  }
})

it('new code that fails only once it runs: the old code never stops answering', async () => {
  await changeBase('three', 'if (process.env.pm_id) throw new Error("not under PM2");')
  const end = await probe(port, patience)
  const state = await job(workspace, 'rebuild', { name: 'school' })
  const { failed } = await end()
  expect(state).toMatchObject({ phase: 'rolled-back', turned: { problem: { code: 'reload-failed' } } })
  expect(failed).toBe(0)
  expect(await readFile(inInstance('server/index.js'), 'utf8')).toContain('// version two')
  expect(await listed()).toEqual([['cluster', 'online']])
})

it('what the old process writes into its working folder during the exchange stays the instance’s', async () => {
  await changeBase(
    'four',
    `const fs = require('node:fs'); let n = 0; const me = 'w' + process.pid; setInterval(() => { n++;
      for (const it of ['uploads/', '', __dirname + '/uploads/abs-'])
        try { fs.writeFileSync(it + me + '-' + n, '') } catch { fs.appendFileSync('missed', it + '\\n') }
    }, 5);`.replace(/\n\s*/g, ' '),
  )
  await mustDo(workspace, 'rebuild', { name: 'school' })
  const pid = await pidOf(workspace, 'school')
  await changeBase('five')
  await mustDo(workspace, 'rebuild', { name: 'school' })
  const numbers = async (folder: string, prefix: string): Promise<number[]> =>
    (await readdir(inInstance('server', folder)))
      .filter(it => it.startsWith(`${prefix}${pid}-`))
      .map(it => Number(it.slice(prefix.length + String(pid).length + 1)))
      .toSorted((a, b) => a - b)
  const to = (last = 0): number[] => Array.from({ length: last }, (_, at) => at + 1)
  const [uploads, own] = [await numbers('uploads', 'w'), await numbers('', 'w')]
  expect(own).toEqual(to(own.at(-1)))
  expect(own.length).toBeGreaterThan(20)
  // A write fails if it comes between the renaming of the folder and the link in its place: two system calls.
  expect(to(own.at(-1)).filter(it => !uploads.includes(it)).length).toBeLessThanOrEqual(1)
  const left = await readdir(inInstance('.previous/server'), { withFileTypes: true })
  expect(left.filter(it => it.isSymbolicLink() || it.name.startsWith('w')).map(it => it.name)).toEqual([])
})

it('leaves nothing behind when it is deleted', async () => {
  await mustDo(workspace, 'delete', { name: 'school', confirm: 'DELETE' })
  const left = await Promise.all(['logs', 'pids'].map(it => readdir(join(workspace.host.pm2Home, it))))
  expect(left.flat().filter(it => it.startsWith('school'))).toEqual([])
  expect(await portHolders(port)).toEqual([])
})
