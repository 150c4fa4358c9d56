import { describe, expect, it } from 'vitest'
import type { OperationEvent } from '../../../src/shared/operation'
import { OperationsStore } from '../../../src/renderer/src/operations/store'

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`
const opened = (id: string, second: number): OperationEvent => ({
  id,
  at: at(second),
  type: 'opened',
  kind: 'create',
  version: 1,
  subject: id,
  plan: {},
  steps: ['one'],
})
const filled = (...events: OperationEvent[]): OperationsStore => {
  const store = new OperationsStore()
  store.apply({ type: 'snapshot', operations: [], unreadable: [] })
  for (const event of events) store.apply({ type: 'event', event })
  return store
}
const ids = (store: OperationsStore): string[] => store.view().operations.map(it => it.id)

describe('operations on the screen', () => {
  it('are not known before the snapshot', () => {
    expect(new OperationsStore().view().ready).toBe(false)
  })
  it('show open ones first, then the newest', () => {
    const store = filled(opened('a', 1), opened('b', 2), opened('c', 3), {
      id: 'c',
      at: at(4),
      type: 'settled',
      outcome: 'succeeded',
    })
    expect(ids(store)).toEqual(['b', 'a', 'c'])
  })
  it('keep their output aside, without a new view', () => {
    const store = filled(opened('a', 1))
    const before = store.view()
    store.apply({
      type: 'event',
      event: { id: 'a', at: at(2), type: 'output', step: 'one', chunk: 'hello', offset: 0 },
    })
    expect(store.view()).toBe(before)
    expect(store.log('a').chunks).toMatchObject([{ step: 'one', chunk: 'hello' }])
    expect(store.log('a').complete).toBe(true)
  })
  it('know that output is missing after the line was down', () => {
    const store = filled(opened('a', 1))
    store.apply({ type: 'snapshot', operations: store.view().operations, unreadable: [] })
    expect(store.log('a').complete).toBe(false)
    store.log('a').append({ step: 'one', chunk: 'it', offset: 7 })
    store.log('a').append({ step: 'one', chunk: '!', offset: 9 })
    store.log('a').catchUp([{ step: 'one', chunk: 'all of it', offset: 0 }])
    expect(store.log('a').complete).toBe(true)
    expect(store.log('a').chunks.map(it => it.chunk)).toEqual(['all of it', '!'])
  })
  it('ignore an event of an operation whose beginning is unknown', () => {
    expect(ids(filled({ id: 'x', at: at(1), type: 'doing', step: 'one' }))).toEqual([])
  })
  it('keep at most two million characters, dropping the oldest', () => {
    const output = filled(opened('a', 1)).log('a')
    for (let index = 0; index < 300; index++)
      output.append({ step: 'one', chunk: String(index).padEnd(10_000, '.'), offset: index * 10_000 })
    expect(output.chunks.length).toBe(200)
    expect(output.chunks.at(-1)?.chunk.startsWith('299')).toBe(true)
  })
})
