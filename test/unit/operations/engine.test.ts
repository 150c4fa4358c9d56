import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { newId } from '../../../src/main/operations/journal'
import { owns, uses } from '../../../src/shared/things'
import type { Operations } from '../../../src/main/operations/engine'
import { keptOfKind } from '../../../src/main/operations/history'
import type { AnyOperation, Context, Operation, Step } from '../../../src/main/operations/operation'
import { fold, isOpen, type OperationState, type OperationsUpdate } from '../../../src/shared/operation'
import { problem } from '../../../src/shared/problem'
import { memorySecrets } from '../../support/memory-secrets'
import { engineOf, type TestEngineOptions } from '../../support/engine'
import { eventually } from '../../support/eventually'

let folder: string
const engines: Operations[] = []
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'operations-')), 'operations')
})
afterEach(async () => {
  await Promise.all(engines.splice(0).map(it => it.close()))
  await rm(join(folder, '..'), { recursive: true })
})

async function engine(
  operations: readonly AnyOperation[],
  options: Partial<TestEngineOptions> = {},
): Promise<Operations> {
  const made = engineOf({ folder, operations, secrets: memorySecrets(), ...options })
  engines.push(made)
  await made.open()
  return made
}

interface Input {
  readonly name: string
}
type Plan = { readonly name: string }

const operation = (
  steps: readonly Step<Plan>[],
  more: Partial<Operation<Input, Plan>> = {},
): Operation<Input, Plan> => ({
  kind: 'make',
  version: 1,
  recovery: 'roll-back',
  about: it => `thing/${it.name}`,
  claims: it => [owns(`thing/${it.name}`)],
  plan: async ({ name }) => ({ name }),
  steps: () => steps,
  ...more,
})
const step = (name: string, more: Partial<Step<Plan>> = {}): Step<Plan> => ({
  name,
  do: async () => undefined,
  verify: async () => true,
  ...more,
})

const spy = () => vi.fn<() => Promise<void>>(() => Promise.resolve())

/** A step whose `do` goes on when the test says so, or stops when its signal is aborted. */
function held(name = 'held', more: Partial<Step<Plan>> = {}) {
  let begin: (context: Context<Plan>) => void = () => undefined
  let go: () => void = () => undefined
  const began = new Promise<Context<Plan>>(resolve => {
    begin = resolve
  })
  return {
    began,
    go: () => go(),
    step: step(name, {
      do: context =>
        new Promise((resolve, reject) => {
          go = resolve
          context.signal.addEventListener('abort', () => reject(context.signal.reason as Error))
          begin(context)
        }),
      ...more,
    }),
  }
}

const lines = async (id: string): Promise<Record<string, unknown>[]> =>
  (await readFile(join(folder, `${id}.jsonl`), 'utf8'))
    .trimEnd()
    .split('\n')
    .map(it => JSON.parse(it.split('\t')[0] ?? '') as Record<string, unknown>)
const story = async (id: string) =>
  (await lines(id)).map(it => [it['type'], it['step'] ?? it['reason'] ?? it['outcome']].filter(Boolean).join(' '))
const withCode = (code: string) =>
  expect.objectContaining({ problem: expect.objectContaining({ code }) as unknown }) as Error
const phase = (from: Operations, id: string) => from.list().find(it => it.id === id)?.phase
const untilStuck = (from: Operations, id: string) => eventually(() => expect(phase(from, id)).toBe('stuck'))

describe('what is found in the folder of journals', () => {
  /** A journal as it would be on disk, opened that many milliseconds after the first. */
  const put = async (
    age: number,
    { settled = true, plan = { name: 'alpha' } }: { settled?: boolean; plan?: object } = {},
  ): Promise<string> => {
    const id = newId(new Date(1_700_000_000_000 + age))
    const at = '2026-01-01T00:00:00.000Z'
    const all = [
      { type: 'opened', kind: 'make', version: 1, subject: `s${age}`, plan, steps: ['one'] },
      { type: 'doing', step: 'one' },
      ...(settled
        ? [
            { type: 'done', step: 'one' },
            { type: 'settled', outcome: 'succeeded' },
          ]
        : []),
    ]
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `${id}.jsonl`), all.map(it => `${JSON.stringify({ id, at, ...it })}\n`).join(''))
    return id
  }

  it('keeps the newest settled operations and every open one, and deletes what never began', async () => {
    const open = await put(0, { settled: false })
    const ids: string[] = []
    for (let age = 1; age <= keptOfKind + 2; age++) ids.push(await put(age))
    const begun = newId(new Date())
    await writeFile(join(folder, `${begun}.jsonl`), '{"id":"torn')
    const looking = engineOf({ folder, secrets: memorySecrets(), operations: [operation([step('one')])] })
    await looking.look() // who only looks deletes nothing: another process may be about to write
    expect(await readdir(folder)).toHaveLength(keptOfKind + 4)
    const operations = await engine([operation([step('one')], { recovery: 'resume' })])
    await operations.settled(open)
    await eventually(async () =>
      expect((await readdir(folder)).toSorted()).toEqual([open, ...ids.slice(3)].map(it => `${it}.jsonl`).toSorted()),
    )
    expect(operations.list()).toHaveLength(keptOfKind)
  })

  it('refuses an open operation whose plan is none, and leaves its journal alone; a settled one is history', async () => {
    const act = spy()
    const [bad, old] = [await put(1, { settled: false, plan: { name: 5 } }), await put(2, { plan: { name: 5 } })]
    const operations = await engine([
      operation([step('one', { do: act, verify: async () => false })], {
        recovery: 'resume',
        planSchema: z.object({ name: z.string() }),
      }),
    ])
    expect(operations.unreadable()).toMatchObject([
      { id: bad, problem: { code: 'journal-corrupt', cause: expect.stringContaining('name') as string } },
    ])
    expect(operations.list().map(it => it.id)).toEqual([old])
    expect(act).not.toHaveBeenCalled()
    expect(await story(bad)).toEqual(['opened', 'doing one'])
  })
})

