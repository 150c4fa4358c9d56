/** How many pieces of work run at a time. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Turns } from '../../../src/main/system/turns'

it('a few run at a time, fewer of one key, and who leaves gives up its place', async () => {
  const turns = new Turns({ inAll: 3, each: 2 })
  const running: string[] = []
  const ends = new Map<string, () => void>()
  const start = (id: string, signal = new AbortController().signal): Promise<void> =>
    turns.run(
      id.slice(0, 1),
      async () => {
        running.push(id)
        await new Promise<void>(resolve => ends.set(id, resolve))
      },
      signal,
    )
  const leaving = new AbortController()
  const [, , left] = [start('a1'), start('a2'), start('a3', leaving.signal), start('a4'), start('b1'), start('c1')]
  await turn()
  expect(running).toEqual(['a1', 'a2', 'b1'])
  leaving.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  ends.get('b1')?.()
  await turn()
  expect(running.slice(3)).toEqual(['c1'])
  ends.get('a1')?.()
  await turn()
  expect(running.slice(4)).toEqual(['a4'])
})
