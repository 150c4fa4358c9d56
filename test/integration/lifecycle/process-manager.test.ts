/** PM2's daemon is exchanged: what happens to the others when an instance fails. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { resultsOf } from '../../../src/shared/jobs/many'
import { headline } from '../../../src/shared/jobs/words'
import type { OperationState } from '../../../src/shared/operation'
import { layOut, makeDatabase, type CliInstance } from '../../support/cli-instance'
import { oldVersion, startOldDaemon } from '../../support/pm2'
import { until, type TestWorkspace } from '../../support/workspace'
import { answerOf, job, mustBulk, refusal, tinyWorkspace } from './lifecycle'

const names = ['a', 'b', 'c']
let workspace: TestWorkspace
let instances: CliInstance[]
beforeAll(async () => {
  workspace = await tinyWorkspace()
  await startOldDaemon(workspace.host.pm2Home)
  await workspace.startInfrastructure()
  instances = await Promise.all(names.map(it => layOut(workspace, it)))
  for (const it of instances) await makeDatabase(workspace, it)
  await mustBulk(workspace, 'start', names)
})
afterAll(() => workspace.remove())

const former = async (): Promise<string[]> =>
  (await workspace.processes.list()).filter(it => it.former).map(it => it.name)
/** What the health report says about PM2's version. */
async function finding() {
  for await (const it of workspace.services.doctor.examine(undefined, new AbortController().signal))
    if (it.type === 'examined') return it.findings.find(({ check }) => check === 'daemon-version')
  return undefined
}
const outcome = (state: OperationState) => resultsOf(state).map(it => it.result?.problem?.code ?? (it.result && 'done'))

it('one fails, and the others stay where they work; later the job goes on with the rest', async () => {
  expect(await finding()).toMatchObject({ is: 'wrong', fix: { request: { kind: 'pm2-restart' } } })
  const index = join(instances[1]?.server ?? '', 'index.js')
  const good = await readFile(index, 'utf8')
  await writeFile(index, 'throw new Error("it can’t run on this Node.js")')
  const state = await job(workspace, 'pm2-restart', {})
  expect(outcome(state)).toEqual(['done', 'not-online', 'left-alone'])
  expect(headline(state)).toBe('The process manager was restarted; 1 of 3 instances runs under it')
  expect(await former()).toEqual(['c'])
  expect(await answerOf(instances[2]?.port ?? 0)).toContain('c')
  expect(await workspace.processes.outdated()).toMatchObject({ running: oldVersion })

  await writeFile(index, good)
  await mustBulk(workspace, 'restart', ['b']) // nothing holds it
  const again = await job(workspace, 'pm2-restart', {})
  expect(outcome(again)).toEqual(['done'])
  expect(await former()).toEqual([])
  await until(async () => (await answerOf(instances[2]?.port ?? 0))?.includes('c'))
  expect(await finding()).toMatchObject({ is: 'good' })
  expect(await refusal(workspace, 'pm2-restart', {})).toMatchObject({ code: 'pm2-current' })
})