describe('an operation that needs what is not there after a restart', () => {
  let there: boolean
  const build = (steps: readonly Step<Plan>[]) =>
    operation(steps, {
      recovery: 'resume',
      ready: async () => {
        if (!there) throw problem({ code: 'infrastructure-stopped', message: 'Down.', action: 'start-infrastructure' })
      },
    })
  /** Interrupted in its second step, and found again. */
  async function interrupted(undo = spy()) {
    there = true
    const hold = held('two')
    const before = await engine([build([step('one', { undo }), hold.step])])
    const id = await before.start('make', { name: 'alpha' })
    await hold.began
    await before.close()
    there = false
    const after = await engine([build([step('one', { undo }), step('two')])])
    await untilStuck(after, id)
    return { after, id }
  }

  it('stays where it was, with the reason, and goes on forward when it is there', async () => {
    const { after, id } = await interrupted()
    expect(after.list()[0]).toMatchObject({
      steps: [
        { status: 'done' },
        { status: 'stuck', problem: { code: 'infrastructure-stopped', action: 'start-infrastructure' } },
      ],
    })
    expect(after.list()[0]?.turned).toBeUndefined()
    after.retry(id) // too early
    await untilStuck(after, id)
    there = true
    after.retry(id)
    expect((await after.settled(id)).phase).toBe('succeeded')
    expect(await story(id)).toEqual(['opened', 'doing one', 'done one', 'doing two', 'done two', 'settled succeeded'])
  })

  it('can be rolled back all the same', async () => {
    const undo = spy()
    const { after, id } = await interrupted(undo)
    after.rollBack(id)
    expect((await after.settled(id)).phase).toBe('rolled-back')
    expect(undo).toHaveBeenCalledOnce()
  })
})

describe('an engine whose lock is lost', () => {
  const lostIn = async (steps: readonly Step<Plan>[], options: Partial<Operation<Input, Plan>> = {}) => {
    const lost = new AbortController()
    const operations = await engine([operation(steps, { recovery: 'resume', ...options })], { lost: lost.signal })
    return {
      operations,
      lose: () => lost.abort(new Error('lost')),
      id: await operations.start('make', { name: 'alpha' }),
    }
  }

  it('interrupts what runs as a crash would, and its journal goes on where another engine opens it', async () => {
    const hold = held()
    const { operations, lose, id } = await lostIn([hold.step])
    await hold.began
    lose()
    await operations.close()
    expect(await story(id)).toEqual(['opened', 'doing held'])
    const after = await engine([operation([step('held')], { recovery: 'resume' })])
    expect((await after.settled(id)).phase).toBe('succeeded')
  })

  it('interrupts an undo and what is past the pivot too, and writes no more', async () => {
    const undoing = held()
    const failing = step('failing', {
      do: async () => {
        throw new Error('no')
      },
      undo: async context => {
        await undoing.step.do(context)
      },
    })
    const one = await lostIn([failing])
    await undoing.began
    one.lose()
    await one.operations.close()
    expect(await story(one.id)).toEqual(['opened', 'doing failing', 'turned failed', 'undoing failing'])

    await rm(folder, { recursive: true })
    const past = held()
    const other = await lostIn([past.step], { pivot: 'held' })
    await past.began
    other.lose()
    await other.operations.close()
    expect(await story(other.id)).toEqual(['opened', 'doing held'])
  })

  it('does not say that a step is done which ended after the loss, and takes no more operations', async () => {
    const hold = held('one')
    let go: () => void = () => undefined
    const deaf = step('one', {
      do: async context => {
        void hold.step.do(context).catch(() => undefined)
        await new Promise<void>(resolve => {
          go = resolve
        })
      },
    })
    const { operations, lose, id } = await lostIn([deaf, step('two')])
    await hold.began
    lose()
    await expect(operations.start('make', { name: 'beta' })).rejects.toEqual(withCode('shutting-down'))
    go()
    await operations.close()
    expect(await story(id)).toEqual(['opened', 'doing one'])
  })

  it('opens nothing that was only planned by then, and keeps no secret', async () => {
    const lost = new AbortController()
    const all = new Map<string, string>()
    const slow = operation([step('one')], {
      secrets: async () => {
        lost.abort(new Error('lost'))
        return { key: 'hidden' }
      },
    })
    const operations = await engine([slow], { lost: lost.signal, secrets: memorySecrets(all) })
    await expect(operations.start('make', { name: 'alpha' })).rejects.toEqual(withCode('shutting-down'))
    expect([await readdir(folder), all.size, operations.holders('thing/alpha')]).toEqual([[], 0, []])
  })

  it('abandons no journal: another engine may be using it', async () => {
    const hold = held()
    const before = await engine([operation([hold.step])])
    const id = await before.start('make', { name: 'alpha' })
    await hold.began
    await before.close()
    const lost = new AbortController()
    const unknowing = await engine([], { lost: lost.signal })
    lost.abort(new Error('lost'))
    await expect(unknowing.abandon(id)).rejects.toEqual(withCode('shutting-down'))
    expect(await readdir(folder)).toEqual([`${id}.jsonl`])
  })
})

