/** What is done to PM2 from outside while nobody watches, or while no engine has the workspace. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { layOut, pm2 } from '../../support/cli-instance'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../../support/workspace'
import { desired, kill9, mustBulk } from './lifecycle'

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny, as: 'serve' })
  await workspace.open()
  for (const name of ['alpha', 'beta']) await layOut(workspace, name)
})
afterAll(() => workspace.remove())
beforeEach(async () => {
  await workspace.open()
  await mustBulk(workspace, 'start', ['alpha', 'beta'])
})
afterEach(() => workspace.close())

const down = async (): Promise<readonly string[]> => (await workspace.services.instances.registry.list()).down
const found = async (name: string) => (await workspace.processes.list()).find(it => it.name === name)

it('a stop while nobody watches counts, and so does a start', async () => {
  expect(await desired(workspace)).toEqual(['alpha', 'beta'])
  await pm2(workspace, 'stop', 'alpha')
  await until(async () => (await desired(workspace)).join() === 'beta')
  await pm2(workspace, 'start', 'alpha')
  await until(async () => (await desired(workspace)).includes('alpha'))
})

it('a stop just before the workspace is closed counts once it is opened again', async () => {
  await pm2(workspace, 'stop', 'alpha')
  await workspace.close()
  await workspace.open()
  expect(await down()).toEqual([]) // at once: what `resurrect` would start
  await until(async () => (await desired(workspace)).join() === 'beta')
  await pm2(workspace, 'delete', 'alpha') // as after a reboot
  expect(await down()).toEqual([])
})

it('so does a stop while no engine has the workspace, seen by a command', async () => {
  await workspace.close()
  await pm2(workspace, 'stop', 'alpha')
  const host = workspace.host as { kind: string }
  host.kind = 'command'
  try {
    await workspace.open()
    expect(await down()).toEqual([])
    await until(async () => (await desired(workspace)).join() === 'beta')
    await workspace.close()
  } finally {
    host.kind = 'serve'
  }
})

it('one that crashes, or whose start is rolled back, should run all the same', async () => {
  const before = await found('alpha')
  await kill9(before?.pid ?? 0)
  await until(async () => {
    const now = await found('alpha')
    return now?.status === 'online' && now.restarts > (before?.restarts ?? 0)
  })
  const {
    operations,
    instances: { setBootTime },
  } = workspace.services
  const script = join(workspace.root, 'instances/alpha/server/index.js')
  const text = await readFile(script)
  await pm2(workspace, 'delete', 'alpha')
  await until(async () => (await down()).join() === 'alpha')
  await writeFile(script, 'setInterval(() => undefined, 1000)')
  await setBootTime({ name: 'alpha', seconds: 1 })
  const id = await operations.start('start', { name: 'alpha' })
  expect(await operations.rested(id)).toMatchObject({ phase: 'stuck' })
  operations.rollBack(id)
  expect(await operations.settled(id)).toMatchObject({ phase: 'rolled-back' })
  await workspace.close()
  await pm2(workspace, 'stop', 'beta')
  await workspace.open()
  await until(async () => !(await desired(workspace)).includes('beta')) // so alpha has been judged, too
  expect([await desired(workspace), await down()]).toEqual([['alpha'], ['alpha']])
  await writeFile(script, text)
})
