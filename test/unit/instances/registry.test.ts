/** Who makes the registry look, and what a look may start. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Registry, type RegistryServices } from '../../../src/main/instances/registry'
import type { ProcessEvent } from '../../../src/main/processes/client'
import { eventually } from '../../support/eventually'

let folder: string
let closing: AbortController
let tell: (event: ProcessEvent) => void
const list = vi.fn<RegistryServices['processes']['list']>()
const lost = vi.fn<RegistryServices['processes']['lost']>()
const observe = vi.fn<NonNullable<RegistryServices['keeper']>['observe']>()

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'im-registry-'))
  closing = new AbortController()
  list.mockReset().mockResolvedValue([])
  lost.mockReset().mockResolvedValue([])
  observe.mockReset().mockResolvedValue(false)
})
afterEach(async () => {
  closing.abort()
  await rm(folder, { recursive: true })
})

const registry = (more: Partial<RegistryServices> = {}): Registry =>
  new Registry({
    folder,
    configs: () =>
      Promise.resolve({
        configs: [],
        broken: [],
        foreign: new Map(),
        taken: [],
        manifest: {} as never,
        serverOf: name => name,
      }),
    processes: {
      list,
      lost,
      outdated: () => Promise.resolve(undefined),
      async *watch(signal) {
        const events: ProcessEvent[] = []
        let wake = (): void => undefined
        signal.addEventListener('abort', () => wake())
        tell = event => {
          events.push(event)
          wake()
        }
        while (!signal.aborted) {
          yield* events.splice(0)
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      },
    },
    desired: { names: () => Promise.resolve([]) },
    databases: { sizes: () => Promise.resolve(new Map()), foreign: () => Promise.resolve(new Set()) },
    ownership: { runningElsewhere: () => Promise.resolve(new Map()) },
    base: () => Promise.resolve('x'),
    newer: { since: () => Promise.resolve(new Map()) },
    conditions: {
      observe: () => undefined,
      watch: () => Promise.resolve(),
      look: () => Promise.resolve(),
      diagnosis: () => () => undefined,
    },
    keeper: { observe },
    signal: closing.signal,
    ...more,
  })

const revives = (of: typeof list | typeof lost) => of.mock.calls.map(([options]) => options?.revive)

it('an engine looks and keeps desired.json while nobody watches, and starts no daemon of PM2 for it', async () => {
  const its = registry()
  const looking = its.keepLooking()
  await eventually(() => expect([list.mock.calls.length, observe.mock.calls.length]).toEqual([1, 1]))
  list.mockRejectedValue(new Error('PM2’s daemon isn’t running.'))
  tell({ type: 'lost' })
  await eventually(() => expect(list.mock.calls.length).toBeGreaterThan(1))
  expect([revives(list), revives(lost)].flat()).not.toContain(true)
  closing.abort()
  await looking
})

it('for someone who watches, the daemon is started again, and the first list is a new one', async () => {
  const its = registry()
  void its.keepLooking()
  await eventually(() => expect(list).toHaveBeenCalledTimes(1))
  list.mockImplementation(({ revive } = {}) => (revive ? Promise.resolve([]) : Promise.reject(new Error('it is gone'))))
  tell({ type: 'lost' })
  await eventually(() => expect(list.mock.calls.length).toBeGreaterThan(1))
  await eventually(() => expect(observe.mock.calls.length).toBeGreaterThan(1))
  for await (const shown of its.watch(closing.signal)) {
    expect(shown.processProblem).toBeUndefined()
    break
  }
  expect([revives(list).at(-1), revives(lost).at(-1)]).toEqual([true, true])
})

it('what may be a stop is looked at once more', async () => {
  observe.mockResolvedValueOnce(true)
  await registry().lookOnce()
  expect(observe).toHaveBeenCalledTimes(2)
})

it('a workspace that is only looked at is not written to', async () => {
  await registry({ keeper: undefined }).list()
  await registry().list()
  expect(observe).not.toHaveBeenCalled()
})
