/** The guide's three scenarios of a port, and changing one. */
import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AddressInfo } from 'node:net'
import { layOut, type CliInstance } from '../../support/cli-instance'
import { until, type TestWorkspace } from '../../support/workspace'
import {
  addEnv,
  answerOf,
  desired,
  dumped,
  envOf,
  job,
  mustDo,
  pidOf,
  refusal,
  statuses,
  tinyWorkspace,
} from './lifecycle'
import { freePort } from '../../support/ports'

let workspace: TestWorkspace
let a: CliInstance
let b: CliInstance
let foreign: Server

beforeAll(async () => {
  workspace = await tinyWorkspace()
  a = await layOut(workspace, 'A')
  b = await layOut(workspace, 'B', a.port)
  foreign = createServer((_, response) => response.end('foreign')).listen(0, '127.0.0.1')
  await once(foreign, 'listening')
})
afterAll(async () => {
  foreign.close()
  await workspace.remove()
})
const foreignPort = (): number => (foreign.address() as AddressInfo).port
const configOf = async ({ folder }: CliInstance) =>
  JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { port: number; note?: string }

describe('a foreign process has the port', () => {
  it('start and restart are refused, program and pid are named', async () => {
    const robbed = await layOut(workspace, 'robbed', foreignPort())
    for (const kind of ['start', 'restart']) {
      expect(await refusal(workspace, kind, { name: 'robbed' })).toMatchObject({
        code: 'port-in-use',
        cause: `node (pid ${process.pid}) is listening on it.`,
      })
    }
    expect(await answerOf(robbed.port)).toBe('foreign')
    expect(await statuses(workspace)).toMatchObject({ robbed: 'not in PM2' })
  })
})

describe('two instances share a port', () => {
  it('both are named, one runs', async () => {
    await mustDo(workspace, 'start', { name: 'A' })
    expect((await workspace.services.instances.ports.check(a.port)).holders).toEqual([
      { type: 'instance', name: 'A', running: true },
      { type: 'instance', name: 'B', running: false },
    ])
  })

  it('the other is refused and offered to be switched; declined, nothing has changed', async () => {
    const before = [
      await pidOf(workspace, 'A'),
      await statuses(workspace),
      await desired(workspace),
      await dumped(workspace),
    ]
    expect(await refusal(workspace, 'start', { name: 'B' })).toMatchObject({
      code: 'port-in-use',
      action: 'stop-other',
      cause: '“A” is running on it.',
    })
    expect(await refusal(workspace, 'restart', { name: 'B' })).toMatchObject({
      code: 'port-in-use',
      cause: '“A” is running on it.',
    })
    expect([
      await pidOf(workspace, 'A'),
      await statuses(workspace),
      await desired(workspace),
      await dumped(workspace),
    ]).toEqual(before)
  })

  it('agreed: the one is stopped, the other runs', async () => {
    await mustDo(workspace, 'start', { name: 'B', stopOther: true })
    expect(await statuses(workspace)).toMatchObject({ A: 'stopped', B: 'online' })
    expect([await answerOf(a.port), await desired(workspace)]).toEqual(['B ', ['B']])
    await mustDo(workspace, 'start', { name: 'A', stopOther: true })
    expect([await answerOf(a.port), await desired(workspace), await dumped(workspace)]).toEqual([
      'A ',
      ['A'],
      ['A online', 'B stopped'],
    ])
  })

  it('the switch fails: the one that ran runs again', async () => {
    await layOut(workspace, 'mortal', a.port)
    expect(await job(workspace, 'start', { name: 'mortal', stopOther: true })).toMatchObject({
      phase: 'rolled-back',
      turned: { problem: { code: 'not-online' } },
    })
    expect([await answerOf(a.port), await desired(workspace)]).toEqual(['A ', ['A']])
    // stopped: PM2 gives up only on one that ends often enough within 16 s
    const either = expect.stringMatching(/^(errored|stopped)$/) as string
    expect(await statuses(workspace)).toMatchObject({ A: 'online', mortal: either })
  })

  it('two that share a port are started at once: one runs, the other is refused', async () => {
    await mustDo(workspace, 'stop', { name: 'A' })
    const { operations } = workspace.services
    const answers = await Promise.allSettled(['A', 'B'].map(name => operations.start('start', { name })))
    const [begun, refused] = [
      answers.filter(it => it.status === 'fulfilled'),
      answers.filter(it => it.status === 'rejected'),
    ]
    // by the other's claim, or by its socket if that listened before this one was planned
    const code = expect.stringMatching(/^(operation-open|port-in-use)$/) as string
    expect(refused).toMatchObject([{ reason: { problem: { code } } }])
    expect(await operations.settled(begun[0]?.value ?? '')).toMatchObject({ phase: 'succeeded' })
    if ((await statuses(workspace))['A'] !== 'online') await mustDo(workspace, 'start', { name: 'A', stopOther: true })
  })
})

