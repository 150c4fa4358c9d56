/** The live list: what happens outside the app appears by itself, and what PM2 forgets is found. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { InstanceList } from '../../../src/shared/instance'
import { isAlive } from '../../../src/main/system/proc'
import { layOut, pm2, startByCli } from '../../support/cli-instance'
import { until, type TestWorkspace } from '../../support/workspace'
import { answerOf, daemonPid, desired, kill9, mustDo, pidOf, tinyWorkspace } from './lifecycle'

let workspace: TestWorkspace
let latest: InstanceList | undefined
let pushes = 0
let stop = new AbortController()

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await layOut(workspace, 'alpha')
  await layOut(workspace, 'beta')
  await mustDo(workspace, 'start', { name: 'alpha' })
})
afterAll(() => workspace.remove())
beforeEach(async () => {
  stop = new AbortController()
  latest = undefined
  void (async () => {
    for await (const list of workspace.services.instances.registry.watch(stop.signal)) {
      latest = list
      pushes += 1
    }
  })()
  await until(() => latest !== undefined)
})
afterEach(() => stop.abort())

const shown = (name: string) => latest?.instances.find(it => it.name === name)
const folder = (name: string): string => join(workspace.root, 'instances', name)

it('a folder that is made, changed, broken, repaired and taken away by hand', async () => {
  const { port } = await layOut(workspace, 'made')
  await until(() => shown('made')?.port === port)
  expect(shown('made')?.status).toBe('not in PM2')
  const config = join(folder('made'), 'config.json')
  const text = await readFile(config, 'utf8')
  await writeFile(config, text.replace(`"port": ${port}`, '"port": 4321'))
  await until(() => shown('made')?.port === 4321)
  await writeFile(config, text.replace('"port"', '"prot"'))
  const broken = await until(() => latest?.broken[0])
  expect(broken).toMatchObject({
    folder: 'made',
    problem: { code: 'file-corrupt', message: expect.stringContaining('made') as string },
  })
  expect(JSON.stringify(broken)).not.toContain('abcdefghijkl0123456789mn')
  for (const kind of ['start', 'stop', 'restart', 'delete', 'change-port']) {
    await expect(
      workspace.services.operations.start(kind, {
        name: 'made',
        port: 5555,
        allowSharedPort: false,
        confirm: 'DELETE',
      }),
    ).rejects.toMatchObject({ problem: { code: 'file-corrupt' } })
  }
  expect(await readFile(config, 'utf8')).toBe(text.replace('"port"', '"prot"')) // never overwritten
  await writeFile(`${config}.new`, text)
  await rename(`${config}.new`, config)
  await until(() => shown('made')?.port === port && latest?.broken.length === 0)
  await rm(folder('made'), { recursive: true })
  await until(() => !shown('made'))
  await mkdir(folder('empty'))
  await until(() => latest?.broken.some(it => it.folder === 'empty' && it.problem.code === 'config-missing'))
  await rm(folder('empty'), { recursive: true })
  await until(() => latest?.broken.length === 0)
})

it('what the command line does with PM2, and remembers that what it starts should run, and what it stops should not', async () => {
  await startByCli(workspace, await layOut(workspace, 'gamma'))
  await until(() => shown('gamma')?.status === 'online')
  await until(async () => (await desired(workspace)).includes('gamma'))
  await pm2(workspace, 'stop', 'gamma')
  await until(() => shown('gamma')?.status === 'stopped')
  await until(async () => latest?.down.includes('gamma') === false && !(await desired(workspace)).includes('gamma'))
  await pm2(workspace, 'start', 'gamma')
  await until(async () => (await desired(workspace)).includes('gamma'))
  await pm2(workspace, 'delete', 'gamma')
  await until(() => shown('gamma')?.status === 'not in PM2')
  expect(latest?.down).toContain('gamma')
  await mustDo(workspace, 'stop', { name: 'gamma' })
  await until(() => latest?.down.includes('gamma') === false)
})

it('CPU and memory of what runs, and nothing is pushed while nothing changes', async () => {
  await until(() => (shown('alpha')?.memory ?? 0) > 1e7)
  await until(() => shown('alpha')?.cpu === 0)
  const before = pushes
  for (const end = performance.now() + 3000; performance.now() < end;)
    // a few looks
    await workspace.services.instances.registry.list()
  expect(pushes - before).toBeLessThan(3)
})

it('a process that is killed, started by PM2 again', async () => {
  const pid = await pidOf(workspace, 'alpha')
  const restarts = shown('alpha')?.restarts ?? 0
  process.kill(pid, 'SIGKILL')
  await until(() => (shown('alpha')?.restarts ?? 0) > restarts && shown('alpha')?.status === 'online')
  expect(await pidOf(workspace, 'alpha')).not.toBe(pid)
})

it("PM2's daemon killed: the instance is lost, said so, and adopted by starting it", async () => {
  // a process that is only just starting does not outlive its daemon
  await until(() => answerOf(shown('alpha')?.port ?? 0))
  const pid = await pidOf(workspace, 'alpha')
  await kill9(await daemonPid(workspace))
  await until(() => latest?.lost.length === 1)
  expect(latest).toMatchObject({ lost: [{ name: 'alpha', pid }], down: [] })
  expect(shown('alpha')?.status).toBe('not in PM2')
  expect(await isAlive(pid)).toBe(true)
  expect(await answerOf(shown('alpha')?.port ?? 0)).toContain('alpha') // it goes on serving meanwhile
  await mustDo(workspace, 'start', { name: 'alpha' })
  await until(() => shown('alpha')?.status === 'online' && latest?.lost.length === 0)
  expect(await isAlive(pid)).toBe(false)
})

it("PM2's daemon killed: the lost instance is ended on the operator's word", async () => {
  // a process that is only just starting does not outlive its daemon
  await until(() => answerOf(shown('alpha')?.port ?? 0))
  const pid = await pidOf(workspace, 'alpha')
  await kill9(await daemonPid(workspace))
  await until(() => latest?.lost.length === 1)
  await workspace.services.instances.endLost('alpha')
  await until(() => latest?.lost.length === 0)
  expect(await isAlive(pid)).toBe(false)
  expect(await desired(workspace)).not.toContain('alpha')
})

it('who stops watching gets nothing any more, and neither timers nor watches are left', async () => {
  const active = (what: string): number => process.getActiveResourcesInfo().filter(it => it === what).length
  const timers = active('Timeout')
  expect(active('FSEventWrap')).toBeGreaterThan(2)
  stop.abort()
  await until(() => active('FSEventWrap') === 0 && active('Timeout') <= timers - 3)
  const before = pushes
  await layOut(workspace, 'unseen')
  expect((await workspace.services.instances.registry.list()).instances.map(it => it.name)).toContain('unseen')
  expect(pushes).toBe(before)
})