it.each(['cancel', 'rollBack', 'retry'] as const)(
  'a stuck operation stays as it is once the engine is closed: another may have it (%s)',
  async how => {
    const operations = await engine([
      operation(
        [
          step('one', {
            do: async () => {
              throw new Error('no')
            },
            undo: async () => {
              throw new Error('no')
            },
          }),
          step('two'),
        ],
        { pivot: 'two' },
      ),
    ])
    const waiting = await engine(
      [
        operation([
          step('wait', {
            do: async () => {
              throw problem({ code: 'slow', message: 'Slow.', action: 'keep-waiting' })
            },
          }),
        ]),
      ],
      { folder: join(folder, 'waiting') },
    )
    for (const it of [operations, waiting]) {
      const id = await it.start('make', { name: 'alpha' })
      await untilStuck(it, id)
      await it.close()
      const path = join(folder, ...(it === waiting ? ['waiting'] : []), `${id}.jsonl`)
      const before = await readFile(path, 'utf8')
      expect(() => it[how](id)).toThrow(withCode('shutting-down'))
      await new Promise(resolve => {
        setTimeout(resolve, 50)
      })
      expect(await readFile(path, 'utf8')).toBe(before)
    }
  },
)

it('lets go of those who watch when it is closed', async () => {
  const operations = await engine([operation([step('one')])])
  const seen: string[] = []
  const watching = (async () => {
    for await (const it of operations.watch(new AbortController().signal)) seen.push(it.type)
  })()
  await eventually(() => expect(seen).toEqual(['snapshot']))
  await operations.close()
  await watching
})

