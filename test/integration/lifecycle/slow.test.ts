/** An application that takes long to boot is waited for, not stopped. Its server listens when a file appears. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../../support/workspace'
import { answerOf, bulk, desired, kill9, mustDo, pidOf, statuses } from './lifecycle'

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await testWorkspace({
    prepare: async root => {
      await makeTiny(root)
      const server = await readFile(join(root, 'server/index.js'), 'utf8')
      await writeFile(
        join(root, 'server/index.js'),
        server
          .replace(
            "require('node:http')",
            'else (function listen() { if (!existsSync(join(__dirname, "boots"))) return setTimeout(listen, 50); require(\'node:http\')',
          )
          .replace('else else', 'else')
          .replace('const { readFileSync }', 'const { existsSync, readFileSync }')
          .replace(/\n?$/, ' })()\n'),
      )
      await setBootSeconds(root, 2)
    },
  })
  await workspace.open()
  await workspace.startInfrastructure()
})
afterAll(() => workspace.remove())

async function setBootSeconds(root: string, bootSeconds: number): Promise<void> {
  const path = join(root, 'instance-manager.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { server: object }
  await writeFile(path, JSON.stringify({ ...manifest, server: { ...manifest.server, bootSeconds } }))
}
const boots = (name: string): string => join(workspace.root, 'instances', name, 'server/boots')
/** Lets it listen, and waits until it does: another wait for it has only a few seconds. */
async function letBoot(name: string): Promise<void> {
  await writeFile(boots(name), '')
  const { port } = await configOf(name)
  await until(() => answerOf(Number(port)))
}
const configOf = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(workspace.root, 'instances', name, 'config.json'), 'utf8')) as Record<string, unknown>
const slow = (seconds: number) => ({
  code: 'slow-start',
  message: expect.stringContaining(`within ${seconds} s`) as string,
  action: 'keep-waiting',
})

it('a creation waits for a decision with all that was made; kept waiting for, it is finished', async () => {
  const { operations } = workspace.services
  const id = await workspace.begin({ name: 'late' })
  expect(await operations.rested(id)).toMatchObject({
    phase: 'stuck',
    steps: expect.arrayContaining([
      expect.objectContaining({
        name: 'verify-health',
        status: 'stuck',
        problem: expect.objectContaining(slow(2)) as object,
      }),
    ]) as object,
  })
  const pid = await pidOf(workspace, 'late')
  operations.retry(id)
  expect((await operations.rested(id)).phase).toBe('stuck') // still not
  await letBoot('late')
  operations.retry(id)
  expect((await operations.settled(id)).phase).toBe('succeeded')
  expect(await pidOf(workspace, 'late')).toBe(pid) // the very process, never restarted
  const { port } = (await workspace.services.instances.registry.list()).instances[0] ?? { port: 0 }
  expect(await answerOf(port)).toContain('late')
})

it('a change of the environment is kept waiting for without another restart', async () => {
  const { operations } = workspace.services
  await rm(boots('late'))
  const changes = [{ key: 'GREETING', value: 'hello' }]
  const id = await operations.start('change-environment', { name: 'late', changes, restart: true })
  expect((await operations.rested(id)).phase).toBe('stuck')
  const pid = await pidOf(workspace, 'late')
  await letBoot('late')
  operations.retry(id)
  expect((await operations.settled(id)).phase).toBe('succeeded')
  expect(await pidOf(workspace, 'late')).toBe(pid)
})

it('a start leaves it running; rolled back, it is stopped', async () => {
  const { operations } = workspace.services
  await mustDo(workspace, 'stop', { name: 'late' })
  await rm(boots('late'))
  const id = await operations.start('start', { name: 'late' })
  expect(await operations.rested(id)).toMatchObject({ phase: 'stuck' })
  expect([await statuses(workspace), await desired(workspace)]).toEqual([{ late: 'not answering' }, ['late']])
  operations.rollBack(id)
  expect((await operations.settled(id)).phase).toBe('rolled-back')
  expect([await statuses(workspace), await desired(workspace)]).toEqual([{ late: 'stopped' }, []])
})

it.each(['stuck', 'running'] as const)('stop works at once while a start is %s', async phase => {
  const { operations, instances } = workspace.services
  await instances.setBootTime({ name: 'late', seconds: phase === 'stuck' ? 1 : 3600 })
  const id = await operations.start('start', { name: 'late' })
  const state = () => operations.list().find(it => it.id === id)
  await until(() => state()?.phase === phase && state()?.steps.at(-1)?.startedAt)
  const stop = await instances.begin({ kind: 'stop', name: 'late' })
  expect((await operations.settled(stop)).phase).toBe('succeeded')
  expect(state()).toMatchObject({ phase: 'rolled-back', turned: { reason: 'cancelled' } })
  expect([await statuses(workspace), await desired(workspace)]).toEqual([{ late: 'stopped' }, []])
})

