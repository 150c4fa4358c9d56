/** PM2's daemon killed in the middle of a job, and a machine that went down with all that ran. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appsOf } from '../../../src/main/processes/leftovers'
import { isOpen, problemOf } from '../../../src/shared/operation'
import { writeJson } from '../../../src/main/system/files'
import { withBootSeconds } from '../../support/boot-time'
import { layOut, type CliInstance } from '../../support/cli-instance'
import { until, type TestWorkspace } from '../../support/workspace'
import { answerOf, bulk, daemonPid, desired, dumped, kill9, mustBulk, statuses, tinyWorkspace } from './lifecycle'

const names = ['one', 'two', 'three', 'four', 'five', 'six']
let workspace: TestWorkspace
let instances: CliInstance[]
beforeAll(async () => {
  workspace = await tinyWorkspace()
  instances = await Promise.all(names.map(it => layOut(workspace, it)))
})
afterAll(() => workspace.remove())

const apps = async (): Promise<string[]> => (await appsOf(workspace.host.pm2Home)).map(it => it.name).toSorted()
const first = (): CliInstance => instances[0] as CliInstance

/** What the operator sees, what runs, and what should run, are one. */
async function expectConsistent(): Promise<void> {
  await until(async () => {
    const online = Object.entries(await statuses(workspace))
      .filter(it => it[1] === 'online')
      .map(it => it[0])
      .toSorted()
    return JSON.stringify(online) === JSON.stringify(await apps())
  })
  for (const name of await apps())
    expect(await answerOf(instances.find(it => it.name === name)?.port ?? 0)).toContain(name)
}

it.each(['start', 'restart'])('in the middle of a %s: it ends, and the instance runs once or not at all', kind =>
  withBootSeconds(workspace.root, 3, async () => {
    for (const moment of ['doing', 'forked'] as const) {
      const { operations } = workspace.services
      const id = await operations.start(kind, { name: 'one' })
      if (moment === 'forked')
        await until(
          async () => (await apps()).includes('one') || operations.list().find(it => it.id === id)?.phase !== 'running',
        )
      await kill9(await daemonPid(workspace)).catch(() => undefined) // none has been started yet
      const state = await operations.rested(id)
      // on a busy machine it may just be slow: the stop below takes that back
      const slow = state.phase === 'stuck' && problemOf(state)?.code === 'slow-start'
      expect(slow || state.phase === 'succeeded' || (!isOpen(state) && state.turned?.problem !== undefined)).toBe(true)
      expect((await apps()).length).toBeLessThanOrEqual(1)
      await mustBulk(workspace, 'stop', ['one'])
      expect([await apps(), await answerOf(first().port)]).toEqual([[], undefined])
    }
  }),
)

it('in the middle of a bulk start: every one ends with its result, the failed ones start when asked again', async () => {
  const { operations } = workspace.services
  const results = await withBootSeconds(workspace.root, 3, async () => {
    const all = bulk(workspace, 'start', names)
    await until(() => operations.list().some(it => it.phase === 'running'))
    await until(async () => (await apps()).length > 1)
    await kill9(await daemonPid(workspace))
    return all
  })
  expect(results.map(it => it.name)).toEqual(names.toSorted())
  // one that was only slow is waited for again
  for (const it of results) if (it.problem?.code === 'slow-start') operations.retry(it.operation ?? '')
  // Those that were started before and then lost run on; starting them again adopts them.
  const again = await bulk(workspace, 'start', names)
  expect(again.map(it => it.problem)).toEqual(names.map(() => undefined))
  expect(await apps()).toEqual(names.toSorted())
  expect(await dumped(workspace)).toEqual(names.toSorted().map(it => `${it} online`)) // four at a time saved it
  await expectConsistent()
})

it('a reboot: those that ran are down, and resurrecting them brings back them and nobody else', async () => {
  await mustBulk(workspace, 'stop', ['two', 'five'])
  const ran = ['four', 'one', 'six', 'three']
  expect([await desired(workspace), (await dumped(workspace)).filter(it => it.endsWith('online'))]).toEqual([
    ran,
    ran.map(it => `${it} online`),
  ])
  await workspace.close()
  await kill9(await daemonPid(workspace)) // first, or it starts them again
  for (const { pid } of await appsOf(workspace.host.pm2Home)) await kill9(pid)
  await workspace.open()
  const { down, lost } = await workspace.services.instances.registry.list()
  expect([down.toSorted(), lost]).toEqual([ran, []])
  const results = await bulk(workspace, 'start', down)
  expect(results.map(it => [it.name, it.problem])).toEqual(ran.map(it => [it, undefined]))
  expect(await apps()).toEqual(ran)
  expect((await workspace.services.instances.registry.list()).down).toEqual([])
  await expectConsistent()
})

it('a reboot after which one does not start: it is still one that should run', async () => {
  await mustBulk(workspace, 'stop', names)
  const broken = await layOut(workspace, 'mortal')
  await workspace.close()

  await writeJson(`${workspace.root}/.instance-manager/desired.json`, ['mortal'])
  await workspace.open()
  expect((await bulk(workspace, 'start', ['mortal']))[0]?.problem).toMatchObject({ code: 'not-online' })
  expect((await workspace.services.instances.registry.list()).down).toEqual([broken.name])
  await mustBulk(workspace, 'stop', ['mortal']) // given up by the operator
  expect((await workspace.services.instances.registry.list()).down).toEqual([])
})
