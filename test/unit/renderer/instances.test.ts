import { describe, expect, it } from 'vitest'
import { fold, type OperationState } from '../../../src/shared/operation'
import { stopJob } from '../../../src/shared/jobs/lifecycle'
import type { InstanceView } from '../../../src/shared/instance'
import type { InstanceStatus } from '../../../src/shared/status'
import {
  arrange,
  countGroups,
  nextSort,
  tagFilter,
  shownTags,
  tagsOf,
  type Filter,
  type ShownInstance,
  type SortKey,
} from '../../../src/renderer/src/instances/arrange'
import { arrangementOf, textOf, type Arrangement } from '../../../src/renderer/src/instances/arrangement'
import { idleReason, newestBySubject, shownStatus } from '../../../src/renderer/src/instances/shown-status'
import {
  extend,
  nothingSelected,
  prune,
  selectAll,
  toggle,
  toggleAll,
} from '../../../src/renderer/src/instances/selection'
import { UsageHistory, sampleLimit } from '../../../src/renderer/src/instances/history'
import { sparklinePath } from '../../../src/renderer/src/instances/sparkline-path'
import { rangeOf } from '../../../src/renderer/src/instances/use-window'
import { sameShown } from '../../../src/renderer/src/instances/same'

const view = (name: string, more: Partial<InstanceView> = {}): InstanceView => ({
  name,
  port: 5000,
  url: 'http://127.0.0.1:5000',
  status: 'online',
  pooled: true,
  isolated: false,
  seamless: false,
  database: `${name}_db`,
  created: '2026-01-01T00:00:00.000Z',
  ...more,
})
const shown = (name: string, more: Partial<InstanceView> = {}): ShownInstance => {
  const instance = view(name, more)
  return { instance, status: shownStatus(instance, undefined, undefined) }
}
const operation = (kind: string, id = 'o1', phase: OperationState['phase'] = 'running'): OperationState => ({
  ...fold(undefined, {
    id,
    at: '2026-01-01T00:00:00.000Z',
    type: 'opened',
    kind,
    version: 1,
    subject: 'alpha',
    plan: {},
    steps: ['one'],
  }),
  phase,
})
const names = (all: readonly ShownInstance[]): string[] => all.map(it => it.instance.name)

describe('the status that is shown', () => {
  const alpha = view('Alpha', { status: 'stopped' })
  it('is what PM2 says when nothing is under way', () => {
    expect(shownStatus(alpha, operation('start', 'o1', 'succeeded'), undefined)).toEqual({
      group: 'stopped',
      tone: 'idle',
      word: 'Stopped',
    })
  })
  it.each([
    ['create', 'Creating…'],
    ['start', 'Starting…'],
    ['stop', 'Stopping…'],
    ['restart', 'Restarting…'],
    ['change-port', 'Changing port…'],
    ['delete', 'Deleting…'],
    ['unknown', 'Working…'],
  ])('%s: %s', (kind, word) => {
    expect(shownStatus(alpha, operation(kind), undefined)).toEqual({
      group: 'busy',
      tone: 'busy',
      word,
      operation: 'o1',
      job: kind,
    })
  })
  it('says when a job undoes, and when it waits for someone', () => {
    expect(shownStatus(alpha, operation('start', 'o1', 'undoing'), undefined).word).toBe('Undoing…')
    expect(shownStatus(alpha, operation('start', 'o1', 'stuck'), undefined)).toMatchObject({
      word: 'Needs attention',
      tone: 'warn',
    })
  })
  it('follows a job from the click on, until its operation tells', () => {
    const pending = { kind: 'start', after: 'o1' } as const
    expect(shownStatus(alpha, operation('stop', 'o1', 'succeeded'), pending).word).toBe('Starting…')
    expect(shownStatus(alpha, operation('start', 'o2'), pending)).toMatchObject({ word: 'Starting…', operation: 'o2' })
    expect(shownStatus(alpha, operation('start', 'o2', 'rolled-back'), pending).word).toBe('Stopped')
    expect(shownStatus(alpha, undefined, undefined, 'o2').word).toBe('Waiting…')
  })
  it('takes the first operation of a subject: the list has open ones first, then the newest', () => {
    expect(newestBySubject([operation('start', 'o2'), operation('stop', 'o1', 'succeeded')]).get('alpha')?.id).toBe(
      'o2',
    )
  })
  it.each<[InstanceStatus, boolean, boolean, boolean]>([
    ['online', false, true, true],
    ['stopped', true, false, false],
    ['errored', true, true, true],
    ['not in PM2', true, false, false],
    ['unknown', true, true, true],
  ])('%s: what would change something', (status, start, stop, restart) => {
    const its = shownStatus({ status }, undefined, undefined)
    expect(
      [idleReason('start', its), idleReason('stop', its), idleReason('restart', its)].map(it => it === undefined),
    ).toEqual([start, stop, restart])
  })
})