it('stop works at once while a restart waits for a decision', async () => {
  const { operations, instances } = workspace.services
  await instances.setBootTime({ name: 'late', seconds: 1 })
  const id = await operations.start('restart', { name: 'late' })
  expect((await operations.rested(id)).phase).toBe('stuck')
  expect(await bulk(workspace, 'stop', ['late'])).toMatchObject([{ name: 'late', problem: undefined }])
  expect([await statuses(workspace), await desired(workspace)]).toEqual([{ late: 'stopped' }, []])
  await instances.setBootTime({ name: 'late', seconds: null })
})

it('in bulk it is reported as slow, and runs', async () => {
  const { operations } = workspace.services
  const [result] = await bulk(workspace, 'start', ['late'])
  expect(result).toMatchObject({ name: 'late', problem: slow(2) })
  expect(await statuses(workspace)).toEqual({ late: 'not answering' })
  await letBoot('late')
  operations.retry(result?.operation ?? '')
  expect((await operations.settled(result?.operation ?? '')).phase).toBe('succeeded')
})

it('one that ends while it is waited for is not slow', async () => {
  const { operations } = workspace.services
  await rm(boots('late'))
  await workspace.services.instances.setBootTime({ name: 'late', seconds: 3600 })
  const id = await operations.start('restart', { name: 'late' })
  await until(() =>
    operations
      .list()
      .find(it => it.id === id)
      ?.steps.find(it => it.name === 'verify-health')
      ?.text?.includes('isn’t listening'),
  )
  await kill9(await pidOf(workspace, 'late'))
  expect(await operations.settled(id)).toMatchObject({
    phase: 'rolled-back',
    turned: { problem: { code: 'not-online' } },
  })
})

it('an instance has a time of its own, shown, kept by other jobs, and taken away again', async () => {
  await workspace.services.instances.setBootTime({ name: 'late', seconds: 1 })
  expect((await workspace.services.instances.details('late')).boot).toMatchObject({ seconds: 1, own: true })
  const {
    operations,
    instances: { ports },
  } = workspace.services
  await mustDo(workspace, 'stop', { name: 'late' })
  await mustDo(workspace, 'change-port', { name: 'late', port: await ports.suggest() })
  expect(await configOf('late')).toMatchObject({ bootSeconds: 1, name: 'late' })
  const id = await operations.start('start', { name: 'late' })
  expect((await operations.rested(id)).steps.at(-1)?.problem).toMatchObject(slow(1))
  // while it waits for a decision: the next wait is longer
  await workspace.services.instances.setBootTime({ name: 'late', seconds: 3600 })
  operations.retry(id)
  await until(() => operations.list().find(it => it.id === id)?.phase === 'running')
  await expect(workspace.services.instances.setBootTime({ name: 'late', seconds: 5 })).rejects.toMatchObject({
    problem: { code: 'operation-open' },
  })
  await writeFile(boots('late'), '')
  expect((await operations.settled(id)).phase).toBe('succeeded')
  await workspace.services.instances.setBootTime({ name: 'late', seconds: null })
  expect((await workspace.services.instances.details('late')).boot).toEqual({ seconds: 2, own: false, standard: 2 })
  expect(await configOf('late')).not.toHaveProperty('bootSeconds')
  await expect(workspace.services.instances.setBootTime({ name: 'nobody', seconds: 5 })).rejects.toMatchObject({
    problem: { code: 'instance-unknown' },
  })
})

it('undo waits a minute for it at most, however long it may take', async () => {
  const {
    operations,
    instances: { ports },
  } = workspace.services
  await workspace.services.instances.setBootTime({ name: 'late', seconds: 3600 })
  await rm(boots('late'))
  const id = await operations.start('change-port', {
    name: 'late',
    port: await ports.suggest(),
    allowSharedPort: false,
  })
  const waits = (step: string) =>
    until(() =>
      operations
        .list()
        .find(it => it.id === id)
        ?.steps.find(it => it.name === step)
        ?.text?.includes('isn’t listening'),
    )
  await waits('start-process')
  operations.cancel(id)
  await waits('stop-process') // it runs again, on its old port
  const now = performance.now.bind(performance)
  const later = vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000)
  try {
    await until(() => operations.list().find(it => it.id === id)?.phase === 'rolled-back')
  } finally {
    later.mockRestore()
  }
  expect(await statuses(workspace)).toEqual({ late: 'online' })
})
