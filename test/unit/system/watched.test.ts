import { describe, expect, it } from 'vitest'
import { Watched, type Looking } from '../../../src/main/system/watched'
import { eventually } from '../../support/eventually'

/** Something to look at, which changes only when a test says so. */
function setUp(how: Partial<Looking<number>> = {}) {
  const closing = new AbortController()
  const world = { value: 1, looks: 0, pauses: 0, ended: 0 }
  const watched = new Watched<number>(
    {
      look: () => {
        world.looks++
        return Promise.resolve(world.value)
      },
      due: signal => {
        world.pauses++
        return new Promise(resolve => {
          if (signal.aborted) resolve()
          else signal.addEventListener('abort', () => resolve())
        })
      },
      begin: signal => signal.addEventListener('abort', () => world.ended++),
      ...how,
    },
    closing.signal,
  )
  const watch = () => {
    const [seen, stop] = [[] as number[], new AbortController()]
    const ended = (async () => {
      for await (const it of watched.watch(stop.signal)) seen.push(it)
    })()
    return { seen, stop: () => stop.abort(), ended }
  }
  return { closing, world, watched, watch }
}

describe('Watched', () => {
  it('looks once however many watch, and shows each of them what differs', async () => {
    const { world, watched, watch } = setUp()
    const watching = [watch(), watch(), watch()]
    await eventually(() => expect(watching.map(it => it.seen)).toEqual([[1], [1], [1]]))
    expect(world.looks).toBe(1)
    watched.again()
    await eventually(() => expect(world.pauses).toBe(2))
    world.value = 2
    watched.again()
    await eventually(() =>
      expect(watching.map(it => it.seen)).toEqual([
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
    ) // 1 came only once
    expect(world.looks).toBe(3)
    const late = watch()
    await eventually(() => expect(late.seen).toEqual([2]))
    expect(world.looks).toBe(3)
  })

  it('looks at nothing before the first one watches and after the last one has stopped, then begins anew', async () => {
    const { world, watched, watch } = setUp()
    watched.again()
    expect(world.looks).toBe(0)
    const [one, other] = [watch(), watch()]
    await eventually(() => expect(other.seen).toEqual([1]))
    one.stop()
    await one.ended
    expect(world.ended).toBe(0)
    other.stop()
    await other.ended
    expect(world.ended).toBe(1)
    watched.again()
    world.value = 2
    const next = watch()
    await eventually(() => expect(next.seen).toEqual([2])) // nothing of the time before
    expect(world.looks).toBe(2)
  })

  it('looks once more for everything that happened during a look', async () => {
    const answers: (() => void)[] = []
    const { watched, watch } = setUp({
      look: () => new Promise(resolve => answers.push(() => resolve(answers.length))),
    })
    const { seen } = watch()
    await eventually(() => expect(answers).toHaveLength(1))
    watched.again()
    watched.again()
    answers[0]?.()
    await eventually(() => expect(answers).toHaveLength(2))
    answers[1]?.()
    await eventually(() => expect(seen).toEqual([1, 2]))
    expect(answers).toHaveLength(2)
  })

  it('gives an error to all who watch; whoever comes next looks again', async () => {
    let broken = true
    const { world, watch } = setUp({
      look: () => (broken ? Promise.reject(new Error('settings are torn')) : Promise.resolve(3)),
    })
    const watching = [watch(), watch()]
    await Promise.all(watching.map(it => expect(it.ended).rejects.toThrow('settings are torn')))
    expect(world.ended).toBe(1)
    broken = false
    const next = watch()
    await eventually(() => expect(next.seen).toEqual([3]))
  })

  it('shows only what differs enough', async () => {
    const { world, watched, watch } = setUp({ differs: (shown, found) => found - shown > 5 })
    const { seen } = watch()
    for (const [index, value] of [4, 6, 7, 13].entries()) {
      await eventually(() => expect(world.pauses).toBe(index + 1))
      world.value = value
      watched.again()
    }
    await eventually(() => expect(seen).toEqual([1, 7, 13]))
  })

  it('ends with what it belongs to', async () => {
    const { closing, world, watch } = setUp()
    const { seen, ended } = watch()
    await eventually(() => expect(seen).toEqual([1]))
    closing.abort()
    await ended
    expect(world.ended).toBe(1)
  })
})
