import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bulkJob } from '../../../src/main/instances/many'
import { endLost } from '../../../src/main/instances/stop'
import { owns } from '../../../src/shared/things'
import type { Operations } from '../../../src/main/operations/engine'
import type { AnyOperation, Operation } from '../../../src/main/operations/operation'
import { resultsOf, type BulkAction } from '../../../src/shared/jobs/many'
import { isOpen } from '../../../src/shared/operation'
import { problem } from '../../../src/shared/problem'
import { headline } from '../../../src/shared/jobs/words'
import { memorySecrets } from '../../support/memory-secrets'
import { engineOf } from '../../support/engine'

let home: string
let operations: Operations
let running = 0
let most = 0
let begun: string[] = []
let bringUp: () => Promise<void>
/** Called to let the steps that wait go on. */
let waiting: (() => void)[] = []

/** Its name says what becomes of it. */
const operation = (kind: string, pivot?: string): Operation<{ name: string }, { name: string }> => ({
  kind,
  version: 1,
  recovery: 'resume',
  pivot,
  about: ({ name }) => name,
  claims: ({ name }) => [owns(name)],
  plan: ({ name }) => {
    if (name === 'running') return Promise.reject(problem({ code: 'instance-running', message: 'It runs.' }))
    if (name === 'refused') return Promise.reject(problem({ code: 'port-in-use', message: 'It is taken.' }))
    return Promise.resolve({ name })
  },
  steps: () => [
    {
      name: 'work',
      verify: () => Promise.resolve(false),
      async do({ plan: { name } }) {
        most = Math.max(most, ++running)
        begun.push(name)
        if (name.startsWith('slow'))
          await new Promise<void>(resolve => {
            waiting.push(resolve)
          })
        running -= 1
        if (name === 'failing') throw problem({ code: 'not-online', message: 'It ended.' })
      },
    },
  ],
})

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'im-many-'))
  await open()
})
afterEach(async () => {
  await operations.close()
  await rm(home, { recursive: true, force: true })
})

async function open(up = () => Promise.resolve()): Promise<void> {
  operations = engineOf({
    folder: join(home, 'operations'),
    secrets: memorySecrets(),
    operations: [operation('start'), operation('stop', 'work'), operation('restart')] as readonly AnyOperation[],
  })
  operations.define(() => Promise.resolve([bulkJob({ operations, bringUpFor: () => bringUp() })]))
  running = most = 0
  begun = []
  waiting = []
  bringUp = up
  await operations.open()
}

const begin = (action: BulkAction, names: readonly string[]): Promise<string> =>
  operations.start('many', { action, names })
const ended = async (id: string) => {
  const state = await operations.settled(id)
  return {
    state,
    results: resultsOf(state).map(it => [it.name, it.result?.problem?.code, it.result?.operation !== undefined]),
  }
}

test('each has its own result: what fails or is refused stops nobody, what runs already is as it was asked for', async () => {
  const { state, results } = await ended(await begin('start', ['failing', 'fine', 'refused', 'running', 'fine']))
  expect(results).toEqual([
    ['failing', 'not-online', true],
    ['fine', undefined, true],
    ['refused', 'port-in-use', false],
    ['running', undefined, false],
  ])
  expect([state.phase, headline(state)]).toEqual(['succeeded', '2 of 4 instances were started'])
  await operations.close()
  await open()
  expect(operations.list().find(it => it.id === state.id)).toEqual(state) // it is all in the journal
})

test('one that is stuck past its pivot does not keep the rest waiting', async () => {
  const { results } = await ended(await begin('stop', ['failing', 'fine']))
  expect(results).toEqual([
    ['failing', 'not-online', true],
    ['fine', undefined, true],
  ])
  await expect(endLost(operations, 'failing')).rejects.toMatchObject({ problem: { code: 'operation-open' } })
})

test('four at a time, as soon as one ends the next; the database first', async () => {
  const names = Array.from({ length: 10 }, (_, it) => `slow-${it}`)
  let isUp = (): void => undefined
  bringUp = () =>
    new Promise(resolve => {
      isUp = resolve
    })
  const id = await begin('start', names)
  await expect
    .poll(() =>
      operations
        .list()
        .find(it => it.id === id)
        ?.steps.filter(it => it.status === 'doing')
        .map(it => it.name),
    )
    .toEqual(['bring-up'])
  expect(begun).toEqual([])
  isUp()
  for (let over = 0; over < names.length; over++) {
    await expect.poll(() => waiting.length, { timeout: 15_000 }).toBe(Math.min(4, names.length - over))
    waiting.shift()?.()
  }
  const { state } = await ended(id)
  expect([headline(state), most]).toEqual(['10 instances are running', 4])
})

test('without the database none is begun, and the job says why', async () => {
  bringUp = () => Promise.reject(problem({ code: 'port-taken', message: 'Its port is taken.' }))
  const { state } = await ended(await begin('restart', ['fine', 'other']))
  expect([state.phase, state.turned?.problem?.code, begun]).toEqual(['rolled-back', 'port-taken', []])
})

test('a cancel begins no more; what is under way goes on, what is done stays', async () => {
  const id = await begin('start', ['fine', ...Array.from({ length: 6 }, (_, it) => `slow-${it}`)])
  await expect.poll(() => waiting.length).toBe(4)
  operations.cancel(id)
  const { state, results } = await ended(id)
  expect([state.phase, headline(state)]).toEqual(['rolled-back', '1 of 7 instances was started'])
  expect(results.filter(it => it[2])).toEqual([['fine', undefined, true]])
  expect(resultsOf(state).filter(it => it.begun)).toHaveLength(5)
  const underWay = operations.list().filter(isOpen)
  expect(underWay).toHaveLength(4)
  for (const go of waiting) go()
  for (const it of underWay) expect((await operations.settled(it.id)).phase).toBe('succeeded')
  expect(begun).toHaveLength(5)
})

test('one that is cancelled by itself is not told as done', async () => {
  const id = await begin('start', ['slow', 'fine'])
  await expect.poll(() => waiting.length).toBe(1)
  const child = operations.list().find(it => it.subject === 'slow')?.id ?? ''
  operations.cancel(child)
  waiting[0]?.()
  await operations.settled(child)
  expect((await ended(id)).results).toEqual([
    ['fine', undefined, true],
    ['slow', 'cancelled', true],
  ])
})

test('closed in the middle, it goes on at the next start: it waits for those that go on, and begins the rest', async () => {
  const names = Array.from({ length: 6 }, (_, it) => `slow-${it}`)
  const id = await begin('restart', names)
  await expect.poll(() => waiting.length).toBe(4)
  waiting.shift()?.()
  await expect.poll(() => waiting.length).toBe(4)
  const closing = operations.close()
  for (const go of waiting) go()
  await closing
  expect(operations.list().find(it => it.id === id)).toMatchObject({ phase: 'running' })
  const before = begun
  let looked = 0
  await open(() => {
    looked++
    return Promise.resolve()
  })
  const isOver = (): boolean => {
    for (const go of waiting.splice(0)) go()
    return operations.list().every(it => !isOpen(it))
  }
  await expect.poll(isOver, { timeout: 15_000 }).toBe(true)
  const { state, results } = await ended(id)
  expect([state.phase, results]).toEqual(['succeeded', names.map(it => [it, undefined, true])])
  expect([...before, ...begun].filter(it => it === 'slow-0')).toHaveLength(1)
  expect(operations.list().filter(it => it.kind === 'restart')).toHaveLength(6) // one operation an instance
  expect(looked).toBe(1) // the database may be gone since
})
