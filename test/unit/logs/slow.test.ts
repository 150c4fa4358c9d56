/**
 * On a machine that is ten times slower. What judging a line takes is told by a clock of our own, so it is the same on
 * every machine.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogFilter, LogPage, LogProgress } from '../../../src/shared/log'
import type * as judge from '../../../src/main/logs/judge'
import type { LogTask } from '../../../src/main/logs/open'
import { perform } from '../../../src/main/logs/tasks'
import { temporary } from '../temporary'
import { all, readAll, stampAt, viewOf } from './simple'

/** Milliseconds that judging one line takes here: 384 kB of lines take 400 ms, sixteen turns. */
const slowness = 0.01
let judged = 0
/** More work than this is none that anyone waits for. */
let most = Infinity
vi.mock('../../../src/main/logs/judge', async original => {
  const real = await original<typeof judge>()
  return {
    ...real,
    continues(text: string): boolean {
      if (++judged > most) throw new Error(`${judged} lines were judged`)
      return real.continues(text)
    },
  }
})

const lines = 200_000
/** A line in the middle has it. A character that stands for others: every line is looked at. */
const search = { text: '\ufffd!', regex: false, matchCase: true }

beforeEach(() => {
  judged = 0
  vi.spyOn(performance, 'now').mockImplementation(() => judged * slowness)
  return () => {
    most = Infinity
    vi.restoreAllMocks()
  }
})

async function view(filter: Partial<LogFilter>) {
  const folder = await temporary()
  const line = `${stampAt(1)}is one\n`
  const before = line.repeat(lines / 2)
  const path = join(folder, 'a-out.log')
  await writeFile(
    path,
    Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from('!!\n'), Buffer.from(before)]),
  )
  return { view: viewOf(folder, [{ path, name: 'out' }], filter), middle: before.length, end: 2 * before.length + 4 }
}

describe('a pattern that is slow, but gets through', () => {
  it.each([
    ['count', {}],
    ['find', { from: '0', direction: 'next' }],
  ] as const)('%s gives a sign of life for each line', async (type, more) => {
    const folder = await temporary()
    const path = join(folder, 'a-out.log')
    await writeFile(path, `first\n${' goes on\n'.repeat(5000)}`)
    let signs = 0
    const touch = {
      alive: () => {
        signs++
      },
      signal: new AbortController().signal,
    }
    const filter = { search: { text: 'n(ee)+dle', regex: true, matchCase: true } }
    for await (const _ of perform(
      { view: viewOf(folder, [{ path, name: 'out' }], filter), type, ...more } as LogTask,
      touch,
    ))
      continue
    expect(signs).toBeGreaterThanOrEqual(5000)
  })
})

describe('every line of a log is judged once or twice, not once more for each turn', () => {
  it.each([
    ['previous', {}],
    ['next', {}],
    ['previous', { from: 0 }],
    ['next', { from: 0, errorsOnly: false }],
  ] as const)('searching the %s match, %j', async (direction, filter) => {
    const { view: log, middle, end } = await view({ search, ...filter })
    most = 2 * lines
    const task: LogTask = { view: log, type: 'find', from: direction === 'next' ? '0' : String(end), direction }
    expect(await all(task)).toEqual([String(middle)])
    // Not even half of it, and looking back 128 kB before each 256 kB.
    expect(judged).toBeLessThan(lines)
  })

  it.each(['forward', 'backward'] as const)('reading pages %s, of which each ends after a while', async direction => {
    const { view: log } = await view({ search, matchesOnly: true })
    most = 3 * lines
    const found = await readAll(log, 10, direction)
    expect(found.map(it => it.text)).toEqual(['\ufffd!!'])
  })

  it('saving', async () => {
    const { view: log } = await view({ search, matchesOnly: true, from: 0 })
    most = 2 * lines
    const told = await all<LogProgress>({ view: log, type: 'text', colours: false })
    expect(told.at(-1)).toMatchObject({ done: true })
  })

  it('counting where each line that may match needs those before it', async () => {
    const folder = await temporary()
    const path = join(folder, 'a-out.log')
    await writeFile(path, `${stampAt(1)}Error: it\n${'    at f (x)\n    at g (y)\n'.repeat(10_000)}`)
    most = 200_000
    const filter = { search: { text: 'at g', regex: false, matchCase: true }, from: 0 }
    expect(
      (await all<LogProgress>({ view: viewOf(folder, [{ path, name: 'out' }], filter), type: 'count' })).at(-1)?.hits,
    ).toBeGreaterThan(1000)
  })

  it('pages of a record without an end move on', async () => {
    const folder = await temporary()
    const path = join(folder, 'a-out.log')
    await writeFile(path, `first\n${' goes on\n'.repeat(4_000_000)}`)
    let now = 0
    vi.mocked(performance.now).mockImplementation(() => (now += 10_000)) // patience is spent whenever the clock is looked at
    const filter = { search: { text: 'needle', regex: false, matchCase: true }, matchesOnly: true }
    let more: string | undefined
    for (let page: LogPage | undefined; !page?.atStart;) {
      ;[page] = await all<LogPage>({
        view: viewOf(folder, [{ path, name: 'out' }], filter),
        type: 'page',
        anchor: more === undefined ? { type: 'end' } : { type: 'before', position: more },
        count: 10,
      })
      expect(page?.more).not.toBe(more ?? '')
      more = page?.more
    }
  })
})
