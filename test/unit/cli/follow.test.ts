/** Following operations: nothing between the asking and the answer is lost, a cancel is not lost either. */
import { describe, expect, it } from 'vitest'
import type { Client } from '../../../src/main/cli/engine'
import { Follower } from '../../../src/main/cli/follow'
import type { Reporter } from '../../../src/main/cli/print/reporter'
import {
  fold,
  type Entry,
  type OperationEvent,
  type OperationState,
  type OperationsUpdate,
  type Transient,
} from '../../../src/shared/operation'

const at = '2026-01-01T00:00:00.000Z'
const event = (id: string, it: Entry | Transient): OperationEvent => ({ id, at, ...it })
const opened = (id: string): OperationEvent =>
  event(id, { type: 'opened', kind: 'start', version: 1, subject: 'a', plan: {}, steps: ['one'] })

/** An engine whose updates the test pushes. */
function engine() {
  const told: string[] = []
  const cancelled: string[] = []
  let push: (update: OperationsUpdate) => void = () => undefined
  let lose = (): void => undefined
  const client = {
    operations: {
      watch: {
        subscribe: (_: undefined, to: { onData(it: OperationsUpdate): void; onComplete(): void }) => {
          push = it => to.onData(it)
          lose = () => to.onComplete()
          return { unsubscribe: () => undefined }
        },
      },
      cancel: {
        mutate: ({ id }: { id: string }) => {
          cancelled.push(id)
          return Promise.resolve()
        },
      },
    },
  } as unknown as Client
  const reporter: Reporter = {
    snapshot: it => {
      told.push(`snapshot ${it.id} ${it.phase}`)
    },
    event: it => {
      told.push(`${it.type} ${it.id}`)
    },
    note: () => undefined,
    end: () => undefined,
  }
  const follower = new Follower(client, reporter)
  return {
    follower,
    told,
    cancelled,
    snapshot: (...operations: OperationState[]) => push({ type: 'snapshot', operations, unreadable: [] }),
    tell: (...events: OperationEvent[]) => {
      for (const it of events) push({ type: 'event', event: it })
    },
    lose: () => lose(),
  }
}

describe('an operation that is asked for', () => {
  it('is told from its opening on, though its id is known later; others are not told', async () => {
    const { follower, told, snapshot, tell } = engine()
    const ended = follower.run(async () => {
      tell(opened('other'), opened('mine'), event('mine', { type: 'doing', step: 'one' }))
      return { id: 'mine' }
    })
    snapshot()
    await Promise.resolve()
    await new Promise(done => {
      setImmediate(done)
    })
    tell(
      event('mine', { type: 'done', step: 'one' }),
      event('other', { type: 'doing', step: 'one' }),
      event('mine', { type: 'settled', outcome: 'succeeded' }),
    )
    expect(await ended).toMatchObject({ id: 'mine', phase: 'succeeded' })
    expect(told).toEqual(['opened mine', 'doing mine', 'done mine', 'settled mine'])
  })

  it('may have ended before its id is known', async () => {
    const { follower, snapshot, tell } = engine()
    snapshot()
    const ended = follower.run(async () => {
      tell(opened('quick'), event('quick', { type: 'settled', outcome: 'succeeded' }))
      return { id: 'quick' }
    })
    expect(await ended).toMatchObject({ phase: 'succeeded' })
  })

  it('is cancelled when it becomes known, if that was wished before', async () => {
    const { follower, cancelled, snapshot, tell } = engine()
    snapshot()
    const ended = follower.run(async () => {
      await follower.cancel()
      tell(opened('late'))
      return { id: 'late' }
    })
    await new Promise(done => {
      setImmediate(done)
    })
    expect(cancelled).toEqual(['late'])
    tell(
      event('late', { type: 'turned', reason: 'cancelled' }),
      event('late', { type: 'settled', outcome: 'rolled-back' }),
    )
    expect(await ended).toMatchObject({ phase: 'rolled-back' })
  })

  it('ends for us when it is stuck', async () => {
    const { follower, snapshot, tell } = engine()
    snapshot()
    const ended = follower.run(async () => {
      tell(
        opened('a'),
        event('a', { type: 'doing', step: 'one' }),
        event('a', { type: 'stuck', step: 'one', problem: { code: 'x', message: 'It is stuck.' } }),
      )
      return { id: 'a' }
    })
    expect(await ended).toMatchObject({ phase: 'stuck' })
  })
})

it('a later snapshot stands for the events that were missed', async () => {
  const { follower, told, snapshot, tell } = engine()
  snapshot()
  const ended = follower.run(async () => {
    tell(opened('a'))
    return { id: 'a' }
  })
  await new Promise(done => {
    setImmediate(done)
  })
  snapshot({ ...fold(undefined, opened('a')), phase: 'succeeded', settledAt: at })
  expect(await ended).toMatchObject({ phase: 'succeeded' })
  expect(told).toEqual(['opened a', 'snapshot a succeeded'])
})

it('an engine that ends is an error for whoever waits, and for who asks later', async () => {
  const { follower, snapshot, tell, lose } = engine()
  snapshot()
  const ended = follower.run(async () => {
    tell(opened('a'))
    return { id: 'a' }
  })
  await new Promise(done => {
    setImmediate(done)
  })
  lose()
  await expect(ended).rejects.toMatchObject({ problem: { code: 'engine-gone' }, exit: 1 })
  await expect(follower.run(() => Promise.resolve({ id: 'b' }))).rejects.toMatchObject({
    problem: { code: 'engine-gone' },
  })
})
