/**
 * The process that creates is killed with -9 at every moment that its journal knows; after the restart the world is
 * *before* or *after*.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { workspacePaths } from '../../src/main/workspace/paths'
import { encode, entriesOf, startOf } from '../../src/main/operations/journal-lines'
import { makeQuick } from '../support/quick-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { world, type World } from '../support/world'
import { crash, creating, expectAfter, expectBefore, makeKeeper, recover, steps } from './crash'
import type { Moment } from '../support/faults'

let workspace: TestWorkspace
let before: World
let count = 0

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeQuick, prepared: 'quick' })
  before = await makeKeeper(workspace)
  await workspace.close()
})
afterEach(() => workspace.close())
afterAll(() => workspace.remove())

async function killedAt(killAt: Moment): Promise<string> {
  const name = `killed-${++count}`
  await crash(workspace, { ...creating(name), killAt })
  return name
}

describe('killed and started again, a creation is finished', () => {
  // The step is done again after the first death, and found done after the second.
  it.each(steps)('as %s had begun, and again when it was done but nothing said so', async step => {
    const name = await killedAt({ at: 'after', what: `doing ${step}` })
    await crash(workspace, { killAt: { at: 'before', what: `done ${step}` } })
    expect((await recover(workspace)).map(it => mustSucceed(it).turned)).toEqual([undefined])
    await expectAfter(workspace, before, name)
  })

  it.each<Moment>([
    { at: 'after', what: 'opened' },
    { at: 'torn', what: 'doing push-schema' },
    { at: 'torn', what: 'done place-files' },
    { at: 'before', what: 'settled' },
    { at: 'torn', what: 'settled' },
    { at: 'writing', what: 'DATABASE_URL=' },
    { at: 'writing', what: '"created"' },
    { at: 'writing', what: '"pm_cwd"' },
  ])('$at $what', async moment => {
    const name = await killedAt(moment)
    const [state] = await recover(workspace)
    expect(state?.turned).toBeUndefined()
    expect(state?.phase).toBe('succeeded')
    await expectAfter(workspace, before, name)
  })

  it('after settled: nothing is left to do', async () => {
    const name = await killedAt({ at: 'after', what: 'settled' })
    expect(await recover(workspace)).toEqual([])
    await expectAfter(workspace, before, name)
  })
})

describe('killed, started again and rolled back, a creation leaves nothing', () => {
  it.each<Moment>(steps.map(step => ({ at: 'before', what: `done ${step}` })))('$at $what', async moment => {
    await killedAt(moment)
    const [state] = await recover(workspace, it => workspace.services.operations.rollBack(it.id))
    expect(state).toMatchObject({ phase: 'rolled-back', turned: { reason: 'asked' } })
    await expectBefore(workspace, before)
  })
})

describe('after a power cut the database does not run yet', () => {
  it.each(['done create-database', 'doing push-schema', 'doing verify-health'])(
    'killed after %s, it waits, and is finished once the infrastructure is started',
    async what => {
      const name = await killedAt({ at: 'after', what })
      await workspace.killInfrastructure()
      await workspace.open()
      const { operations } = workspace.services
      const state = await until(() => operations.list().find(it => it.subject === name && it.phase === 'stuck'))
      expect(state.turned).toBeUndefined()
      expect(state.steps.find(it => it.status === 'stuck')?.problem).toMatchObject({
        code: 'infrastructure-stopped',
        action: 'start-infrastructure',
      })
      await workspace.startInfrastructure()
      operations.retry(state.id)
      expect(mustSucceed(await operations.settled(state.id)).turned).toBeUndefined()
      await expectAfter(workspace, before, name)
    },
  )

  it('rolled back instead, nothing is left', async () => {
    const name = await killedAt({ at: 'after', what: 'doing push-schema' })
    await workspace.killInfrastructure()
    await workspace.open()
    const { operations } = workspace.services
    const { id } = await until(() => operations.list().find(it => it.subject === name && it.phase === 'stuck'))
    await workspace.startInfrastructure()
    operations.rollBack(id)
    expect(await operations.settled(id)).toMatchObject({ phase: 'rolled-back', turned: { reason: 'asked' } })
    await expectBefore(workspace, before)
  })
})

it('killed before it is opened, or in the middle of keeping its secrets, a creation has left nothing', async () => {
  for (const moment of [
    { at: 'before', what: 'opened' },
    { at: 'torn', what: 'opened' },
    { at: 'writing', what: ':director-hash"' },
  ] as const) {
    await killedAt(moment)
    expect(await recover(workspace)).toEqual([])
    await expect.poll(() => world(workspace)).toEqual(before)
    await workspace.close()
  }
})

/** The same journal, check sums included, by a later version of the app. */
function ofVersion(version: number, text: string): string {
  const id = (JSON.parse(text.split('\t')[0] ?? '') as { id: string }).id
  let end = startOf(id)
  return entriesOf(id, Buffer.from(text))
    .map(line => {
      const encoded = encode(line.type === 'opened' ? { ...line, version } : line, end)
      end = encoded.end
      return encoded.data.toString()
    })
    .join('')
}

it('what cannot be read is refused and left alone, and goes on when it can be read again', async () => {
  const { secrets, operations } = workspacePaths(workspace.root)
  const name = await killedAt({ at: 'after', what: 'doing create-database' })
  const journal = join(operations, (await readdir(operations)).toSorted((a, b) => (a < b ? -1 : 1)).at(-1) ?? '')
  const [journalText, secretsText] = [await readFile(journal, 'utf8'), await readFile(secrets, 'utf8')]

  await writeFile(secrets, '{ "torn')
  await expect(workspace.open()).rejects.toMatchObject({
    problem: { code: 'file-corrupt', message: expect.stringContaining(secrets) as string },
  })
  expect(await readFile(journal, 'utf8')).toBe(journalText) // nothing has begun
  await writeFile(secrets, secretsText)

  await writeFile(journal, ofVersion(99, journalText))
  expect(await recover(workspace)).toEqual([])
  expect(workspace.services.operations.unreadable()).toMatchObject([{ problem: { code: 'journal-version' } }])
  await expect(workspace.begin({ name })).rejects.toMatchObject({ problem: { code: 'operation-open' } })
  expect(JSON.parse(await readFile(secrets, 'utf8'))).toEqual(JSON.parse(secretsText))
  await workspace.close()

  await writeFile(journal, journalText)
  expect(await recover(workspace)).toMatchObject([{ phase: 'succeeded' }])
  await expectAfter(workspace, before, name)
})