describe('usage', () => {
  it('begins with what the engine remembers, and goes on from there', () => {
    const history = new UsageHistory()
    history.seed([{ name: 'alpha', cpu: [1, 2], memory: [10, 20] }], 0)
    expect(history.of('alpha').cpu).toEqual([1, 2])
    history.sample([view('alpha', { cpu: 3, memory: 30 })], 5000)
    expect(history.of('alpha')).toEqual({ cpu: [1, 2, 3], memory: [10, 20, 30] })
  })
})

describe('stop', () => {
  it('is offered while a start or restart is open, until that is undone', () => {
    const offered = (state: OperationState): boolean[] => {
      const its = shownStatus({ status: 'online' }, state, undefined)
      return [
        stopJob.offer?.when({ ...its, root: false, isolated: false, seamless: false, previous: false }) ?? false,
        idleReason('stop', its) === undefined,
      ]
    }
    for (const kind of ['start', 'restart'])
      for (const phase of ['running', 'stuck'] as const)
        expect(offered(operation(kind, 'o1', phase))).toEqual([true, true])
    expect(offered(operation('change-port'))).toEqual([false, false])
    expect(offered({ ...operation('start', 'o1', 'undoing'), turned: { reason: 'cancelled' } })).toEqual([false, false])
  })
})

