import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { KeyedQueue, SerialQueue } from '../../../src/main/system/serial-queue'

/** Work that ends when it is told to, and notes when it begins. */
function controlled(begun: string[]) {
  const ends = new Map<string, { resolve: (value: string) => void; reject: (error: Error) => void }>()
  return {
    work: (name: string) => (): Promise<string> => {
      begun.push(name)
      return new Promise((resolve, reject) => ends.set(name, { resolve, reject }))
    },
    end: (name: string) => ends.get(name)?.resolve(name),
    fail: (name: string) => ends.get(name)?.reject(new Error(name)),
  }
}

describe('SerialQueue', () => {
  it('runs one at a time, in order; a failure reaches only its own caller', async () => {
    const begun: string[] = []
    const { work, end, fail } = controlled(begun)
    const queue = new SerialQueue()
    const [a, b, c] = ['a', 'b', 'c'].map(it => queue.run(work(it)))
    await turn()
    expect(begun).toEqual(['a'])
    fail('a')
    await expect(a).rejects.toThrow('a')
    await turn()
    expect(begun).toEqual(['a', 'b'])
    end('b')
    expect(await b).toBe('b')
    await turn()
    end('c')
    expect(await c).toBe('c')
  })

  it('a throw before the first await is a rejection, too', async () => {
    const queue = new SerialQueue()
    const failing = queue.run(() => {
      throw new Error('at once')
    })
    await expect(failing).rejects.toThrow('at once')
    expect(await queue.run(() => 1)).toBe(1)
  })

  it('is idle when all that was added has ended, however it ended', async () => {
    const begun: string[] = []
    const { work, fail } = controlled(begun)
    const queue = new SerialQueue()
    await queue.idle()
    const failing = queue.run(work('a')).catch(() => 'failed')
    let idle = false
    const waiting = queue.idle().then(() => {
      idle = true
    })
    await turn()
    expect(idle).toBe(false)
    fail('a')
    await waiting
    expect(await failing).toBe('failed')
  })
})

describe('KeyedQueue', () => {
  it('keeps the same key in order and lets others pass', async () => {
    const begun: string[] = []
    const { work, end, fail } = controlled(begun)
    const queue = new KeyedQueue()
    const first = queue.run('x', work('x1')).catch(() => 'failed')
    const second = queue.run('x', work('x2'))
    const other = queue.run('y', work('y1'))
    await turn()
    expect(begun).toEqual(['x1', 'y1'])
    end('y1')
    expect(await other).toBe('y1')
    fail('x1')
    expect(await first).toBe('failed')
    await turn()
    // Its first has ended, its second has not: a third still waits.
    const third = queue.run('x', work('x3'))
    await turn()
    expect(begun).toEqual(['x1', 'y1', 'x2'])
    end('x2')
    expect(await second).toBe('x2')
    await turn()
    end('x3')
    expect(await third).toBe('x3')
  })
})
