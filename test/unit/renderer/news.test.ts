import { describe, expect, it } from 'vitest'
import { fold, type Entry, type OperationState } from '../../../src/shared/operation'
import type { InstanceView } from '../../../src/shared/instance'
import type { InstanceStatus } from '../../../src/shared/status'
import { bytes, count, enumerate, percent, uptime } from '../../../src/shared/amounts'
import { endedUnseen, newlyIll, statusNews } from '../../../src/renderer/src/app/news'
import { findEntries } from '../../../src/renderer/src/app/palette-search'
import { lookOf } from '../../../src/shared/jobs/step-look'
import { headline, isPastReturn, isUndone, subjectOf } from '../../../src/shared/jobs/words'

const views = (statuses: Record<string, InstanceStatus>): InstanceView[] =>
  Object.entries(statuses).map(([name, status]) => ({
    name,
    status,
    port: 1,
    url: '',
    pooled: true,
    isolated: false,
    seamless: false,
    database: '',
    created: '',
  }))
const known = (statuses: Record<string, InstanceStatus>): Map<string, InstanceStatus> =>
  new Map(Object.entries(statuses))
const opened = (kind: string, plan: OperationState['plan'] = {}): OperationState =>
  fold(undefined, {
    id: 'o',
    at: '2026-01-01T00:00:00.000Z',
    type: 'opened',
    kind,
    version: 1,
    subject: 'alpha',
    plan,
    steps: ['stop-process', 'drop-database'],
  })

describe('news', () => {
  it('are instances that have just stopped working, not those that were found so or that someone stopped', () => {
    expect(newlyIll(undefined, views({ a: 'errored' }))).toEqual([])
    const before = known({
      a: 'online',
      b: 'errored',
      d: 'online',
      e: 'unstable',
      f: 'online',
      g: 'no database',
      h: 'stopped',
    })
    const now = views({
      a: 'errored',
      b: 'errored',
      c: 'errored',
      d: 'no database',
      e: 'errored',
      f: 'stopped',
      g: 'online',
      h: 'unstable',
    })
    expect(newlyIll(before, now).map(it => it.name)).toEqual(['a', 'd', 'e'])
  })
  it('are long jobs that ended, and any that got stuck', () => {
    const long = { ...opened('create'), phase: 'succeeded', settledAt: '2026-01-01T00:00:11.000Z' } as const
    const before = new Map([['o', 'running' as const]])
    expect(endedUnseen(before, [long])).toHaveLength(1)
    expect(endedUnseen(before, [{ ...long, settledAt: '2026-01-01T00:00:09.000Z' }])).toHaveLength(0)
    expect(endedUnseen(before, [{ ...opened('start'), phase: 'stuck' }])).toHaveLength(1)
    expect(endedUnseen(new Map([['o', 'succeeded' as const]]), [long])).toHaveLength(0)
    expect(endedUnseen(undefined, [long])).toHaveLength(0)
  })
  it('say what changed, by status', () => {
    expect(
      statusNews(known({ a: 'online', b: 'online', c: 'online' }), views({ a: 'stopped', b: 'stopped', c: 'errored' })),
    ).toBe('a and b: stopped. c: errored')
    expect(statusNews(known({ a: 'online' }), views({ a: 'online', b: 'online' }))).toBe('')
  })
})

describe('amounts', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [8_900_000, '8.5 MB'],
    [41_000_000, '39 MB'],
    [1_288_490_189, '1.2 GB'],
  ])('%i bytes: %s', (value, text) => {
    expect(bytes(value)).toBe(text)
  })
  it.each([
    [0, '0 %'],
    [0.4, '0 %'],
    [3.44, '3 %'],
    [9.96, '10 %'],
    [112, '112 %'],
  ])('%f %%: %s', (value, text) => {
    expect(percent(value)).toBe(text)
  })
  it.each([
    [-5, '0 s'],
    [59_900, '59 s'],
    [60_000, '1 min'],
    [18_720_000, '5 h 12 min'],
    [273_600_000, '3 d 4 h'],
  ])('up %i ms: %s', (value, text) => {
    expect(uptime(value)).toBe(text)
  })
  it('lists in words, and counts the rest', () => {
    expect([enumerate([]), enumerate(['a']), enumerate(['a', 'b']), enumerate(['a', 'b', 'c', 'd'], 3)]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and 2 more',
    ])
    expect([count(1, 'instance'), count(3, 'instance')]).toEqual(['one instance', '3 instances'])
  })
})

