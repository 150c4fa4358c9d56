/** Start, stop, restart and bulk on real PM2; of instances that the older command line tool left. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { copyFile, mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withBootSeconds } from '../../support/boot-time'
import { layOut, pm2, startByCli } from '../../support/cli-instance'
import { until, type TestWorkspace } from '../../support/workspace'
import {
  addEnv,
  answerOf,
  bulk,
  desired,
  dumped,
  job,
  mustDo,
  pidOf,
  refusal,
  statuses,
  tinyWorkspace,
} from './lifecycle'

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await tinyWorkspace()
})
afterAll(() => workspace.remove())

describe('an instance that the command line tool left running', () => {
  it('is listed as online, remembered as one that should run, and its files stay as they are', async () => {
    const its = await layOut(workspace, 'by-hand')
    const text = await readFile(join(its.folder, 'config.json'), 'utf8')
    await startByCli(workspace, its)
    await until(() => answerOf(its.port))
    await workspace.close()
    await workspace.open() // that alone remembers it
    await until(async () => (await desired(workspace)).includes('by-hand'))
    const { instances } = await workspace.services.instances.registry.list()
    expect(instances).toMatchObject([
      { name: 'by-hand', port: its.port, status: 'online', pooled: true, created: '2025-01-17T10:30:00.000Z' },
    ])
    expect(await readFile(join(its.folder, 'config.json'), 'utf8')).toBe(text)
    const details = await workspace.services.instances.details('by-hand')
    expect(details.logs.map(log => log.path)).toContain(join(workspace.host.pm2Home, 'logs/by-hand-out.log'))
    expect(JSON.stringify(details)).not.toContain(its.password)
    expect(await workspace.services.instances.reveal('by-hand', 'DATABASE_URL')).toContain(its.password)
    await expect(workspace.services.instances.reveal('by-hand', 'constructor')).rejects.toMatchObject({
      problem: { code: 'env-key-unknown' },
    })
  })

  it('is stopped and stays listed; started, restarted with its .env read anew', async () => {
    const server = join(workspace.root, 'instances/by-hand/server')
    await mustDo(workspace, 'stop', { name: 'by-hand' })
    expect([await statuses(workspace), await desired(workspace), await dumped(workspace)]).toEqual([
      { 'by-hand': 'stopped' },
      [],
      ['by-hand stopped'],
    ])
    await mustDo(workspace, 'start', { name: 'by-hand' })
    expect([await statuses(workspace), await desired(workspace), await dumped(workspace)]).toEqual([
      { 'by-hand': 'online' },
      ['by-hand'],
      ['by-hand online'],
    ])
    const [pid, { port }] = [
      await pidOf(workspace, 'by-hand'),
      (await workspace.services.instances.registry.list()).instances[0] ?? { port: 0 },
    ]
    await addEnv(server, 'GREETING=hello')
    expect(await answerOf(port)).toBe('by-hand ')
    await mustDo(workspace, 'restart', { name: 'by-hand' })
    expect(await answerOf(port)).toBe('by-hand hello')
    expect(await pidOf(workspace, 'by-hand')).not.toBe(pid)
    expect(await pm2(workspace, 'jlist')).toContain('"name":"by-hand"') // the tool's own view
  })

  it('one that runs is not started again', async () => {
    const pid = await pidOf(workspace, 'by-hand')
    expect(await refusal(workspace, 'start', { name: 'by-hand' })).toMatchObject({ code: 'instance-running' })
    expect(await bulk(workspace, 'start', ['by-hand'])).toEqual([{ name: 'by-hand' }])
    expect(await pidOf(workspace, 'by-hand')).toBe(pid)
  })

  it('a namesake of another folder is neither shown as it, nor stopped, nor replaced', async () => {
    const its = await layOut(workspace, 'namesake')
    await writeFile(join(workspace.home, 'other.js'), 'setInterval(() => undefined, 1000)')
    await pm2(workspace, 'start', 'other.js', '--name', 'namesake', '--cwd', workspace.home)
    const pid = await pidOf(workspace, 'namesake')
    expect(await statuses(workspace)).toMatchObject({ namesake: 'not in PM2' })
    expect(await job(workspace, 'start', { name: 'namesake' })).toMatchObject({
      phase: 'rolled-back',
      turned: { problem: { code: 'process-name-taken' } },
    })
    await mustDo(workspace, 'stop', { name: 'namesake' })
    expect(await pidOf(workspace, 'namesake')).toBe(pid)
    await pm2(workspace, 'delete', 'namesake')
    await rm(its.folder, { recursive: true })
  })
})

describe('an instance that does not get healthy', () => {
  it('ends at once: errored, with its last words in the Problem', async () => {
    await layOut(workspace, 'mortal')
    const { phase, turned } = await job(workspace, 'start', { name: 'mortal' })
    expect(phase).toBe('rolled-back')
    expect(turned?.problem).toMatchObject({
      code: 'not-online',
      details: expect.stringContaining('I cannot go on, mortal') as string,
    })
    // PM2 gives up after 16 ends within 16 s; on a machine so busy that they take longer it never does, and we stop it
    // then.
    expect((await statuses(workspace))['mortal']).toMatch(/^(errored|stopped)$/)
    expect((await workspace.processes.list()).find(it => it.name === 'mortal')?.pid).toBeUndefined()
    expect(await desired(workspace)).not.toContain('mortal')
  })

  it('does not listen in time: left running, and stopped when it is rolled back', async () => {
    await layOut(workspace, 'deaf')
    const { operations } = workspace.services
    const { id, phase, steps } = await withBootSeconds(workspace.root, 2, async () =>
      operations.rested(await operations.start('start', { name: 'deaf' })),
    )
    expect([phase, steps.at(-1)?.problem?.code, (await statuses(workspace))['deaf']]).toEqual([
      'stuck',
      'slow-start',
      'online',
    ])
    operations.rollBack(id)
    expect((await operations.settled(id)).phase).toBe('rolled-back')
    expect([(await statuses(workspace))['deaf'], (await desired(workspace)).includes('deaf')]).toEqual([
      'stopped',
      false,
    ])
  })

  it('its port is taken by another program meanwhile: unhealthy, the holder is named', async () => {
    const { port } = await layOut(workspace, 'robbed')
    const thief = createServer((_, response) => response.end('mine'))
    const {
      operations,
      instances: { ports },
    } = workspace.services
    const id = await operations.start('start', { name: 'robbed' }) // the port was free when it was planned
    await once(thief.listen(port, '127.0.0.1'), 'listening')
    const { phase, turned } = await operations.settled(id)
    expect(phase).toBe('rolled-back')
    expect(turned?.problem).toMatchObject({ code: expect.stringMatching(/port-held-by-other|not-online/) as string })
    expect(JSON.stringify(turned?.problem)).toMatch(/EADDRINUSE|held by node \(pid \d+\)/)
    expect(await ports.check(port)).toMatchObject({
      holders: [
        { type: 'instance', running: false },
        { type: 'process', program: 'node', pid: process.pid },
      ],
    })
    await new Promise(resolve => thief.close(resolve))
  })
})

it('two clicks at once on one instance: one runs, the other is refused with a Problem that names it', async () => {
  await layOut(workspace, 'clicked')
  const { operations } = workspace.services
  const answers = await Promise.allSettled(
    ['start', 'restart', 'stop', 'delete'].map(kind => operations.start(kind, { name: 'clicked', confirm: 'DELETE' })),
  )
  const [started, ...others] = answers
  expect(started?.status).toBe('fulfilled')
  for (const other of others)
    expect(other).toMatchObject({
      reason: {
        problem: {
          code: 'operation-open',
          message: expect.stringContaining('clicked') as string,
          action: 'open-activity',
        },
      },
    })
  expect(await operations.settled((started as PromiseFulfilledResult<string>).value)).toMatchObject({
    kind: 'start',
    phase: 'succeeded',
  })
  await mustDo(workspace, 'stop', { name: 'clicked' })
})

it('runs on the Node that the settings name, once the workspace is opened again and it is started', async () => {
  const node = join(workspace.home, 'a-node', 'node')
  await mkdir(join(node, '..'))
  await copyFile(process.execPath, node, constants.COPYFILE_FICLONE)
  const programOf = async (name: string): Promise<string> => readlink(`/proc/${await pidOf(workspace, name)}/exe`)
  await layOut(workspace, 'elsewhere')
  await mustDo(workspace, 'start', { name: 'elsewhere' })
  expect(await programOf('elsewhere')).not.toBe(node)
  await workspace.services.settings.change({ 'node.path': node })
  await workspace.close()
  await workspace.open()
  await mustDo(workspace, 'restart', { name: 'elsewhere' })
  expect(await programOf('elsewhere')).toBe(node)
  expect((await pm2(workspace, 'jlist')).includes(`"exec_interpreter":"${node}"`)).toBe(true)
  await workspace.services.settings.change({ 'node.path': null })
  await workspace.close()
  await workspace.open()
  await mustDo(workspace, 'restart', { name: 'elsewhere' })
  expect(await programOf('elsewhere')).not.toBe(node)
  await mustDo(workspace, 'stop', { name: 'elsewhere' })
})

it('in bulk, one that fails does not stop the rest; one whose port another has is skipped and named', async () => {
  const { port } = await layOut(workspace, 'bulk-1')
  await layOut(workspace, 'bulk-2')
  await layOut(workspace, 'bulk-3', port) // shares the first one's port
  const results = await bulk(workspace, 'start', ['bulk-3', 'bulk-1', 'mortal', 'bulk-2', 'nobody', 'bulk-2'])
  const [one, three] = ['bulk-1', 'bulk-3'].map(name => results.find(it => it.name === name)?.problem)
  expect([one, three].filter(it => it !== undefined)).toHaveLength(1) // whichever was slower
  expect(JSON.stringify(one ?? three)).toContain(one ? 'bulk-3' : 'bulk-1')
  expect(
    results.map(it => [it.name, it.problem?.code]).filter(([name]) => name !== 'bulk-1' && name !== 'bulk-3'),
  ).toEqual([
    ['bulk-2', undefined],
    ['mortal', 'not-online'],
    ['nobody', 'instance-unknown'],
  ])
  expect(await answerOf(port)).toContain(one ? 'bulk-3' : 'bulk-1')
  expect((await bulk(workspace, 'stop', ['bulk-1', 'bulk-2', 'bulk-3'])).map(it => it.problem)).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(await statuses(workspace)).toMatchObject({ 'bulk-2': 'stopped', [one ? 'bulk-3' : 'bulk-1']: 'stopped' })
})
