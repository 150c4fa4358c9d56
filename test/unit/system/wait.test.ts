import { expect, it } from 'vitest'
import { waitFor } from '../../../src/main/system/wait'

it('asks until there is an answer; undefined and false are none', async () => {
  const answers = [undefined, false, 0] as const
  let asked = 0
  expect(await waitFor(() => answers[asked++], { every: 1 })).toBe(0)
  expect(asked).toBe(3)
})

it('asks once even without any time, and gives up after the timeout', async () => {
  let asked = 0
  expect(await waitFor(() => asked++ > 100, { timeout: 0 })).toBeUndefined()
  expect(asked).toBe(1)
  const began = Date.now()
  expect(await waitFor(() => Promise.resolve(undefined), { every: 1, timeout: 30 })).toBeUndefined()
  expect(Date.now() - began).toBeGreaterThanOrEqual(30)
})

it("throws the signal's reason: before it asks, and out of a long pause", async () => {
  const stop = new AbortController()
  let asked = 0
  const waiting = waitFor(() => asked++ < 0, { every: 3_600_000, signal: stop.signal })
  const reason = new Error('cancelled')
  stop.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  expect(asked).toBe(1)
  await expect(waitFor(() => true, { signal: stop.signal })).rejects.toBe(reason)
})

it('throws what the question throws', async () => {
  await expect(
    waitFor(() => {
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
})
