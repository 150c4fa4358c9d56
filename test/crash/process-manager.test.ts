/**
 * An exchange of PM2's daemon that is killed with -9 at every line of its journal, and started again: whatever ran runs,
 * under the new daemon, and what was stopped stays so. In between, everything answers but the process in hand.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { exists } from '../../src/main/system/files'
import { pm2Paths } from '../../src/main/processes/daemon'
import { resultsOf } from '../../src/shared/jobs/many'
import { layOut, makeDatabase } from '../support/cli-instance'
import type { Moment } from '../support/faults'
import { endPm2, httpApp, startOldDaemon } from '../support/pm2'
import { freePort } from '../support/ports'
import { makeTiny } from '../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { crash, recover } from './crash'

let workspace: TestWorkspace
const ports = new Map<string, number>()
const other = (name: string) => {
  const cwd = join(workspace.home, 'others', name)
  return { name, cwd, script: join(cwd, 'index.js') }
}
const answering = async (): Promise<string[]> => {
  const asked = [...ports].map(async ([name, port]) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).catch(() => undefined)
    return answer?.ok ? name : ''
  })
  return (await Promise.all(asked)).filter(Boolean)
}
const state = async (): Promise<string[]> =>
  (await workspace.processes.list()).map(it => `${it.name} ${it.status}${it.former ? ' former' : ''}`).toSorted()

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  for (const name of ['a', 'b', 'rests']) {
    const instance = await layOut(workspace, name)
    await makeDatabase(workspace, instance)
    if (name !== 'rests') ports.set(name, instance.port)
  }
  for (const name of ['other', 'idle']) {
    ports.set(name, await freePort())
    const { cwd, script } = other(name)
    await mkdir(cwd, { recursive: true })
    await writeFile(script, httpApp(ports.get(name) ?? 0))
  }
  ports.delete('idle')
})
afterAll(() => workspace.remove())

/** All of it runs under an older daemon, as before an upgrade. */
beforeEach(async () => {
  await workspace.open() // a test that failed may have left it closed
  await endPm2(workspace.host.pm2Home)
  await startOldDaemon(workspace.host.pm2Home)
  const { operations } = workspace.services
  for (const action of ['start', 'stop'])
    await operations.settled(
      await operations.start('many', { action, names: action === 'start' ? ['a', 'b', 'rests'] : ['rests'] }),
    )
  for (const name of ['other', 'idle']) await workspace.processes.start(other(name))
  await workspace.processes.stop(other('idle'))
  await until(async () => (await answering()).length === ports.size)
})

it.each<{ moments: Moment[] }>([
  {
    moments: [
      { at: 'after', what: 'opened' },
      { at: 'after', what: 'doing exchange' },
      { at: 'renamed', what: 'rpc.old' },
      { at: 'after', what: 'doing hand-over' },
      { at: 'renamed', what: 'instance-manager.moving.json' },
      { at: 'after', what: 'doing instance/a' },
      { at: 'before', what: 'done restart-process' },
      { at: 'before', what: 'done instance/b' },
      { at: 'before', what: 'settled' },
    ],
  },
  {
    moments: [
      { at: 'before', what: 'done exchange' },
      { at: 'torn', what: 'done hand-over' },
      { at: 'after', what: 'doing restart-process' },
      { at: 'after', what: 'done instance/a' },
    ],
  },
])('killed at one line after the other: $moments', async ({ moments }) => {
  await workspace.close()
  for (const [index, killAt] of moments.entries()) {
    await crash(workspace, { ...(index === 0 && { run: [['pm2-restart', {}]] }), killAt })
    await until(async () => (await answering()).length >= ports.size - 1)
  }
  const states = await recover(workspace)
  const found = workspace.services.operations.list().findLast(it => it.kind === 'pm2-restart')
  expect(states.map(it => it.phase)).toEqual(states.map(() => 'succeeded'))
  expect(found && resultsOf(found).map(it => [it.name, it.result?.problem])).toEqual([
    ['a', undefined],
    ['b', undefined],
  ])
  expect(await state()).toEqual(['a online', 'b online', 'idle stopped', 'other online', 'rests stopped'])
  await until(async () => (await answering()).length === ports.size)
  const { former, moving } = pm2Paths(workspace.host.pm2Home)
  expect([await exists(former.rpc), await exists(moving)]).toEqual([false, false])
  expect(await workspace.processes.outdated()).toBeUndefined()
})
