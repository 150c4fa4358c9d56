import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Operations } from '../../../src/main/operations/engine'
import type { Operation } from '../../../src/main/operations/operation'

let folder: string
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'operations-')) })
afterEach(() => rm(folder, { recursive: true }))

interface GreetInput { name: string }
type GreetPlan = { name: string; at: number }
const done: string[] = []
const greet: Operation<GreetInput, GreetPlan> = {
  kind: 'greet', version: 1, recovery: 'roll-back',
  subject: input => input.name,
  plan: async input => ({ name: input.name, at: 1 }),
  steps: [{ name: 'one', do: async ({ plan }) => { done.push(plan.name) }, verify: async () => true }],
}

it('runs', async () => {
  const operations = new Operations({ folder, operations: [greet] })
  await operations.open()
  const id = await operations.start('greet', { name: 'alpha' })
  const state = await operations.settled(id)
  expect(state.phase).toBe('succeeded')
  expect(await readdir(folder)).toEqual([`${id}.jsonl`])
  await operations.close()
})