describe('an operation', () => {
  it('runs its steps in order and leaves a private journal that says so', async () => {
    const settled: OperationState[] = []
    const done: string[] = []
    const operations = await engine(
      [
        operation(
          ['one', 'two'].map(name =>
            step(name, {
              do: async ({ plan }) => {
                done.push(`${name} ${plan.name}`)
              },
            }),
          ),
        ),
      ],
      { onSettled: it => settled.push(it) },
    )
    const id = await operations.start('make', { name: 'alpha' })
    const end = await operations.settled(id)
    expect(done).toEqual(['one alpha', 'two alpha'])
    expect(await story(id)).toEqual(['opened', 'doing one', 'done one', 'doing two', 'done two', 'settled succeeded'])
    expect(end).toMatchObject({ phase: 'succeeded', kind: 'make', subject: 'alpha', plan: { name: 'alpha' } })
    expect(settled).toEqual([end])
    expect(await operations.settled(id)).toEqual(end)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, `${id}.jsonl`))).mode & 0o777).toBe(0o600)
  })

  it('gives its steps the plan as a later start would read it', async () => {
    let seen: unknown
    const operations = await engine([
      operation(
        [
          step('one', {
            do: async ({ plan }) => {
              seen = Object.keys(plan)
            },
          }),
        ],
        { plan: async ({ name }) => ({ name, absent: undefined }) },
      ),
    ])
    await operations.settled(await operations.start('make', { name: 'alpha' }))
    expect(seen).toEqual(['name'])
  })

  it('that cannot be planned leaves nothing', async () => {
    let refuse = true
    const operations = await engine([
      operation([step('one')], {
        plan: async ({ name }) => {
          if (refuse) throw problem({ code: 'port-taken', message: 'The port is taken.' })
          return { name }
        },
      }),
    ])
    await expect(operations.start('make', { name: 'alpha' })).rejects.toEqual(withCode('port-taken'))
    expect(await readdir(folder)).toEqual([])
    refuse = false
    await operations.settled(await operations.start('make', { name: 'alpha' }))
  })

  it('whose journal cannot be made does nothing', async () => {
    const act = spy()
    const operations = await engine([operation([step('one', { do: act })])])
    await rm(folder, { recursive: true })
    await expect(operations.start('make', { name: 'alpha' })).rejects.toEqual(withCode('journal-write-failed'))
    expect(operations.list()).toEqual([])
    expect(act).not.toHaveBeenCalled()
  })

  it('whose journal cannot be written stops before it does more, and goes on with a retry', async () => {
    const act = spy()
    const hold = held('one')
    const operations = await engine([operation([hold.step, step('two', { do: act })])])
    const id = await operations.start('make', { name: 'alpha' })
    await hold.began
    const path = join(folder, `${id}.jsonl`)
    await rename(path, `${path}.away`)
    hold.go()
    await untilStuck(operations, id)
    expect(operations.list()[0]?.steps[0]).toMatchObject({
      status: 'stuck',
      problem: { code: 'journal-write-failed', action: 'retry' },
    })
    expect(act).not.toHaveBeenCalled()
    await rename(`${path}.away`, path)
    operations.retry(id)
    expect((await operations.settled(id)).steps.map(it => it.status)).toEqual(['done', 'done'])
  })

  it.each([
    ['at least one step', operation([])],
    ['needs at least one step, and unique names', operation([step('a'), step('a')])],
    ['pivot', operation([step('a')], { pivot: 'b' })],
    [
      'expected string',
      operation([step('a')], {
        planSchema: z.object({ name: z.string() }),
        plan: async () => ({ name: 5 }) as unknown as Plan,
      }),
    ],
  ])('is refused if it is not well formed: %s', async (why, bad) => {
    await expect((await engine([bad])).start('make', { name: 'alpha' })).rejects.toThrow(why)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('two operations', () => {
  it('never choose the same port: a plan is made again if another took what it chose', async () => {
    const hold = held()
    const operations: Operations = await engine([
      operation([hold.step], {
        plan: async ({ name }) => {
          const taken = operations.held('port')
          await new Promise(resolve => setImmediate(resolve))
          return { name, port: [5000, 5001, 5002].find(it => !taken.has(String(it))) }
        },
        claims: plan => [owns(`thing/${plan.name}`), owns(`port/${(plan as unknown as { port: number }).port}`)],
      }),
    ])
    await Promise.all(['alpha', 'beta', 'gamma'].map(name => operations.start('make', { name })))
    expect([...operations.held('port').keys()].toSorted()).toEqual(['5000', '5001', '5002'])
  })

  it('are planned at the same time: a slow plan holds nobody up', async () => {
    let go = (): void => undefined
    const slow = new Promise<void>(resolve => {
      go = resolve
    })
    const operations = await engine([
      operation([step('one')], {
        plan: async ({ name }) => {
          if (name === 'slow') await slow
          return { name }
        },
      }),
    ])
    const first = operations.start('make', { name: 'slow' })
    expect(await operations.settled(await operations.start('make', { name: 'quick' }))).toMatchObject({
      phase: 'succeeded',
    })
    go()
    expect(await operations.settled(await first)).toMatchObject({ phase: 'succeeded' })
  })

  it('a plan is made again if what it was made of has changed, though the other operation has ended by then', async () => {
    let world = 'before'
    const seen: string[] = []
    let go = (): void => undefined
    const slow = new Promise<void>(resolve => {
      go = resolve
    })
    const change = operation(
      [
        step('one', {
          do: async () => {
            world = 'after'
          },
        }),
      ],
      { kind: 'change' },
    )
    const look = operation([step('one')], {
      kind: 'look',
      about: () => 'looker',
      claims: () => [owns('looker'), owns('thing/alpha')],
      plan: async ({ name }) => {
        seen.push(world)
        if (seen.length === 1) await slow
        return { name }
      },
    })
    const operations = await engine([change, look])
    const looking = operations.start('look', { name: 'x' })
    await operations.settled(await operations.start('change', { name: 'alpha' }))
    go()
    await operations.settled(await looking)
    expect(seen).toEqual(['before', 'after'])
  })

  it('that use a thing run together; one that owns it waits for nobody and is refused', async () => {
    const [one, two] = [held(), held()]
    const user = (kind: string, hold: ReturnType<typeof held>) =>
      operation([hold.step], { kind, about: () => kind, claims: () => [owns(kind), uses('database')] })
    const stop = operation([step('one')], { kind: 'stop', about: () => 'database', claims: () => [owns('database')] })
    const operations = await engine([user('one', one), user('two', two), stop])
    const ids = [await operations.start('one', {}), await operations.start('two', {})]
    expect(operations.holders('database').map(it => it.kind)).toEqual(['one', 'two'])
    await expect(operations.start('stop', {})).rejects.toMatchObject({
      problem: { code: 'operation-open', cause: expect.stringContaining('holds database') as string },
    })
    await Promise.all([one.began, two.began])
    one.go()
    two.go()
    await Promise.all(ids.map(it => operations.settled(it)))
    await operations.settled(await operations.start('stop', {}))
    expect(operations.holders('database')).toEqual([])
  })

  it('what an interrupted one holds is held again from the start on, also where its journal is refused', async () => {
    const hold = held()
    const before = await engine([operation([hold.step], { claims: () => [owns('thing/alpha'), owns('port/1')] })])
    const id = await before.start('make', { name: 'alpha' })
    await hold.began
    await before.close()
    const taker = operation([step('one')], {
      kind: 'take',
      about: () => 'taker',
      claims: () => [owns('taker'), owns('port/1')],
    })
    const after = await engine([
      operation([held().step], { claims: () => [owns('thing/alpha'), owns('port/1')], recovery: 'resume' }),
      taker,
    ])
    await expect(after.start('take', {})).rejects.toEqual(withCode('operation-open'))
    await after.close()
    const unknowing = await engine([taker])
    expect(unknowing.unreadable()).toMatchObject([{ id }])
    await expect(unknowing.start('take', {})).rejects.toMatchObject({
      problem: { message: expect.stringContaining('may be unfinished') as string },
    })
    const updates = unknowing.watch(new AbortController().signal)
    expect((await updates.next()).value).toMatchObject({ type: 'snapshot', unreadable: [{ id }] })
    await Promise.all([unknowing.abandon(id), unknowing.abandon(id)]) // two clicks
    expect((await updates.next()).value).toMatchObject({ type: 'snapshot', unreadable: [] })
    await unknowing.settled(await unknowing.start('take', {}))
    expect(await readdir(join(folder, 'abandoned'))).toEqual([`${id}.jsonl`])
    await expect(unknowing.abandon(id)).rejects.toEqual(withCode('operation-unknown'))
  })

  it('on a subject that another is also about: the second is refused, whichever came first', async () => {
    const hold = held()
    const [about, alone] = [
      operation([hold.step], {
        kind: 'rename',
        claims: ({ name }) => [owns(`thing/${name}`), owns(`thing/${name}-new`)],
      }),
      operation([hold.step]),
    ]
    for (const [first, second] of [
      [
        ['rename', 'alpha'],
        ['make', 'alpha-new'],
      ],
      [
        ['make', 'beta-new'],
        ['rename', 'beta'],
      ],
    ] as const) {
      const operations = await engine([about, alone])
      await operations.start(first[0], { name: first[1] })
      await expect(operations.start(second[0], { name: second[1] })).rejects.toEqual(withCode('operation-open'))
    }
  })

  it('on one subject: the second is refused and told of the first, until that has ended', async () => {
    const hold = held()
    const operations = await engine([operation([hold.step]), operation([step('one')], { kind: 'remove' })])
    const [first, second] = await Promise.allSettled([
      operations.start('make', { name: 'alpha' }),
      operations.start('remove', { name: 'alpha' }),
    ])
    if (first.status === 'rejected') throw first.reason
    expect(second).toMatchObject({
      reason: {
        problem: {
          code: 'operation-open',
          message: expect.stringContaining('hasn’t finished: Make alpha') as string,
          cause: expect.stringContaining(first.value) as string,
        },
      },
    })
    await operations.settled(await operations.start('remove', { name: 'beta' }))
    await hold.began
    hold.go()
    await operations.settled(first.value)
    await operations.settled(await operations.start('remove', { name: 'alpha' }))
  })
})

describe('turning', () => {
  it('by a cancel aborts the running step, undoes newest first, and is no error', async () => {
    const undone: string[] = []
    const undo = (name: string) => ({
      undo: async ({ signal }: Context<Plan>) => {
        undone.push(`${name} ${signal.aborted}`)
      },
    })
    const hold = held('two', undo('two'))
    const operations = await engine([operation([step('one', undo('one')), hold.step, step('three', undo('three'))])])
    const id = await operations.start('make', { name: 'alpha' })
    await hold.began
    operations.cancel(id)
    operations.cancel(id) // impatient
    const end = await operations.settled(id)
    expect(end).toMatchObject({ phase: 'rolled-back', turned: { reason: 'cancelled', problem: undefined } })
    expect(end.steps.map(it => it.status)).toEqual(['undone', 'undone', 'waiting'])
    expect(undone).toEqual(['two false', 'one false'])
    expect(await story(id)).toEqual([
      'opened',
      'doing one',
      'done one',
      'doing two',
      'turned cancelled',
      'undoing two',
      'undone two',
      'undoing one',
      'undone one',
      'settled rolled-back',
    ])
  })

  it('by a failure journals the problem; by a wish says so', async () => {
    const hold = held()
    const failing = step('one', { do: () => Promise.reject(problem({ code: 'disk-full', message: 'No space.' })) })
    const operations = await engine([operation([failing], { kind: 'fail' }), operation([hold.step])])
    expect((await operations.settled(await operations.start('fail', { name: 'alpha' }))).turned).toEqual({
      reason: 'failed',
      problem: { code: 'disk-full', message: 'No space.' },
    })
    const id = await operations.start('make', { name: 'alpha' })
    await hold.began
    operations.rollBack(id)
    expect((await operations.settled(id)).turned).toEqual({ reason: 'asked' })
  })

  it('undoes the step that failed, as it may have half run', async () => {
    const undo = spy()
    const operations = await engine([operation([step('one', { undo, do: () => Promise.reject(new Error('no')) })])])
    await operations.settled(await operations.start('make', { name: 'alpha' }))
    expect(undo).toHaveBeenCalledOnce()
  })

  it('stops at the first undo that fails, still open, until a retry', async () => {
    let broken = true
    const undone: string[] = []
    const undo = (name: string) => ({
      undo: async () => {
        if (name === 'two' && broken) throw problem({ code: 'postgres-down', message: 'PostgreSQL isn’t answering.' })
        undone.push(name)
      },
    })
    const operations = await engine([
      operation([
        step('one', undo('one')),
        step('two', undo('two')),
        step('three', { ...undo('three'), do: () => Promise.reject(new Error('no')) }),
      ]),
    ])
    const id = await operations.start('make', { name: 'alpha' })
    await untilStuck(operations, id)
    expect(undone).toEqual(['three'])
    expect(operations.list()[0]?.steps[1]).toMatchObject({ status: 'stuck', problem: { code: 'postgres-down' } })
    expect(operations.running()).toBe(false)
    expect(operations.list().filter(isOpen)).toHaveLength(1)
    broken = false
    operations.retry(id)
    expect(operations.running()).toBe(true)
    expect(() => operations.retry(id)).toThrow(withCode('operation-not-stuck'))
    expect((await operations.settled(id)).phase).toBe('rolled-back')
    expect(undone).toEqual(['three', 'two', 'one'])
  })

  it('is refused past the pivot, whose signal nobody aborts; a failure there is stuck and retried', async () => {
    let broken = true
    const hold = held('point')
    const undo = spy()
    const operations = await engine([
      operation(
        [
          step('one', { undo }),
          hold.step,
          step('three', {
            do: async () => {
              if (broken) throw new Error('no')
            },
            verify: async () => false,
          }),
        ],
        { pivot: 'point' },
      ),
    ])
    const id = await operations.start('make', { name: 'alpha' })
    const { signal } = await hold.began
    expect(() => operations.cancel(id)).toThrow(withCode('operation-past-pivot'))
    expect(signal.aborted).toBe(false)
    hold.go()
    await untilStuck(operations, id)
    expect(() => operations.rollBack(id)).toThrow(withCode('operation-past-pivot'))
    broken = false
    operations.retry(id)
    expect((await operations.settled(id)).phase).toBe('succeeded')
    expect(undo).not.toHaveBeenCalled()
  })

  it('what is unknown or has ended is a problem', async () => {
    const operations = await engine([operation([step('one')])])
    const id = await operations.start('make', { name: 'alpha' })
    await operations.settled(id)
    expect(() => operations.cancel(id)).toThrow(withCode('operation-settled'))
    expect(() => operations.retry(id)).toThrow(withCode('operation-settled'))
    expect(() => operations.cancel('../../etc/passwd')).toThrow(withCode('operation-unknown'))
    expect(() => operations.output('nobody')).toThrow(withCode('operation-unknown'))
    await expect(operations.settled('nobody')).rejects.toEqual(withCode('operation-unknown'))
  })
})

describe('closing and opening again', () => {
  it('interrupts without turning; a kind that rolls back says why', async () => {
    const undo = spy()
    const hold = held('one', { undo })
    const before = await engine([operation([hold.step])])
    const id = await before.start('make', { name: 'alpha' })
    await hold.began
    const waiting = before.settled(id)
    await Promise.all([before.close(), expect(waiting).rejects.toEqual(withCode('shutting-down'))])
    await expect(before.start('make', { name: 'beta' })).rejects.toEqual(withCode('shutting-down'))
    expect(await story(id)).toEqual(['opened', 'doing one'])

    const after = engineOf({ folder, secrets: memorySecrets(), operations: [operation([hold.step])] })
    engines.push(after)
    expect((await after.open()).map(it => it.id)).toEqual([id])
    expect(await after.settled(id)).toMatchObject({
      phase: 'rolled-back',
      turned: { reason: 'failed', problem: { code: 'operation-interrupted' } },
    })
    expect(undo).toHaveBeenCalledOnce()
  })

  it('resumes a kind that does: a step in doubt that is there is not done again', async () => {
    const hold = held('one')
    const before = await engine([operation([hold.step, step('two')], { recovery: 'resume' })])
    const id = await before.start('make', { name: 'alpha' })
    await hold.began
    await before.close()

    const again = spy()
    const after = await engine([operation([step('one', { do: again }), step('two')], { recovery: 'resume' })])
    expect((await after.settled(id)).phase).toBe('succeeded')
    expect(again).not.toHaveBeenCalled()
    expect(await story(id)).toEqual(['opened', 'doing one', 'done one', 'doing two', 'done two', 'settled succeeded'])
  })

  it('waits for a step past the pivot instead of interrupting it', async () => {
    const hold = held('one')
    const operations = await engine([operation([hold.step, step('two')], { pivot: 'one' })])
    const id = await operations.start('make', { name: 'alpha' })
    const { signal } = await hold.began
    const closed = operations.close()
    await new Promise(resolve => setImmediate(resolve)) // it has done what it does at once
    hold.go()
    await closed
    expect(signal.aborted).toBe(false)
    expect(await story(id)).toEqual(['opened', 'doing one', 'done one'])
  })

  it('keeps what has ended as history, whatever its kind', async () => {
    const before = await engine([operation([step('one')])])
    const end = await before.settled(await before.start('make', { name: 'alpha' }))
    const after = await engine([])
    expect(after.list()).toEqual([end])
    expect(after.output(end.id)).toEqual([])
  })

  it.each([
    ['another version', { version: 2 }, [step('held')], 'journal-version'],
    ['an unknown kind', { kind: 'other' }, [step('held')], 'journal-version'],
    ['other steps', {}, [step('held'), step('more')], 'journal-version'],
  ])(
    'refuses %s, leaves it alone, and keeps off its subject',
    async (_, more: Partial<Operation<Input, Plan>>, steps, code) => {
      const hold = held()
      const before = await engine([operation([hold.step])])
      const id = await before.start('make', { name: 'alpha' })
      await hold.began
      await before.close()
      const content = await readFile(join(folder, `${id}.jsonl`))

      const after = await engine([operation(steps, more)])
      await expect(after.watch(new AbortController().signal).next()).resolves.toMatchObject({
        value: { operations: [], unreadable: [{ id, problem: { code } }] },
      })
      expect(await readFile(join(folder, `${id}.jsonl`))).toEqual(content)
      await expect(after.start(more.kind ?? 'make', { name: 'alpha' })).rejects.toEqual(withCode('operation-open'))
      await after.start(more.kind ?? 'make', { name: 'beta' })
    },
  )

  it('takes over the plan of an earlier version; steps that it leaves out today are passed over', async () => {
    const hold = held('two')
    const before = await engine([operation([step('one'), hold.step, step('three'), step('four')])])
    const id = await before.start('make', { name: 'alpha' })
    await hold.began
    await before.close()
    const plans: unknown[] = []
    const now = operation(
      [
        step('one'),
        step('two', { verify: async () => false }),
        step('four', {
          do: async ({ plan }) => {
            plans.push(plan)
          },
        }),
      ],
      {
        version: 2,
        recovery: 'resume',
        adopt: (version, plan) => (version === 1 ? { name: `${(plan as Plan).name} adopted` } : undefined),
      },
    )
    const after = await engine([now])
    const end = await after.settled(id)
    expect([end.phase, end.plan, plans]).toEqual(['succeeded', { name: 'alpha adopted' }, [{ name: 'alpha adopted' }]])
    expect((await story(id)).slice(3)).toEqual([
      'doing two',
      'doing two',
      'done two',
      'doing three',
      'done three',
      'doing four',
      'done four',
      'settled succeeded',
    ])
  })

  it('refuses one of an earlier version that lacks a step of today', async () => {
    const hold = held()
    const before = await engine([operation([hold.step])])
    const id = await before.start('make', { name: 'alpha' })
    await hold.began
    await before.close()
    const after = await engine([operation([step('held'), step('more')], { version: 2, adopt: (_, plan) => plan })])
    expect(after.unreadable()).toMatchObject([{ id, problem: { code: 'journal-version' } }])
  })

  it('a step that ends the app three times is not begun a fourth time, until the operator says so', async () => {
    let ends = 0
    const killer = (): Step<Plan> =>
      step('kill', {
        verify: async () => false,
        do: () => {
          ends++
          return new Promise(() => undefined)
        },
      })
    const live = async (): Promise<Operations> => {
      // never closed: as good as killed
      const made = engineOf({
        folder,
        secrets: memorySecrets(),
        operations: [operation([killer()], { recovery: 'resume' })],
      })
      await made.open()
      return made
    }
    const id = await (await live()).start('make', { name: 'alpha' })
    const begun = (times: number) =>
      eventually(async () => expect((await story(id)).filter(it => it === 'doing kill')).toHaveLength(times))
    for (const times of [1, 2]) {
      await begun(times)
      await live()
    }
    await begun(3)
    for (let kills = 4; kills <= 6; kills++) {
      // none of these by the step
      expect((await live()).list()).toMatchObject([
        { phase: 'stuck', steps: [{ status: 'stuck', problem: { code: 'step-interrupted', action: 'retry' } }] },
      ])
    }
    expect(ends).toBe(3)
    const last = await engine([operation([step('kill', { verify: async () => false })], { recovery: 'resume' })])
    expect(phase(last, id)).toBe('stuck')
    last.retry(id)
    expect((await last.settled(id)).phase).toBe('succeeded')
  })

  it('nor is its undo, if that ends the app', async () => {
    let ends = 0
    const killer = step('kill', {
      undo: () => {
        ends++
        return new Promise(() => undefined)
      },
    })
    const live = async (): Promise<Operations> => {
      // never closed: as good as killed
      const made = engineOf({
        folder,
        secrets: memorySecrets(),
        operations: [operation([killer, step('fail', { do: () => Promise.reject(new Error('no')) })])],
      })
      await made.open()
      return made
    }
    const id = await (await live()).start('make', { name: 'alpha' })
    const begun = (times: number) =>
      eventually(async () => expect((await story(id)).filter(it => it === 'undoing kill')).toHaveLength(times))
    for (const times of [1, 2]) {
      await begun(times)
      await live()
    }
    await begun(3)
    for (let kills = 4; kills <= 6; kills++) {
      const [state] = (await live()).list()
      expect(state).toMatchObject({ phase: 'stuck', turned: { reason: 'failed' } })
      expect(state?.steps[0]).toMatchObject({
        status: 'stuck',
        problem: { code: 'step-interrupted', message: 'The undo of this step began 3 times and never finished.' },
      })
    }
    expect(ends).toBe(3)
    const last = await engine([operation([step('kill'), step('fail')])])
    expect(phase(last, id)).toBe('stuck')
    last.retry(id)
    expect((await last.settled(id)).phase).toBe('rolled-back')
  })

  it('keeps a bounded number of each kind, in memory and on disk, while it runs', async () => {
    const operations = await engine([operation([step('one')]), operation([step('one')], { kind: 'rare' })])
    const rare = await operations.start('rare', { name: 'rare' })
    await operations.settled(rare)
    for (let count = 0; count < keptOfKind + 3; count++)
      await operations.settled(await operations.start('make', { name: 'alpha' }))
    expect(operations.list()).toHaveLength(keptOfKind + 1)
    expect(operations.list()[0]?.id).toBe(rare)
    await eventually(async () => expect(await readdir(folder)).toHaveLength(keptOfKind + 1))
  })

  it('is known when it has ended, also if the clock was set back', async () => {
    let now = new Date('2026-06-01T00:00:00.000Z')
    const operations = await engine([operation([step('one')])], { now: () => now })
    for (let count = 0; count < keptOfKind; count++)
      await operations.settled(await operations.start('make', { name: 'alpha' }))
    now = new Date('2026-05-01T00:00:00.000Z')
    const id = await operations.start('make', { name: 'alpha' })
    expect(await operations.rested(id)).toMatchObject({ phase: 'succeeded' })
    await eventually(async () => expect(await readdir(folder)).toHaveLength(keptOfKind))
    expect(operations.list().map(it => it.id)).toContain(id)
  })

  it('its secrets are kept while it is open, in no journal, and forgotten with it; the one that it shows stays until it is taken', async () => {
    const all = new Map<string, string>()
    const seen: string[] = []
    const hold = held('two')
    const make = operation(
      [
        step('one', {
          do: async ({ secret }) => {
            seen.push(await secret('key'))
          },
        }),
        hold.step,
      ],
      {
        secrets: async () => ({ key: 'hidden-1', word: 'hidden-2' }),
        shows: 'word',
      },
    )
    const operations = await engine([make], { secrets: memorySecrets(all) })
    const id = await operations.start('make', { name: 'alpha' })
    await hold.began
    expect([seen, [...all.values()]]).toEqual([['hidden-1'], ['hidden-1', 'hidden-2']])
    expect(JSON.stringify([await lines(id), operations.list()])).not.toContain('hidden')
    expect(await operations.takeSecret(id)).toBeUndefined() // it hasn't succeeded
    hold.go()
    await operations.settled(id)
    await eventually(() => expect([...all.values()]).toEqual(['hidden-2']))
    expect(await operations.takeSecret(id)).toBe('hidden-2')
    expect([await operations.takeSecret(id), all.size]).toEqual([undefined, 0])
  })

  it('the secret that it shows is forgotten after a day, without another opening', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const all = new Map<string, string>()
      let now = Date.parse('2026-06-01T00:00:00.000Z')
      const make = operation([step('one')], { secrets: async () => ({ word: 'hidden' }), shows: 'word' })
      const operations = await engine([make], { secrets: memorySecrets(all), now: () => new Date(now) })
      await operations.settled(await operations.start('make', { name: 'alpha' }))
      const hours = async (count: number): Promise<void> => {
        now += count * 3_600_000
        vi.advanceTimersByTime(3_600_000)
        await new Promise(setImmediate) // it is in memory: a turn is enough
      }
      await hours(23)
      expect([...all.values()]).toEqual(['hidden'])
      await hours(1)
      expect(all.size).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('secrets of one whose journal cannot be made are forgotten', async () => {
    const all = new Map<string, string>()
    const operations = await engine([operation([step('one')], { secrets: async () => ({ key: 'hidden' }) })], {
      secrets: memorySecrets(all),
    })
    await rm(folder, { recursive: true })
    await expect(operations.start('make', { name: 'alpha' })).rejects.toEqual(withCode('journal-write-failed'))
    expect([all.size, operations.holders('thing/alpha')]).toEqual([0, []])
  })

  it('refuses a corrupt journal and one that turned past its pivot, and opens the others', async () => {
    const before = await engine([operation([step('one')])])
    const id = await before.start('make', { name: 'alpha' })
    await before.settled(id)
    const [first, second] = await lines(id)
    const corrupt = id.replace(/.{8}$/, '00000000')
    await writeFile(
      join(folder, `${corrupt}.jsonl`),
      `${JSON.stringify({ ...first, id: corrupt })}\nrubbish\n${JSON.stringify({ ...second, id: corrupt })}\n`,
    )
    const turned = id.replace(/.{8}$/, '11111111')
    await writeFile(
      join(folder, `${turned}.jsonl`),
      [first, second, { at: first?.['at'], type: 'turned', reason: 'asked' }]
        .map(it => `${JSON.stringify({ ...it, id: turned })}\n`)
        .join(''),
    )
    const after = await engine([operation([step('one')], { pivot: 'one' })])
    await expect(after.watch(new AbortController().signal).next()).resolves.toMatchObject({
      value: {
        operations: [{ id }],
        unreadable: [
          { id: corrupt, problem: { code: 'journal-corrupt' } },
          { id: turned, problem: { code: 'journal-corrupt' } },
        ],
      },
    })
  })
})

describe('watching', () => {
  it('gives a snapshot and then every event once, whatever happens while the reader is busy', async () => {
    const hold = held('one')
    const operations = await engine([
      operation([
        hold.step,
        step('two', {
          do: async ({ report, output }) => {
            report({ fraction: 0.5, text: 'half' })
            output('words')
          },
        }),
      ]),
    ])
    const id = await operations.start('make', { name: 'alpha' })
    await hold.began
    const stop = new AbortController()
    const reader = operations.watch(stop.signal)
    const first = (await reader.next()).value as OperationsUpdate
    hold.go() // everything happens before the reader asks again
    await operations.settled(id)
    let state = first.type === 'snapshot' ? first.operations[0] : undefined
    const types: string[] = []
    while (state?.phase === 'running') {
      const update = (await reader.next()).value as OperationsUpdate
      if (update.type !== 'event') throw new Error('a second snapshot')
      types.push(update.event.type)
      state = fold(state, update.event)
    }
    expect(types).toEqual(['done', 'doing', 'progress', 'output', 'done', 'settled'])
    expect(state).toEqual(operations.list()[0])
    const next = reader.next()
    stop.abort()
    expect(await next).toEqual({ done: true, value: undefined })
  })

  it('keeps little for a slow reader: output is joined, and far behind it gets a snapshot instead', async () => {
    const hold = held('one')
    const operations = await engine([operation([hold.step])])
    const id = await operations.start('make', { name: 'alpha' })
    const context = await hold.began
    const slow = operations.watch(new AbortController().signal)
    const slower = operations.watch(new AbortController().signal)
    await Promise.all([slow.next(), slower.next()])
    for (let count = 0; count < 1000; count++) context.output('0123456789')
    expect(await slow.next()).toMatchObject({
      value: { type: 'event', event: { type: 'output', offset: 0, chunk: '0123456789'.repeat(1000) } },
    })
    for (let count = 0; count < 10_000; count++) context.output('0123456789'.repeat(20))
    expect(await slower.next()).toMatchObject({ value: { type: 'snapshot', operations: [{ id, phase: 'running' }] } })
    context.output('after')
    expect(await slower.next()).toMatchObject({
      value: { type: 'event', event: { chunk: 'after', offset: 2_010_000 } },
    })
  })

  it('keeps the end of the output, and none that comes after its step', async () => {
    const hold = held('one')
    const operations = await engine([operation([hold.step])])
    const id = await operations.start('make', { name: 'alpha' })
    const context = await hold.began
    for (let count = 0; count < 400; count++) context.output(`${count}`.padEnd(1000, '.'))
    hold.go()
    await operations.settled(id)
    context.output('late')
    context.report({ text: 'late' })
    const kept = operations.output(id)
    const all = kept.map(it => it.chunk).join('')
    expect(all).toMatch(/^144\..*\.399\.+$/)
    expect(all).toHaveLength(256_000)
    expect(kept[0]?.offset).toBe(144_000)
    expect(operations.list()[0]?.steps[0]?.text).toBeUndefined()
  })
})

describe('a step that only needs more time', () => {
  const waiting = () => problem({ code: 'slow-start', message: 'Not yet.', action: 'keep-waiting' })

  it('is stuck with nothing undone; retried, it is done', async () => {
    const undo = spy()
    let ready = false
    const slow = step('slow', {
      do: async () => {
        if (!ready) throw waiting()
      },
      verify: async () => false,
    })
    const operations = await engine([operation([step('first', { undo }), slow])])
    const id = await operations.start('make', { name: 'a' })
    expect(await operations.rested(id)).toMatchObject({
      phase: 'stuck',
      steps: [{ status: 'done' }, { status: 'stuck', problem: { code: 'slow-start' } }],
    })
    operations.retry(id)
    expect((await operations.rested(id)).phase).toBe('stuck')
    ready = true
    operations.retry(id)
    expect((await operations.settled(id)).phase).toBe('succeeded')
    expect(undo).not.toHaveBeenCalled()
  })

  it('can be rolled back, and after a crash is waited for again', async () => {
    const undo = spy()
    const slow = step('slow', { do: () => Promise.reject(waiting()), verify: async () => false, undo })
    const kinds = [operation([slow], { recovery: 'resume' })]
    const first = await engine(kinds)
    const id = await first.start('make', { name: 'a' })
    await first.rested(id)
    await first.close()
    const second = await engine(kinds)
    await untilStuck(second, id)
    second.rollBack(id)
    expect((await second.settled(id)).phase).toBe('rolled-back')
    expect(undo).toHaveBeenCalledTimes(1)
  })
})
