/**
 * Killed with -9 in the middle of a stop, a restart or a change of settings of the infrastructure. A restart always
 * ends with both running; a stop, with both and the instances stopped, which the next start starts again.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { layOut, makeDatabase, type CliInstance } from '../support/cli-instance'
import type { Moment } from '../support/faults'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { killedAndFinished } from './crash'

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
  it.each<Moment & { readonly service?: string }>([
    { at: 'after', what: 'doing stop-postgres' },
    { at: 'before', what: 'done start-postgres' },
    { service: 'pgbouncer', at: 'before', what: 'done stop-pgbouncer' },
  ])('killed $at $what: both run, and so does the instance', async ({ service, ...moment }) => {
    await killedAndFinished(workspace, 'infrastructure-restart', { service }, moment)
    expect([await states(), await answer()]).toEqual([['running', 'running'], 'school '])
  })
})

describe('a change of settings that restarts both', () => {
  let connections = 300
  it.each<Moment>([
    { at: 'before', what: 'done stop-postgres' },
    { at: 'before', what: 'done write-settings' },
    { at: 'before', what: 'done provision-postgres' },
    { at: 'before', what: 'done start-pgbouncer' },
  ])('killed $at $what: both run with it, and the instance is served', async moment => {
    const values = { 'postgres.maxConnections': ++connections }
    await killedAndFinished(workspace, 'infrastructure-settings', { service: 'postgres', values }, moment)
    expect([await states(), await answer()]).toEqual([['running', 'running'], 'school '])
    expect(await workspace.sql('SHOW max_connections')).toEqual([{ max_connections: String(connections) }])
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
