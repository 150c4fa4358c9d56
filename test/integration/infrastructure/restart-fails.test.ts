/** A restart whose service doesn't come up ends, and whatever is wrong can then be put right. On the real ones. */
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { OperationState } from '../../../src/shared/operation'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { mustSucceed, testWorkspace, type TestWorkspace, type WorkspaceOptions } from '../../support/workspace'

let workspace: TestWorkspace

const rested = async (kind: string, input: object = {}): Promise<OperationState> => {
  const { operations } = workspace.services
  return await operations.rested(await operations.start(kind, input))
}
const states = async (): Promise<string[]> => {
  const { postgres, pgbouncer } = await workspace.services.infrastructure.status()
  return [postgres.state, pgbouncer.state]
}
const notes = ({ steps }: OperationState): string => steps.map(step => step.notes ?? '').join('')
const setup = (options: WorkspaceOptions): void => {
  beforeAll(async () => {
    workspace = await testWorkspace(options)
    await workspace.open()
    await workspace.startInfrastructure()
  })
  afterAll(() => workspace.remove())
}

describe('PostgreSQL’s configuration is broken', () => {
  setup({})
  const file = (): string => join(workspace.root, '.instance-manager/embedded/postgres/postgresql.auto.conf')

  it.each([
    ['restart of both', 'infrastructure-restart', {}],
    ['restart of it alone', 'infrastructure-restart', { service: 'postgres' }],
    [
      'change of settings',
      'infrastructure-settings',
      { service: 'postgres', values: { 'postgres.maxConnections': 300 } },
    ],
  ] as const)('a %s fails, says why, and once it is corrected, a start succeeds', async (_, kind, input) => {
    const before = await readFile(file(), 'utf8')
    await appendFile(file(), "wal_level = 'nonsense'\n")
    const state = await rested(kind, input)
    expect(state).toMatchObject({
      phase: 'rolled-back',
      turned: { reason: 'failed', problem: { code: 'service-failed' } },
    })
    expect(notes(state)).toContain('PostgreSQL is down: PostgreSQL didn’t start.')
    const { postgres } = await workspace.services.infrastructure.status()
    expect(postgres).toMatchObject({ state: 'failed', problem: { code: 'service-failed' } })

    await writeFile(file(), before)
    mustSucceed(await rested('infrastructure-settings', { service: 'postgres', values: { 'postgres.workMemMB': 6 } }))
    mustSucceed(await rested('infrastructure-start'))
    expect(await states()).toEqual(['running', 'running'])
    expect(await workspace.sql('SHOW work_mem')).toEqual([{ work_mem: '6MB' }])
    mustSucceed(
      await rested('infrastructure-settings', { service: 'postgres', values: { 'postgres.workMemMB': null } }),
    )
  })
})

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined
describeWhere(missing === undefined, missing ?? '')('an image that', () => {
  const images = 'images' in podman ? podman.images : undefined
  setup({ driver: 'podman', ...(images && { images }) })
  const restartWith = async (postgresImage: string): Promise<OperationState> => {
    await workspace.services.settings.change({ 'containers.postgresImage': postgresImage })
    return await rested('infrastructure-restart', { service: 'postgres' })
  }

  it('doesn’t exist: what was running before runs again', async () => {
    const state = await restartWith('localhost/im-test-none:1')
    expect(state).toMatchObject({ phase: 'rolled-back', turned: { problem: { code: 'image-unavailable' } } })
    expect(await states()).toEqual(['running', 'running'])
  })

  it('can’t run PostgreSQL: the restart fails, and another image can be set', async () => {
    const state = await restartWith(images?.pgbouncer ?? '')
    expect(state).toMatchObject({ phase: 'rolled-back', turned: { problem: { code: 'service-failed' } } })
    expect(notes(state)).toContain('PostgreSQL is down')
    await workspace.services.settings.change({ 'containers.postgresImage': images?.postgres ?? '' })
    mustSucceed(await rested('infrastructure-start'))
    expect(await states()).toEqual(['running', 'running'])
  })

  it('ends and is started again by Podman: it is replaced, too, in a moment in which it runs', async () => {
    const { settings, infrastructure } = workspace.services
    const { postgres } = (await settings.read()).containers
    const image = `localhost/im-test-again:${process.pid}`
    const program = '[ -e /ran ] || { touch /ran; exit 1; }; trap exit INT; sleep 600 & wait'
    const file = `FROM ${images?.postgres}\nUSER root\nENTRYPOINT ["sh", "-c", "${program}"]`
    await execa('podman', ['build', '--tag', image, '-'], { input: file })
    onTestFinished(async () => void (await execa('podman', ['rmi', '--force', image])))
    mustSucceed(await rested('infrastructure-stop', { service: 'postgres' }))
    await settings.change({ 'containers.postgresImage': image })
    const context = { signal: AbortSignal.timeout(60_000), report: () => undefined, output: () => undefined }
    await infrastructure.provision('podman', 'postgres', context)
    await execa('podman', ['start', postgres])
    const look = () => execa('podman', ['inspect', '--format', '{{.RestartCount}} {{.State.Status}}', postgres])
    await expect.poll(async () => (await look()).stdout).toBe('1 running')

    await settings.change({ 'containers.postgresImage': images?.postgres ?? '' })
    mustSucceed(await rested('infrastructure-start'))
    expect(await states()).toEqual(['running', 'running'])
  })
})
