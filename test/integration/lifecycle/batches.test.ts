/** Jobs on several instances, each with its own input: creating, moving to other ports, deleting. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createManyJob } from '../../../src/shared/jobs/create'
import type { StartRequest } from '../../../src/shared/jobs'
import { resultsOf } from '../../../src/shared/jobs/many'
import type { OperationState } from '../../../src/shared/operation'
import { toProblem } from '../../../src/shared/problem'
import { layOut, type CliInstance } from '../../support/cli-instance'
import type { TestWorkspace } from '../../support/workspace'
import { answerOf, job, mustDo, tinyWorkspace } from './lifecycle'

let workspace: TestWorkspace
let school: CliInstance

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  school = await layOut(workspace, 'school')
})
afterAll(() => workspace.remove())

const outcomes = (state: OperationState): Record<string, string | undefined> =>
  Object.fromEntries(resultsOf(state).map(({ name, result }) => [name, result?.problem?.code ?? 'done']))
const found = async () => (await workspace.services.instances.registry.list()).instances
const portOf = async (name: string) => (await found()).find(it => it.name === name)?.port

const item = (name: string, port: number | 'auto' = 'auto') => ({
  name,
  port,
  director: { name: 'Ada', email: `ada@${name}.example`, password: `secret of ${name}` },
})

it('creates several; one that is refused doesn’t stop the others; passwords are kept out of journals', async () => {
  const state = await job(workspace, 'create-many', { items: [item('alpha'), item('School'), item('beta')] })
  expect(outcomes(state)).toEqual({ alpha: 'done', School: 'name-taken', beta: 'done' })
  expect(new Set((await found()).map(it => it.port)).size).toBe(3)
  const folder = join(workspace.root, '.instance-manager/operations')
  const journals = (await readdir(folder)).map(it => readFile(join(folder, it), 'utf8'))
  expect((await Promise.all(journals)).join('')).not.toContain('secret of')
  const alpha = resultsOf(state).find(it => it.name === 'alpha')
  expect(await workspace.services.instances.takePassword(alpha?.result?.operation ?? '')).toEqual({
    email: 'ada@alpha.example',
    password: 'secret of alpha',
  })
  expect(createManyJob.input.safeParse({ items: [item('one'), item('One')] }).success).toBe(false)
})

it('moves several to other ports', async () => {
  const [alpha, free] = [await portOf('alpha'), await workspace.services.instances.ports.suggest()]
  const items = [
    { name: 'alpha', port: free },
    { name: 'beta', port: school.port },
  ]
  const state = await job(workspace, 'change-port-many', { items })
  expect(outcomes(state)).toEqual({ alpha: 'done', beta: 'port-taken' })
  expect(await portOf('alpha')).toBe(free)
  expect(await answerOf(free)).toBeDefined()
  expect(await answerOf(alpha ?? 0)).toBeUndefined()
})

it('a protected instance is stopped, rebuilt or deleted only if its name was typed, and never with others', async () => {
  const { setLabels, begin } = workspace.services.instances
  await setLabels({ name: 'alpha', protected: true })
  expect((await found()).find(it => it.name === 'alpha')).toMatchObject({ protected: true })
  const refused = (request: StartRequest) =>
    begin(request).then(
      () => 'begun',
      (error: unknown) => toProblem(error).code,
    )
  const requests: StartRequest[] = [
    { kind: 'stop', name: 'ALPHA' },
    { kind: 'stop', name: 'alpha', typed: 'beta' },
    { kind: 'rebuild', name: 'alpha' },
    { kind: 'delete', name: 'alpha', confirm: 'DELETE' },
    { kind: 'many', action: 'stop', names: ['beta', 'alpha'] },
    { kind: 'delete-many', names: ['beta', 'alpha'], confirm: 'DELETE' },
    { kind: 'rebuild-many', canary: 'beta', names: ['alpha'] },
    { kind: 'infrastructure-stop', typed: 'beta' },
  ]
  for (const it of requests) expect([it, await refused(it)]).toEqual([it, 'instance-protected'])
  const { operations } = workspace.services
  const gamma = await layOut(workspace, 'gamma', await portOf('alpha'))
  expect(await refused({ kind: 'start', name: 'gamma', stopOther: true })).toBe('instance-protected')
  expect(await refused({ kind: 'many', action: 'start', names: ['gamma'], stopOther: true })).toBe('instance-protected')
  expect(await answerOf(gamma.port)).toBe('alpha ') // nothing was stopped
  await rm(gamma.folder, { recursive: true })
  const stop = await begin({ kind: 'stop', name: 'alpha', typed: 'alpha' })
  expect((await operations.settled(stop)).phase).toBe('succeeded')
  const restart = await begin({ kind: 'many', action: 'restart', names: ['beta', 'alpha'] })
  expect(outcomes(await operations.settled(restart))).toEqual({ alpha: 'done', beta: 'done' })
  await setLabels({ name: 'alpha', protected: false })
})

it('deletes several, and only those', async () => {
  const names = ['beta', 'ghost', 'beta']
  const state = await mustDo(workspace, 'delete-many', { names, confirm: 'DELETE' })
  expect(outcomes(state)).toEqual({ beta: 'done', ghost: 'instance-unknown' })
  expect((await found()).map(it => it.name)).toEqual(['alpha', 'school'])
  expect(await readdir(join(workspace.root, 'instances'))).toEqual(['alpha', 'school'])
})