describe('the order and the filter', () => {
  const all = [
    shown('b10', { cpu: 3, startedAt: 10 }),
    shown('b9', { status: 'errored' }),
    shown('A1', { cpu: 7, startedAt: 50, memory: 1 }),
    shown('c', { status: 'stopped' }),
  ]
  const sorted = (key: SortKey, descending = false): string[] =>
    names(arrange(all, { query: '', filter: 'all', sort: { key, descending } }))
  it('sorts names as people count', () => {
    expect(sorted('name')).toEqual(['A1', 'b9', 'b10', 'c'])
  })
  it('puts what is not known last, both ways', () => {
    expect(sorted('cpu')).toEqual(['b10', 'A1', 'b9', 'c'])
    expect(sorted('cpu', true)).toEqual(['A1', 'b10', 'b9', 'c'])
  })
  it('takes the longest uptime first when it descends', () => {
    expect(sorted('uptime', true).slice(0, 2)).toEqual(['b10', 'A1'])
  })
  it('shows first what wants attention', () => {
    expect(sorted('status')[0]).toBe('b9')
  })
  it('finds by every word, whatever the case, among one status', () => {
    const find = (query: string, filter: 'all' | 'online' = 'all'): string[] =>
      names(arrange(all, { query, filter, sort: { key: 'name', descending: false } }))
    expect(find('1 B')).toEqual(['b10'])
    expect(find('', 'online')).toEqual(['A1', 'b10'])
    expect(find('zebra')).toEqual([])
  })
  it('lists favourites first, and finds and filters by tag', () => {
    const labelled = [
      ...all,
      shown('z', { tags: ['Trial'], favourite: true }),
      shown('a', { tags: ['trial', 'Year 9'] }),
    ]
    const find = (query: string, filter: Filter = 'all'): string[] =>
      names(arrange(labelled, { query, filter, sort: { key: 'cpu', descending: true } }))
    expect(find('')[0]).toBe('z')
    expect(find('year')).toEqual(['a'])
    expect(find('', tagFilter('TRIAL'))).toEqual(['z', 'a'])
    expect(tagsOf(labelled.map(it => it.instance))).toEqual([
      { tag: 'Trial', count: 2 },
      { tag: 'Year 9', count: 1 },
    ])
  })
  it('offers the most frequent tags as filters, and always the one in force', () => {
    const tags = ['a', 'b', 'c', 'd', 'e', 'f', 'Last'].map(tag => ({ tag, count: 1 }))
    const six = tags.slice(0, 6)
    expect(shownTags(tags, 'all')).toEqual(six)
    expect(shownTags(tags, 'tag:a')).toEqual(six)
    expect(shownTags(tags, 'tag:last')).toEqual(tags)
    expect(shownTags(tags, 'tag:gone')).toEqual([...six, { tag: 'gone', count: 0 }])
  })
  it('counts what there is', () => {
    expect(countGroups(all)).toEqual([
      { group: 'online', count: 2 },
      { group: 'stopped', count: 1 },
      { group: 'errored', count: 1 },
    ])
  })
  it('turns round on the second click; numbers begin with the largest', () => {
    expect(nextSort({ key: 'name', descending: false }, 'name')).toEqual({ key: 'name', descending: true })
    expect(nextSort({ key: 'name', descending: false }, 'memory')).toEqual({ key: 'memory', descending: true })
  })
})

describe('the selection', () => {
  const order = ['a', 'b', 'c', 'd', 'e']
  const of = (...its: string[]): Set<string> => new Set(its)
  it('goes from the last one to this one, in either direction', () => {
    const from = toggle(nothingSelected, 'd')
    expect(extend(from, 'b', order).names).toEqual(of('b', 'c', 'd'))
    expect(extend(toggle(nothingSelected, 'a'), 'c', order).names).toEqual(of('a', 'b', 'c'))
  })
  it('takes a range back when its end was chosen', () => {
    expect(extend({ names: of('a', 'b', 'c', 'd'), anchor: 'd' }, 'b', order).names).toEqual(of('a'))
  })
  it('is a toggle when the last one is not on the screen', () => {
    expect(extend({ names: of('x'), anchor: 'x' }, 'b', order).names).toEqual(of('x', 'b'))
  })
  it('chooses all that are shown and keeps the others; once more takes them back', () => {
    const all = toggleAll({ names: of('x') }, order)
    expect(all.names.size).toBe(6)
    expect(toggleAll(all, order).names).toEqual(of('x'))
    expect(selectAll({ names: of('x', 'a') }, ['a', 'b']).names).toEqual(of('x', 'a', 'b'))
  })
  it('forgets those that are gone, and only then is another object', () => {
    const before = { names: of('a', 'b') }
    expect(prune(before, of('a')).names).toEqual(of('a'))
    expect(prune(before, of('a', 'b', 'c'))).toBe(before)
  })
})

