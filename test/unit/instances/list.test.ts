import { describe, expect, it } from 'vitest'
import type { InstanceConfig } from '../../../src/shared/instance'
import type { Diagnosis } from '../../../src/main/instances/conditions'
import type { Gathered } from '../../../src/main/instances/gather'
import { joinList } from '../../../src/main/instances/list'
import { noFacts, type SlowFacts } from '../../../src/main/instances/slow-facts'
import type { ProcessInfo, ProcessStatus } from '../../../src/main/processes/client'

const config = (name: string, more: object = {}): InstanceConfig =>
  ({ name, port: 5001, database: { name: `${name}_db`, port: 6432, directPort: 5432 }, created: '', ...more }) as never

const process = (status: ProcessStatus, more: Partial<ProcessInfo> = {}): ProcessInfo =>
  ({ id: 1, name: '', status, cwd: '', restarts: 2, cpu: 9, memory: 99, ...more }) as never

const found = (more: Partial<Gathered>): Gathered => ({
  instances: [],
  broken: [],
  foreign: new Map(),
  desired: [],
  ...more,
})

const join = (it: Partial<Gathered>, facts: Partial<SlowFacts> = {}, diagnosis: Diagnosis = () => undefined) =>
  joinList(
    found(it),
    { facts: { ...noFacts, ...facts }, usageOf: pid => (pid === 7 ? { cpu: 3, memory: 2 ** 20 } : undefined) },
    diagnosis,
  )

describe('joinList', () => {
  it.each([
    [undefined, 'not in PM2'],
    ['online', 'online'],
    ['stopped', 'stopped'],
    ['stopping', 'stopped'],
    ['errored', 'errored'],
    ['launching', 'unknown'],
    ['waiting restart', 'unknown'],
  ] as const)('PM2 says %s: %s', (status, shown) => {
    const { instances } = join({ instances: [{ config: config('a'), process: status && process(status) }] })
    expect(instances[0]?.status).toBe(shown)
  })

  it('our measure of what runs, and PM2’s until there is one; none of what doesn’t', () => {
    const { instances } = join({
      instances: [
        { config: config('a'), process: process('online', { pid: 7, startedAt: 5 }) },
        { config: config('b'), process: process('online', { pid: 8 }) },
        { config: config('c'), process: process('stopped') },
      ],
    })
    expect(instances).toMatchObject([
      { cpu: 3, memory: 2 ** 20, startedAt: 5, restarts: 2 },
      { cpu: 9, memory: 99 },
      { restarts: 2 },
    ])
    expect(instances[2]).not.toHaveProperty('cpu')
  })

  it('what is wrong takes the place of online, and of nothing that PM2 reports as ended', () => {
    const problem = { code: 'unstable', message: 'It keeps crashing.' }
    const statuses = ['online', 'waiting restart', 'stopping', 'stopped', 'errored'] as const
    const { instances } = join(
      { instances: statuses.map(it => ({ config: config(it), process: process(it, { pid: 7, startedAt: 5 }) })) },
      {},
      () => ({ status: 'unstable', problem }),
    )
    expect(instances.map(it => it.status)).toEqual(['unstable', 'unstable', 'stopped', 'stopped', 'errored'])
    expect(instances[0]).toMatchObject({ trouble: problem, startedAt: 5, cpu: 3 })
    expect(instances.filter(it => it.trouble)).toHaveLength(2)
  })

  it('down: what should run and was not stopped by anyone, neither lost nor a copy', () => {
    const names = ['gone', 'given-up', 'stopped', 'runs', 'starts', 'lost', 'copy', 'marked']
    const processes: Partial<Record<string, ProcessInfo>> = {
      'given-up': process('errored'),
      stopped: process('stopped'),
      runs: process('online'),
      starts: process('launching'),
    }
    const { down, lost, instances } = join(
      {
        instances: names.map(it => ({ config: config(it), process: processes[it] })),
        desired: [...names, 'removed-by-hand'],
        foreign: new Map([['copy', '/elsewhere']]),
      },
      { lost: [{ name: 'lost', pid: 9 }], foreign: new Map([['marked', 'Its database is another’s.']]) },
    )
    expect(down).toEqual(['gone', 'given-up'])
    expect(lost).toEqual([{ name: 'lost', pid: 9 }])
    expect(instances.filter(it => it.foreign !== undefined).map(it => [it.name, it.foreign])).toEqual([
      ['copy', 'Its config.json belongs to /elsewhere, which exists.'],
      ['marked', 'Its database is another’s.'],
    ])
  })

  it('nothing is lost that PM2 lists again, or that is no instance of ours', () => {
    const { lost } = join(
      { instances: [{ config: config('a'), process: process('online', { pid: 9 }) }] },
      {
        lost: [
          { name: 'a', pid: 9 },
          { name: 'other', pid: 10 },
        ],
      },
    )
    expect(lost).toEqual([])
  })

  it('says that PM2 is outdated, until it isn’t', () => {
    const outdatedPm2 = { running: '6.0.1', installed: '7.0.4' }
    expect(join({}, { outdatedPm2 }).outdatedPm2).toEqual(outdatedPm2)
    expect(join({}, {})).not.toHaveProperty('outdatedPm2')
  })

  it('while PM2 can’t be asked, every status is unknown and nothing is called down or lost', () => {
    const processProblem = { code: 'pm2-not-answering', message: 'PM2 isn’t answering.' }
    const list = join(
      { instances: [{ config: config('a') }], desired: ['a'], processProblem },
      { lost: [{ name: 'a', pid: 9 }] },
    )
    expect(list).toMatchObject({ instances: [{ status: 'unknown' }], down: [], lost: [], processProblem })
  })

  it('outdated: of another release, or of none', () => {
    const instances = [{ config: config('a', { release: 'x' }) }, { config: config('b') }]
    const outdated = (base?: string) => join({ instances }, { base }).instances.map(it => it.outdated)
    expect([outdated('x'), outdated('y'), outdated()]).toEqual([
      [false, true],
      [true, true],
      [undefined, undefined],
    ])
  })

  it('newer: only of instances that are outdated', () => {
    const instances = ['x', 'y', 'z', undefined].map(release => ({ config: config(String(release), { release }) }))
    const newer = new Map([
      ['x', 'schema'],
      ['y', '3 commits'],
    ])
    expect(join({ instances }, { base: 'x', newer }).instances.map(it => it.newer)).toEqual([
      undefined,
      '3 commits',
      undefined,
      undefined,
    ])
  })
})
