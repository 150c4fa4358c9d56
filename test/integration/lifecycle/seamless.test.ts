/** An instance in PM2's cluster mode starts, stops, moves and is removed like any other, and never shares its port. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { httpGet } from '../../../src/main/instances/http'
import { defaultLogs } from '../../../src/main/processes/traces'
import { findNode } from '../../../src/main/system/node'
import { isAlive } from '../../../src/main/system/proc'
import { portHolders } from '../../../src/main/system/sockets'
import { probe } from '../../bench/prober'
import { layOut, type CliInstance } from '../../support/cli-instance'
import { until, type TestWorkspace } from '../../support/workspace'
import {
  addEnv,
  answerOf,
  daemonPid,
  desired,
  job,
  kill9,
  mustDo,
  pidOf,
  refusal,
  statuses,
  tinyWorkspace,
} from './lifecycle'
import { freePort } from '../../support/ports'

let workspace: TestWorkspace
let school: CliInstance
beforeAll(async () => {
  workspace = await tinyWorkspace()
  school = await layOut(workspace, 'school')
})
afterAll(() => workspace.remove())

/** Milliseconds that a request may take: on a busy machine a late answer is no failed one. */
const patience = 60_000

const modes = async (name = 'school') =>
  (await workspace.processes.list()).filter(it => it.name === name).map(it => it.execMode)
const seamless = async ({ folder }: CliInstance) =>
  (JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { seamless?: boolean }).seamless

it('becomes seamless while it runs, and an ordinary one again', async () => {
  await mustDo(workspace, 'start', { name: 'school' })
  for (const [kind, mode] of [
    ['seamless', 'cluster'],
    ['unseamless', 'fork'],
    ['seamless', 'cluster'],
  ] as const) {
    await mustDo(workspace, kind, { name: 'school' })
    expect(await modes()).toEqual([mode])
    expect(await answerOf(school.port)).toBe('school ')
    expect(await seamless(school)).toBe(mode === 'cluster' ? true : undefined)
    const [view] = (await workspace.services.instances.registry.list()).instances
    expect([view?.seamless, view?.memory]).toEqual([mode === 'cluster', expect.any(Number)])
  }
  expect(await refusal(workspace, 'seamless', { name: 'school' })).toMatchObject({ code: 'seamless-already' })
})

it('is put back where it isn’t healthy that way', async () => {
  const its = await layOut(workspace, 'shy')
  const text = await readFile(join(its.server, 'index.js'), 'utf8')
  await writeFile(
    join(its.server, 'index.js'),
    `if (require('node:cluster').isWorker) setInterval(() => undefined, 1000)\nelse {${text}}`,
  )
  await mustDo(workspace, 'start', { name: 'shy' })
  await workspace.services.instances.setBootTime({ name: 'shy', seconds: 2 })
  const { operations } = workspace.services
  const id = await operations.start('seamless', { name: 'shy' })
  const { phase } = await operations.rested(id)
  expect(phase).toBe('stuck') // it may only be slow
  operations.rollBack(id)
  expect((await operations.settled(id)).phase).toBe('rolled-back')
  expect([await modes('shy'), await seamless(its)]).toEqual([['fork'], undefined])
  expect(await until(() => answerOf(its.port))).toBe('shy ') // undo waits for it as long as it may take to boot: 2 s
  await mustDo(workspace, 'stop', { name: 'shy' })
})

it('is restarted without a failed request, and rereads .env; its output is in its log', async () => {
  await addEnv(school.server, 'GREETING=again')
  const [before, end] = [await pidOf(workspace, 'school'), await probe(school.port, patience)]
  await mustDo(workspace, 'restart', { name: 'school' })
  expect((await end()).failed).toBe(0)
  expect(await answerOf(school.port)).toBe('school again')
  expect(await isAlive(before)).toBe(false)
  expect(await readFile(defaultLogs(workspace.host.pm2Home, 'school').outLog, 'utf8')).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:]+: listening\n/,
  )
})

it('keeps its old process where the restarted one would not work', async () => {
  const [entry, before] = [join(school.server, 'index.js'), await pidOf(workspace, 'school')]
  const text = await readFile(entry, 'utf8')
  await writeFile(entry, `throw new Error('broken')`)
  const end = await probe(school.port, patience)
  expect((await job(workspace, 'restart', { name: 'school' })).turned?.problem).toMatchObject({ code: 'reload-failed' })
  expect((await end()).failed).toBe(0)
  await writeFile(entry, text)
  expect([await pidOf(workspace, 'school'), await modes()]).toEqual([before, ['cluster']])
})

