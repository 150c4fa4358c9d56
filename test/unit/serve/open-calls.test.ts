import { expect, it } from 'vitest'
import { countingEncoder, maxOpenCalls } from '../../../src/main/transport/open-calls'

function counting() {
  const seen = { exceeded: 0 }
  const encoder = countingEncoder(() => {
    seen.exceeded++
  })
  const say = (...messages: unknown[]): unknown =>
    encoder.decode(JSON.stringify(messages.length === 1 ? messages[0] : messages))
  return { seen, encoder, say }
}

const query = (id: number) => ({ id, method: 'query', params: { path: 'app.check' } })
const subscription = (id: number) => ({ id, method: 'subscription', params: { path: 'app.watch' } })
const many = (count: number, call: (id: number) => object, from = 0): object[] =>
  Array.from({ length: count }, (_, index) => call(from + index))

it('passes as many calls as it may, and none of a message with one more', () => {
  const { seen, say } = counting()
  expect(say(...many(maxOpenCalls, query))).toHaveLength(maxOpenCalls)
  expect(say(query(maxOpenCalls))).toEqual([])
  expect(say({ id: 0, method: 'subscription.stop' })).toEqual([])
  expect(seen.exceeded).toBe(1)
  const other = counting()
  expect(other.say(...many(maxOpenCalls + 1, query))).toEqual([])
})

it('frees the place of a call with its answer or its error, and of a subscription with its end', () => {
  const { seen, encoder, say } = counting()
  say(...many(maxOpenCalls - 2, query), subscription(-1), subscription(-2))
  encoder.encode({ id: 0, result: { type: 'data' } })
  encoder.encode({ id: 1, error: {} })
  encoder.encode({ id: -1, result: { type: 'started' } })
  encoder.encode({ id: -1, result: { type: 'data' } }) // it lives on
  say(...many(2, query, maxOpenCalls))
  expect(seen.exceeded).toBe(0)
  say({ id: -1, method: 'subscription.stop' })
  encoder.encode({ id: -1, result: { type: 'stopped' } })
  say(query(maxOpenCalls + 2))
  expect(seen.exceeded).toBe(0)
  say(query(maxOpenCalls + 3))
  expect(seen.exceeded).toBe(1)
})

it('refuses an id that is open, which would be counted once', () => {
  for (const again of [query(1), subscription(1)]) {
    const { seen, say } = counting()
    say(query(1))
    say(again)
    expect(seen.exceeded).toBe(1)
  }
  const { seen, say } = counting()
  expect(say(query(1), query(1))).toEqual([])
  expect(seen.exceeded).toBe(1)
})

it('leaves what is no call to the router', () => {
  const { seen, say, encoder } = counting()
  expect(say(null)).toBeNull()
  expect(say(7)).toBe(7)
  expect(() => encoder.decode('{nonsense')).toThrow(SyntaxError)
  expect(seen.exceeded).toBe(0)
})