describe('the palette', () => {
  const entry = (label: string, group = 'g', keywords = '', offered = false) => ({
    id: label,
    label,
    group,
    keywords,
    offered,
  })
  const entries = [
    entry('alpha-2', 'Instances'),
    entry('alpha', 'Instances', 'port 5001'),
    entry('Stop alpha', 'Actions'),
    entry('Delete alpha…', 'Actions'),
    entry('New instance', 'Actions', '', true),
  ]
  const find = (query: string): string[] =>
    findEntries(entries, query, 3).flatMap(it => it.entries.map(one => one.label))
  it('offers what is offered before anything is typed', () => {
    expect(find('')).toEqual(['New instance'])
  })
  it('shows the instance itself first, then what can be done', () => {
    expect(find('alpha')).toEqual(['alpha', 'alpha-2', 'Stop alpha'])
  })
  it('wants every word', () => {
    expect(find('stop al')).toEqual(['Stop alpha'])
    expect(find('5001')).toEqual(['alpha'])
    expect(find('stop zebra')).toEqual([])
  })
})

describe('jobs on an instance', () => {
  it('are called by the name in their plan', () => {
    const target = { name: 'Alpha', port: 5000, cwd: '/a', script: '/a/b.js' }
    expect(subjectOf(opened('start', { target, wanted: true, stopFirst: [] }))).toBe('Alpha')
    const moved = { target: { ...target, port: 5010 }, before: target, port: 5010, ran: false }
    expect(headline({ ...opened('change-port', moved), phase: 'succeeded' })).toBe('“Alpha” was moved to 5010')
  })
  it('leave an instance down if they fail after its process was replaced', () => {
    const restart = (...events: readonly Entry[]): OperationState =>
      events.reduce(
        (state, event) => fold(state, { id: 'o', at: '2026-01-01T00:00:01.000Z', ...event }),
        fold(undefined, {
          id: 'o',
          at: '2026-01-01T00:00:00.000Z',
          type: 'opened',
          kind: 'restart',
          version: 1,
          subject: 'alpha',
          plan: { target: { name: 'Alpha', port: 5000, cwd: '/a', script: '/a/b.js' } },
          steps: ['restart-process', 'verify-health'],
        }),
      )
    const both: readonly Entry[] = [
      { type: 'doing', step: 'restart-process' },
      { type: 'done', step: 'restart-process' },
      { type: 'doing', step: 'verify-health' },
    ]
    const undone: readonly Entry[] = [
      { type: 'undone', step: 'verify-health' },
      { type: 'undone', step: 'restart-process' },
      { type: 'settled', outcome: 'rolled-back' },
    ]
    const failed = restart(...both, { type: 'turned', reason: 'failed' }, ...undone)
    expect(headline(failed)).toBe('“Alpha” is down')
    expect(isUndone(failed)).toBe(false)
    expect(failed.steps.map(it => lookOf(it, failed))).toEqual(['done', 'wrong'])
    const early = restart({ type: 'doing', step: 'restart-process' }, { type: 'turned', reason: 'failed' })
    expect(headline({ ...early, phase: 'rolled-back' })).toBe('Couldn’t restart “Alpha”')
    const cancelled = restart(...both, { type: 'turned', reason: 'cancelled' }, ...undone)
    expect(headline(cancelled)).toBe('“Alpha” was restarted, but its health wasn’t checked')
    expect(cancelled.steps.map(it => lookOf(it, cancelled))).toEqual(['done', 'cancelled'])
  })
  it('are not taken back once they have destroyed something', () => {
    const step = (name: string) => ({ id: 'o', at: '2026-01-01T00:00:01.000Z', type: 'doing', step: name }) as const
    const stopping = fold(opened('delete'), step('stop-process'))
    expect(isPastReturn(stopping)).toBe(false)
    expect(isPastReturn(fold(stopping, step('drop-database')))).toBe(true)
  })
})