describe('the history', () => {
  const at = (history: UsageHistory, time: number, cpu?: number): void =>
    history.sample([view('a', cpu === undefined ? {} : { cpu, memory: 1 })], time)
  it('keeps the last samples', () => {
    const history = new UsageHistory()
    for (let index = 0; index < sampleLimit + 5; index++) at(history, index * 2000, index)
    expect(history.of('a').cpu).toHaveLength(sampleLimit)
    expect(history.of('a').cpu.at(-1)).toBe(sampleLimit + 4)
  })
  it('leaves out what comes between, and begins anew with a new run', () => {
    const history = new UsageHistory()
    at(history, 0, 1)
    at(history, 400, 2)
    at(history, 2000, 3)
    expect(history.of('a').cpu).toEqual([1, 3])
    at(history, 4000)
    expect(history.of('a').cpu).toEqual([])
  })
  it('goes on level while nothing is pushed, since then nothing has changed', () => {
    const history = new UsageHistory()
    at(history, 0, 1)
    at(history, 5000, 2)
    for (let time = 5000; time < 15_000; time += 1000) history.tick(time)
    expect(history.of('a').cpu).toEqual([1, 2, 2])
    history.tick(15_000)
    at(history, 16_000, 4) // told by an event
    at(history, 20_000, 5)
    expect(history.of('a').cpu).toEqual([1, 2, 2, 2, 5])
    at(history, 35_000, 6) // hidden, its timer did not come
    expect(history.of('a').cpu).toEqual([1, 2, 2, 2, 5, 5, 5, 6])
    at(history, 10_000_000, 7)
    expect(history.of('a').cpu).toHaveLength(sampleLimit)
    expect(history.of('a').cpu.at(-2)).toBe(6)
  })
  it('draws a line whose newest point is at the right edge and whose largest is at the top', () => {
    expect(sparklinePath([5, 5], { width: 60, height: 10, limit: 6, least: 1 })).toBeUndefined()
    expect(sparklinePath([0, 5, 10], { width: 60, height: 10, limit: 6, least: 1 })).toBe('M0 10L30 5L60 0')
    expect(sparklinePath([1, 1, 1], { width: 60, height: 10, limit: 60, least: 10 })).toBe('M36 9L48 9L60 9')
  })
})

describe('what is drawn', () => {
  it('is what is seen and some more on both sides, within the list', () => {
    expect(rangeOf({ top: 0, seen: 460, rows: 500, height: 46 })).toEqual({ first: 0, end: 20 })
    expect(rangeOf({ top: 4600, seen: 460, rows: 500, height: 46 })).toEqual({ first: 92, end: 120 })
    expect(rangeOf({ top: 22_540, seen: 460, rows: 500, height: 46 }).end).toBe(500)
    // as far, though these rows are higher
    expect(rangeOf({ top: 1840, seen: 460, rows: 100, height: 184 })).toEqual({ first: 8, end: 15 })
  })
  it('is drawn anew only when something that is shown differs', () => {
    expect(sameShown(shown('a', { cpu: 1 }), shown('a', { cpu: 1 }))).toBe(true)
    expect(sameShown(shown('a', { cpu: 1 }), shown('a', { cpu: 2 }))).toBe(false)
    expect(sameShown(shown('a', { cpu: 1 }), shown('a'))).toBe(false)
  })
})

describe('an address', () => {
  const arranged: Arrangement = {
    query: 'a&b =“ü” +%',
    filter: 'tag:year 9',
    sort: { key: 'memory', descending: true },
    view: 'grid',
  }

  it('says how the list is arranged, whatever was typed', () => {
    expect(arrangementOf(textOf(arranged))).toEqual(arranged)
  })

  it.each(['', 'sort=--&view=x&filter=toString', 'filter=%', 'sort=-__proto__&find='])(
    '“%s” says nothing: order and view stay, and nothing is filtered',
    text => {
      expect(arrangementOf(text, arranged)).toEqual({ ...arranged, query: '', filter: 'all' })
    },
  )

  it('says order and view even if they are ours, so that a link shows the same to everyone', () => {
    expect(textOf(arrangementOf(''))).toBe('sort=name&view=table')
  })

  it('a tag is the same in capitals', () => {
    expect(arrangementOf('filter=tag:Trial').filter).toBe('tag:trial')
  })

  it('filters favourites', () => {
    const all = [shown('one', { favourite: true }), shown('two')]
    expect(names(arrange(all, arrangementOf('filter=favourites')))).toEqual(['one'])
  })
})