describe('changing the port', () => {
  it('of one that runs: config.json and .env, all else in them kept, and it answers there', async () => {
    await addEnv(a.server, '# a comment of the operator')
    const port = await freePort()
    await mustDo(workspace, 'change-port', { name: 'A', port, allowSharedPort: false })
    expect(await configOf(a)).toMatchObject({ port, note: 'kept' })
    expect(await envOf(a.server)).toMatchObject({ PORT: String(port), INSTANCE_NAME: 'A' })
    expect(await readFile(join(a.server, '.env'), 'utf8')).toContain('# a comment of the operator')
    expect([await answerOf(port), await answerOf(a.port)]).toEqual(['A ', undefined])
    a = { ...a, port }
  })

  it('of one that is stopped: it stays stopped', async () => {
    const port = await freePort()
    await mustDo(workspace, 'change-port', { name: 'B', port, allowSharedPort: false })
    expect([
      (await configOf(b)).port,
      (await statuses(workspace))['B'],
      (await desired(workspace)).includes('B'),
    ]).toEqual([port, 'stopped', false])
    b = { ...b, port }
  })

  it("to one that is taken: refused, or shared on the operator's word where none has to run there", async () => {
    expect(await refusal(workspace, 'change-port', { name: 'A', port: a.port, allowSharedPort: false })).toMatchObject({
      code: 'port-same',
    })
    expect(await refusal(workspace, 'change-port', { name: 'B', port: a.port, allowSharedPort: false })).toMatchObject({
      code: 'port-taken',
      cause: '“A” is running on it.',
    })
    expect(
      await refusal(workspace, 'change-port', { name: 'A', port: foreignPort(), allowSharedPort: true }),
    ).toMatchObject({ code: 'port-taken', cause: expect.stringContaining(`(pid ${process.pid})`) as string })
    await mustDo(workspace, 'change-port', { name: 'B', port: a.port, allowSharedPort: true })
    expect((await configOf(b)).port).toBe(a.port)
    expect(await refusal(workspace, 'start', { name: 'B' })).toMatchObject({ action: 'stop-other' })
  })

  it('another HOST alone, and with a port', async () => {
    await mustDo(workspace, 'change-port', { name: 'A', port: a.port, host: '127.0.0.1' })
    expect(await envOf(a.server)).toMatchObject({ HOST: '127.0.0.1', PORT: String(a.port) })
    expect(await answerOf(a.port)).toBe('A ')
    expect(await refusal(workspace, 'change-port', { name: 'A', port: a.port, host: '127.0.0.1' })).toMatchObject({
      code: 'port-same',
    })
    const port = await freePort()
    await mustDo(workspace, 'change-port', { name: 'A', port, host: '0.0.0.0' })
    expect(await envOf(a.server)).toMatchObject({ HOST: '0.0.0.0', PORT: String(port) })
    a = { ...a, port }
  })

  it('unhealthy there: the old port is back, and it runs', async () => {
    const port = await freePort()
    const thief = createServer((_, response) => response.end('thief'))
    const { operations } = workspace.services
    // free when it was planned
    const id = await operations.start('change-port', { name: 'A', port, allowSharedPort: false })
    await once(thief.listen(port, '127.0.0.1'), 'listening')
    const { phase, turned } = await operations.settled(id)
    await new Promise(resolve => thief.close(resolve))
    expect(phase).toBe('rolled-back')
    expect(JSON.stringify(turned?.problem)).toMatch(/EADDRINUSE|held by node/)
    expect([(await configOf(a)).port, (await envOf(a.server))['PORT'], await answerOf(a.port)]).toEqual([
      a.port,
      String(a.port),
      'A ',
    ])
    expect([(await statuses(workspace))['A'], (await desired(workspace)).includes('A')]).toEqual(['online', true])
  })

  it('two at once to one port: the second is refused', async () => {
    const port = await freePort()
    const { operations } = workspace.services
    const first = await operations.start('change-port', { name: 'A', port, allowSharedPort: false })
    await expect(operations.start('change-port', { name: 'B', port, allowSharedPort: false })).rejects.toMatchObject({
      problem: { code: 'port-taken' },
    })
    expect(await operations.settled(first)).toMatchObject({ phase: 'succeeded' })
  })
})

it('a process that was killed just now still has the port for a moment: it is waited for', async () => {
  const { port } = await layOut(workspace, 'patient')
  const memory = 'const held = Array.from({ length: 2 }, () => Buffer.alloc(5e7, 1))' // takes a moment to free
  const listen = `require('node:http').createServer().listen(${port}, '127.0.0.1', () => console.log(held.length))`
  const holder = spawn(process.execPath, ['-e', `${memory}\n${listen}`])
  await once(holder.stdout, 'data')
  holder.kill('SIGKILL')
  await until(async () => (await readFile(`/proc/${holder.pid}/cmdline`, 'utf8').catch(() => '')) === '') // it is ending
  expect((await workspace.services.instances.ports.check(port)).holders).toEqual([
    { type: 'instance', name: 'patient', running: false },
  ])
})
