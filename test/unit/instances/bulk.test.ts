import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { endLost, inBulk } from '../../../src/main/instances/bulk'
import { owns } from '../../../src/main/operations/claims'
import { Operations } from '../../../src/main/operations/engine'
import type { AnyOperation, Operation } from '../../../src/main/operations/operation'
import { problem } from '../../../src/shared/problem'
import { memorySecrets } from '../../support/memory-secrets'

let home: string
let operations: Operations
let running = 0
let most = 0
/** Called to let the steps that wait go on. */
let waiting: (() => void)[] = []

/** Its name says what becomes of it. */
const operation = (kind: string, pivot?: string): Operation<{ name: string }, { name: string }> => ({
  kind, version: 1, recovery: 'resume', pivot,
  about: ({ name }) => name, claims: ({ name }) => [owns(name)],
  plan: ({ name }) => {
    if (name === 'running') return Promise.reject(problem({ code: 'instance-running', message: 'It runs.' }))
    if (name === 'refused') return Promise.reject(problem({ code: 'port-in-use', message: 'It is taken.' }))
    return Promise.resolve({ name })
  },
  steps: () => [{
    name: 'work', verify: () => Promise.resolve(false),
    async do({ plan: { name } }) {
      most = Math.max(most, ++running)
      if (name.startsWith('slow')) await new Promise<void>(resolve => { waiting.push(resolve) })
      running -= 1
      if (name === 'failing') throw problem({ code: 'not-online', message: 'It ended.' })
    },
  }],
})

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'im-bulk-'))
  operations = new Operations({ folder: join(home, 'operations'), secrets: memorySecrets(), operations: [operation('start'), operation('stop', 'work')] as readonly AnyOperation[] })
  await operations.open()
  running = most = 0
  waiting = []
})
afterEach(async () => {
  await operations.close()
  await rm(home, { recursive: true, force: true })
})

test('each has its own result: what fails or is refused stops nobody, what runs already is as it was asked for', async () => {
  const results = await inBulk(operations, 'start', ['failing', 'fine', 'refused', 'running', 'fine'])
  expect(results.map(it => [it.name, it.problem?.code, it.operation !== undefined])).toEqual([
    ['failing', 'not-online', true], ['fine', undefined, true], ['refused', 'port-in-use', false], ['running', undefined, false],
  ])
})

test('one that is stuck past its pivot does not keep the rest waiting', async () => {
  const results = await inBulk(operations, 'stop', ['failing', 'fine'])
  expect(results.map(it => [it.name, it.problem?.code])).toEqual([['failing', 'not-online'], ['fine', undefined]])
  await expect(endLost(operations, 'failing')).rejects.toMatchObject({ problem: { code: 'operation-open' } })
})

test('four at a time, as soon as one ends the next', async () => {
  const names = Array.from({ length: 10 }, (_, it) => `slow-${it}`)
  const all = inBulk(operations, 'start', names)
  for (let ended = 0; ended < names.length; ended++) {
    await expect.poll(() => waiting.length, { timeout: 15_000 }).toBe(Math.min(4, names.length - ended))
    waiting.shift()?.()
  }
  expect((await all).every(it => !it.problem)).toBe(true)
  expect(most).toBe(4)
})