it('frees its port when it is stopped, and has it again', async () => {
  await mustDo(workspace, 'stop', { name: 'school' })
  expect(await desired(workspace)).toEqual([])
  await expect.poll(() => portHolders(school.port)).toEqual([]) // it is the daemon's, which closes it a moment later
  await mustDo(workspace, 'start', { name: 'school' })
  expect([await modes(), await desired(workspace)]).toEqual([['cluster'], ['school']])
})

it('moves to another port, and back', async () => {
  const port = await freePort()
  await mustDo(workspace, 'change-port', { name: 'school', port })
  expect(await answerOf(port)).toBe('school again')
  await expect.poll(() => portHolders(school.port)).toEqual([])
  await mustDo(workspace, 'change-port', { name: 'school', port: school.port })
  expect([await answerOf(school.port), await modes()]).toEqual(['school again', ['cluster']])
})

it('never shares its port with another seamless one; with an ordinary one, one of them runs', async () => {
  const other = await layOut(workspace, 'other', school.port)
  const shared = { name: 'other', port: school.port, allowSharedPort: true }
  expect(await refusal(workspace, 'seamless', { name: 'other' })).toMatchObject({ code: 'seamless-port' })
  expect(await refusal(workspace, 'start', { name: 'other' })).toMatchObject({ code: 'port-in-use' })
  await mustDo(workspace, 'start', { name: 'other', stopOther: true })
  expect([await answerOf(school.port), await statuses(workspace)]).toMatchObject([
    'other ',
    { school: 'stopped', other: 'online' },
  ])
  await mustDo(workspace, 'start', { name: 'school', stopOther: true })
  expect(await answerOf(school.port)).toBe('school again')
  await mustDo(workspace, 'change-port', { name: 'other', port: await freePort() })
  await mustDo(workspace, 'seamless', { name: 'other' })
  expect(await refusal(workspace, 'change-port', shared)).toMatchObject({ code: 'seamless-port' })
  // by hand, past all checks
  await addEnv(other.server, `PORT=${school.port}`)
  await workspace.processes.start({
    name: 'other',
    cwd: other.server,
    script: join(other.server, 'index.js'),
    seamless: true,
  })
  await until(async () => {
    const answer = await httpGet(school.port, '/', { signal: AbortSignal.timeout(5000), maxBytes: 9 }) // unlike `fetch`, on a new connection
    return typeof answer !== 'string' && answer.text.startsWith('other')
  })
  expect((await job(workspace, 'restart', { name: 'school' })).turned?.problem).toMatchObject({
    code: 'port-held-by-other',
  })
  await mustDo(workspace, 'stop', { name: 'other' })
  expect(await answerOf(school.port)).toBe('school again')
})

it.skipIf(process.getuid?.() !== 0)('has no system user of its own', async () => {
  expect(await refusal(workspace, 'isolate', { name: 'school' })).toMatchObject({ code: 'seamless-isolated' })
})

it('ends with PM2’s daemon: it is down, not lost, and starts again', async () => {
  const pid = await pidOf(workspace, 'school')
  await kill9(await daemonPid(workspace))
  await until(async () => !(await isAlive(pid)))
  const { lost, down } = await workspace.services.instances.registry.list()
  expect([lost, down]).toEqual([[], ['school']])
  await mustDo(workspace, 'start', { name: 'school' })
  expect([await answerOf(school.port), await modes()]).toEqual(['school again', ['cluster']])
})

it('is an ordinary one under a daemon whose environment would override its settings', async () => {
  await workspace.close() // it could start a daemon first
  await kill9(await daemonPid(workspace))
  const pm2 = createRequire(import.meta.url).resolve('pm2/bin/pm2')
  await promisify(execFile)(await findNode(), [pm2, 'ping'], {
    env: {
      PATH: process.env['PATH'],
      HOME: workspace.home,
      PM2_HOME: workspace.host.pm2Home,
      PORT: '1',
      PM2_DISCRETE_MODE: 'true',
    },
  })
  await workspace.open()
  const state = await mustDo(workspace, 'start', { name: 'school' })
  expect([await answerOf(school.port), await modes()]).toEqual(['school again', ['fork']])
  expect(JSON.stringify(state)).not.toContain('GREETING')
  await mustDo(workspace, 'unseamless', { name: 'school' })
  expect(await refusal(workspace, 'seamless', { name: 'school' })).toMatchObject({
    code: 'seamless-daemon',
    cause: 'The daemon’s environment sets PORT, which would override the instance’s .env.',
  })
})
