/** Several instances are rebuilt in one operation: the canary first, then a few at a time, until one fails. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { resultsOf } from '../../../src/shared/jobs/many'
import type { OperationState } from '../../../src/shared/operation'
import { layOut, layOutCopy, makeDatabase } from '../../support/cli-instance'
import { mustSucceed, until, type TestWorkspace } from '../../support/workspace'
import { job, refusal, tinyWorkspace } from '../lifecycle/lifecycle'

const all = ['a', 'b', 'c', 'd'] as const
let workspace: TestWorkspace
let manifest: { server: object }
let code: string
let version = 0

const inBase = (path: string): string => join(workspace.root, path)

/** Code of a new version. @param fails the instance in which it ends at once */
const setBase = (fails = ''): Promise<void> =>
  writeFile(inBase('server/index.js'), `${code}\nif (name === '${fails}') process.exit(3)\n// version ${++version}\n`)
const setManifest = (more: object): Promise<void> =>
  writeFile(inBase('instance-manager.json'), JSON.stringify({ ...manifest, ...more }))

async function versions(names: readonly string[] = all): Promise<Record<string, number>> {
  const of = async (name: string): Promise<number> =>
    Number(/version (\d+)/.exec(await readFile(inBase(`instances/${name}/server/index.js`), 'utf8'))?.[1])
  return Object.fromEntries(await Promise.all(names.map(async it => [it, await of(it)] as const)))
}
const everywhere = (it: number): Record<string, number> => Object.fromEntries(all.map(name => [name, it]))

/** The codes of what each ended with; empty where all is well. */
const codes = (state: OperationState): Record<string, string> =>
  Object.fromEntries(resultsOf(state).map(({ name, result }) => [name, result ? (result.problem?.code ?? '') : '-']))

/** The rebuilds that it began, oldest first. */
const partsOf = (state: OperationState): OperationState[] => {
  const ids = state.steps.map(it => it.result?.operation)
  return workspace.services.operations.list().filter(it => ids.includes(it.id))
}

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  code = await readFile(inBase('server/index.js'), 'utf8')
  manifest = JSON.parse(await readFile(inBase('instance-manager.json'), 'utf8')) as typeof manifest
  await setBase()
  for (const it of [...all, 'deaf']) await makeDatabase(workspace, await layOut(workspace, it))
})
beforeEach(async () => {
  await setManifest({})
  await setBase()
})
afterAll(() => workspace.remove())

it('those that the earlier tool created are outdated, too; a copy can’t be rebuilt', async () => {
  await layOutCopy(workspace, 'copy')
  expect((await workspace.services.instances.outdated()).toSorted()).toEqual([...all, 'deaf'])
})

it('the canary first and alone, then two at a time, all with one release', async () => {
  const state = mustSucceed(await job(workspace, 'rebuild-many', { canary: 'c', names: ['a', 'b', 'A', 'c', 'd'] }))
  expect(codes(state)).toEqual({ a: '', b: '', c: '', d: '' })
  expect(await versions()).toEqual(everywhere(version))
  const [canary, ...others] = partsOf(state)
  expect(canary?.subject).toBe('c')
  expect(others.map(it => it.subject).toSorted()).toEqual(['a', 'b', 'd'])
  expect(others[2]?.subject).toBe('d')
  for (const it of others) expect(it.openedAt >= (canary?.settledAt ?? '')).toBe(true)
  const [first, second, third] = others
  expect((second?.openedAt ?? '') < (first?.settledAt ?? '')).toBe(true)
  expect([first, second].some(it => (it?.settledAt ?? 'z') <= (third?.openedAt ?? ''))).toBe(true)
  const release = (state.plan as { fingerprint: string }).fingerprint
  for (const it of [canary, ...others]) expect(it?.plan).toMatchObject({ fingerprint: release })
  expect(await workspace.services.instances.outdated()).toEqual(['deaf'])
})

