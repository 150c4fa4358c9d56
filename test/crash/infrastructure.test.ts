/**
 * Killed with -9 in the middle of a stop, and at every moment of a restart or a change of settings of the
 * infrastructure, forward and back. A restart always ends with both running; a stop, with both and the instances
 * stopped, which the next start starts again.
 */
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { requirePrograms, unprivileged } from '../../src/main/infrastructure/programs'
import { workspacePaths } from '../../src/main/workspace/paths'
import { layOut, makeDatabase, type CliInstance } from '../support/cli-instance'
import type { Moment } from '../support/faults'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { crash, inPairs, killedAndFinished, recover } from './crash'

let workspace: TestWorkspace
let school: CliInstance

const run = async (kind: string, input: object = {}): Promise<void> => {
  const { operations } = workspace.services
  mustSucceed(await operations.settled(await operations.start(kind, input)))
}
const answer = (): Promise<string | undefined> =>
  fetch(`http://127.0.0.1:${school.port}/`).then(
    it => it.text(),
    () => undefined,
  )
const states = async (): Promise<string[]> => {
  const { postgres, pgbouncer } = await workspace.services.infrastructure.status()
  return [postgres.state, pgbouncer.state]
}

const bringUp = ['provision-postgres', 'start-postgres', 'secure-postgres', 'provision-pgbouncer', 'start-pgbouncer']

/** Cancelled in its last step; its undo is then killed at one moment after the other, and goes on each time. */
const cancelledAndKilled = async (kind: string, input: object, steps: readonly string[]): Promise<void> => {
  const cancelAt: Moment = { at: 'before', what: `done ${steps.at(-1)}` }
  await workspace.close()
  await crash(workspace, { run: [[kind, input]], cancelAt, killAt: { at: 'after', what: 'turned' } })
  for (const step of steps.toReversed())
    for (const at of ['before', 'after'] as const) await crash(workspace, { killAt: { at, what: `undone ${step}` } })
  await crash(workspace, { killAt: { at: 'before', what: 'settled' } })
  expect(await recover(workspace)).toMatchObject([{ kind, phase: 'rolled-back', turned: { reason: 'cancelled' } }])
}

/** As an operator may, with its configuration as it is then. The workspace is closed. */
const startPostgres = async (): Promise<void> => {
  const [file, args] = unprivileged((await requirePrograms()).pgCtl, [
    'start',
    '-D',
    'postgres',
    '-w',
    '-l',
    'by-hand.log',
  ])
  await execa(file, args, { cwd: workspacePaths(workspace.root).embedded, stdio: 'ignore' })
}

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  school = await layOut(workspace, 'school')
  await makeDatabase(workspace, school)
  await run('start', { name: 'school' })
})
beforeEach(() => workspace.open()) // a test that failed may have left it closed
afterAll(() => workspace.remove())

describe('a restart', () => {
  const steps = ['stop-pgbouncer', 'stop-postgres', ...bringUp]

  it.each(inPairs(...steps))('killed $killed: both run, and so does the instance', async fatal => {
    await killedAndFinished(workspace, 'infrastructure-restart', {}, fatal)
    expect([await states(), await answer()]).toEqual([['running', 'running'], 'school '])
  })

  it('of PgBouncer alone, killed once that is stopped: both run, and so does the instance', async () => {
    const killAt: Moment = { at: 'before', what: 'done stop-pgbouncer' }
    await killedAndFinished(workspace, 'infrastructure-restart', { service: 'pgbouncer' }, killAt)
    expect([await states(), await answer()]).toEqual([['running', 'running'], 'school '])
  })

  it('cancelled, and killed at every moment of its undo: both run, and so does the instance', async () => {
    await cancelledAndKilled('infrastructure-restart', {}, steps)
    expect([await states(), await answer()]).toEqual([['running', 'running'], 'school '])
  })
})

describe('a change of settings that restarts both', () => {
  const steps = ['stop-pgbouncer', 'stop-postgres', 'write-settings', ...bringUp]
  const inForce = async (): Promise<unknown> => [
    (await workspace.services.settings.read()).postgres.maxConnections,
    await workspace.sql('SHOW max_connections'),
  ]
  let connections = 300
  const input = (): object => ({ service: 'postgres', values: { 'postgres.maxConnections': ++connections } })

  it.each(inPairs(...steps))('killed $killed: both run with it, and the instance is served', async fatal => {
    await killedAndFinished(workspace, 'infrastructure-settings', input(), fatal)
    expect([await states(), await answer()]).toEqual([['running', 'running'], 'school '])
    expect(await inForce()).toEqual([connections, [{ max_connections: String(connections) }]])
  })

  it('cancelled, and killed at every moment of its undo: both run with the old ones', async () => {
    const before = await inForce()
    await cancelledAndKilled('infrastructure-settings', input(), steps)
    expect([await states(), await answer(), await inForce()]).toEqual([['running', 'running'], 'school ', before])
  })
})

describe('a change of settings, and PostgreSQL is restarted by other means before it continues', () => {
  const change = async (connections: number, killAt: Moment): Promise<void> => {
    await workspace.close()
    const values = { 'postgres.maxConnections': connections }
    await crash(workspace, { run: [['infrastructure-settings', { service: 'postgres', values }]], killAt })
  }
  const connections = async (): Promise<unknown> => workspace.sql('SHOW max_connections')

  it('was stopped for it: it gets the new settings all the same', async () => {
    await change(310, { at: 'after', what: 'done stop-postgres' })
    await startPostgres()
    expect(await recover(workspace)).toMatchObject([{ phase: 'succeeded' }])
    expect([await connections(), await states()]).toEqual([[{ max_connections: '310' }], ['running', 'running']])
  })

  it('has the new settings and is cancelled: it gets the old ones', async () => {
    await change(320, { at: 'before', what: 'done start-postgres' })
    expect(await recover(workspace, ({ id }) => workspace.services.operations.cancel(id))).toMatchObject([
      { phase: 'rolled-back' },
    ])
    expect([await connections(), await states()]).toEqual([[{ max_connections: '310' }], ['running', 'running']])
  })

  it('after a power cut: it has either the old or the new settings, and so does the file', async () => {
    await change(330, { at: 'after', what: 'doing secure-postgres' })
    await workspace.killInfrastructure()
    await recover(workspace)
    const { postgres } = await workspace.services.settings.read()
    expect([await connections(), await states()]).toEqual([
      [{ max_connections: String(postgres.maxConnections) }],
      ['running', 'running'],
    ])
  })
})

describe('a stop that stops the instances first', () => {
  it.each<Moment>([
    { at: 'before', what: 'done stop-instances' },
    { at: 'after', what: 'doing stop-postgres' },
  ])('killed $at $what: all is stopped, and the next start starts the instance too', async moment => {
    await killedAndFinished(workspace, 'infrastructure-stop', { stopInstances: true }, moment)
    expect([await states(), await answer()]).toEqual([['stopped', 'stopped'], undefined])
    await workspace.startInfrastructure()
    expect(await until(answer)).toBe('school ')
    await until(() => workspace.services.operations.list().every(it => it.settledAt !== undefined))
  })

  it('the start after it, killed when it has begun to start the instance: that is begun once', async () => {
    await run('infrastructure-stop', { stopInstances: true })
    const starts = () => workspace.services.operations.list().filter(it => it.kind === 'many').length
    const before = starts()
    await killedAndFinished(workspace, 'infrastructure-start', {}, { at: 'before', what: 'done start-instances' })
    expect([await states(), await answer(), starts()]).toEqual([['running', 'running'], 'school ', before + 1])
  })
})