it('one that has this code already is left as it is', async () => {
  mustSucceed(await job(workspace, 'rebuild', { name: 'b' }))
  const state = mustSucceed(await job(workspace, 'rebuild-many', { canary: 'a', names: ['b', 'c', 'd'] }))
  expect(
    partsOf(state)
      .map(it => it.subject)
      .toSorted(),
  ).toEqual(['a', 'c', 'd'])
  expect(await versions()).toEqual(everywhere(version))
})

it('the canary fails: it goes back, and the others are not touched', async () => {
  const was = await versions()
  await setBase('b')
  const state = await job(workspace, 'rebuild-many', { canary: 'b', names: ['a', 'c', 'd'] })
  expect(codes(state)).toEqual({ a: 'left-alone', b: 'trial-failed', c: 'left-alone', d: 'left-alone' })
  expect(partsOf(state).map(it => [it.subject, it.phase])).toEqual([['b', 'rolled-back']])
  expect(await versions()).toEqual(was)
})

it('a later one fails: those before it keep the new code, those after it are not begun', async () => {
  const was = await versions()
  await setBase('c')
  const state = await job(workspace, 'rebuild-many', { canary: 'a', names: ['b', 'c', 'd'], atOnce: 1 })
  expect(codes(state)).toEqual({ a: '', b: '', c: 'trial-failed', d: 'left-alone' })
  expect(await versions()).toEqual({ ...was, a: version, b: version })
})

it('the base application changes meanwhile: no other release than the canary’s gets in', async () => {
  const base = JSON.stringify(inBase('server/index.js'))
  const edit = `process.env.INSTANCE_NAME === "a" && require("fs").appendFileSync(${base}, "// edited")`
  await setManifest({ smoke: [{ url: '/' }, { command: ['node', '-e', edit] }] })
  const { c: was } = await versions()
  const state = await job(workspace, 'rebuild-many', { canary: 'a', names: ['c', 'd'], atOnce: 1 })
  expect(codes(state)).toEqual({ a: '', c: 'base-changed', d: 'left-alone' })
  expect(await versions(['a', 'c', 'd'])).toEqual({ a: version, c: was, d: was })
})

it('one that another job has is passed over; as a canary it ends the matter', async () => {
  const { operations } = workspace.services
  await setManifest({ server: { ...manifest.server, bootSeconds: 1 } })
  const start = await operations.start('start', { name: 'deaf' })
  expect((await operations.rested(start)).phase).toBe('stuck')
  await setManifest({}) // the others may need longer
  const failed = await job(workspace, 'rebuild-many', { canary: 'deaf', names: ['a'] })
  expect(codes(failed)).toEqual({ deaf: 'operation-open', a: 'left-alone' })
  const state = await job(workspace, 'rebuild-many', { canary: 'a', names: ['deaf', 'b'], atOnce: 1 })
  operations.cancel(start)
  await operations.settled(start)
  expect(codes(state)).toEqual({ a: '', deaf: 'operation-open', b: '' })
  expect(await versions(['a', 'b'])).toEqual({ a: version, b: version })
})

it('is one at a time; cancelled, what is in progress is finished and the rest left alone', async () => {
  const { operations } = workspace.services
  const id = await operations.start('rebuild-many', { canary: 'd', names: ['a', 'b', 'c'] })
  const canary = await until(() => operations.list().find(it => it.kind === 'rebuild' && it.phase === 'running'))
  expect(await refusal(workspace, 'rebuild-many', { canary: 'a', names: [] })).toMatchObject({ code: 'operation-open' })
  expect(await refusal(workspace, 'rebuild', { name: 'd' })).toMatchObject({ code: 'operation-open' })
  const was = await versions(['a', 'b', 'c'])
  operations.cancel(id)
  expect((await operations.settled(id)).phase).toBe('rolled-back')
  mustSucceed(await operations.settled(canary.id))
  expect(await versions()).toEqual({ ...was, d: version })
})
