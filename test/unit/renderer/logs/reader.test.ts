import { afterEach, describe, expect, it } from 'vitest'
import { ProblemError } from '../../../../src/shared/problem'
import type { LogNews } from '../../../../src/shared/log'
import { LogReader } from '../../../../src/renderer/src/logs/reader'
import { everything, type LogChoice } from '../../../../src/renderer/src/logs/wanted'
import { numbered, SimulatedLog } from './simulated-log'
import { eventually } from '../../../support/eventually'

const all = everything({ kind: 'app' })
const readers: LogReader[] = []
afterEach(() => {
  for (const it of readers.splice(0)) it.close()
})

function read(log: SimulatedLog, wanted: LogChoice = all) {
  const reader = new LogReader(log, wanted)
  readers.push(reader)
  const news: (LogNews | 'redraw')[] = []
  reader.onNews(it => news.push(it))
  const texts = () =>
    (reader.state().mode === 'follow' ? reader.newest : (reader.state().loaded?.lines ?? [])).map(it => it.text)
  const until = (check: () => boolean) =>
    eventually(() => {
      if (!check()) throw new Error('not yet')
    })
  const opened = () =>
    until(
      () =>
        !reader.state().opening &&
        !reader.state().searching &&
        (reader.state().mode === 'follow' || reader.state().loaded !== undefined),
    )
  return { reader, news, texts, until, opened }
}

describe('following', () => {
  it('begins with the last lines, and hands on what comes', async () => {
    const log = new SimulatedLog(numbered(5000))
    const { reader, news, texts, opened } = read(log)
    reader.open()
    await opened()
    expect(texts().slice(-2)).toEqual(['line 4998', 'line 4999'])
    expect(news).toEqual(['redraw'])
    log.write({ text: 'new' })
    expect(news.at(-1)).toMatchObject({ lines: [{ text: 'new' }] })
    expect(texts().at(-1)).toBe('new')
  })

  it('asks for what came after the last line that is here, and says that there is nothing yet', async () => {
    const log = new SimulatedLog(numbered(3))
    const first = read(log)
    first.reader.open()
    await first.opened()
    expect([...log.followers][0]?.input.after).toBe('2')
    const empty = read(new SimulatedLog())
    empty.reader.open()
    await empty.opened()
    expect(empty.reader.state().blank).toBe(true)
  })

  it('looks back until a window is full of the lines that are wanted', async () => {
    const log = new SimulatedLog(numbered(20_000, index => ({ text: `line ${index}`, error: index % 400 === 0 })))
    const { reader, texts, opened } = read(log, { ...all, errorsOnly: true })
    reader.open()
    await opened()
    expect(texts()).toHaveLength(50)
    expect(reader.state().looked).toBeUndefined()
    log.write({ text: 'fine' }, { text: 'bad', error: true })
    expect(texts().at(-1)).toBe('bad')
  })

  it('after a lost connection goes on behind the last line that came, once', async () => {
    const log = new SimulatedLog(numbered(3))
    const { reader, texts, opened } = read(log)
    reader.open()
    await opened()
    log.write({ text: 'one' })
    log.loseConnection()
    expect([...log.followers].map(it => it.input.after)).toEqual(['3'])
    log.write({ text: 'two' })
    expect(texts().slice(-2)).toEqual(['one', 'two'])
  })

  it('stops at the lines that are on the screen, counts what comes, and goes on', async () => {
    const log = new SimulatedLog(numbered(5000))
    const { reader, texts, until, opened } = read(log)
    reader.open()
    await opened()
    log.write({ text: 'last' })
    reader.stop(-40)
    expect(reader.state()).toMatchObject({ mode: 'history', fresh: 0, target: { to: 'bottom', by: -40 } })
    expect(texts().at(-1)).toBe('last')
    log.write({ text: 'a' }, { text: 'b' })
    log.burst(1000)
    expect(reader.state().fresh).toBe(1002)
    expect(reader.state().loaded?.atEnd).toBe(false)
    reader.history.more('after')
    await until(() => texts().includes('b'))
    reader.follow()
    await opened()
    expect(reader.state()).toMatchObject({ mode: 'follow', fresh: 0 })
    expect(texts().at(-1)).toBe('burst 999')
    expect(new Set(reader.newest.map(it => it.position)).size).toBe(reader.newest.length)
    expect(reader.newest.length).toBeGreaterThan(100) // what the burst skipped was asked for
  })

  it('tells that the file was replaced', async () => {
    const log = new SimulatedLog(numbered(3))
    const { reader, opened } = read(log)
    reader.open()
    await opened()
    for (const it of log.followers) it.data({ lines: [], skipped: 0, restarted: true })
    expect(reader.state().restartedAt).toBeTypeOf('number')
  })
})

describe('history', () => {
  it('grows both ways by pages, keeps a bounded part, and ends at the ends', async () => {
    const log = new SimulatedLog(numbered(3000))
    const { reader, texts, until, opened } = read(log)
    reader.history.jump({ type: 'fraction', fraction: 0.5 })
    await opened()
    expect(texts()[0]).toBe('line 1500')
    for (let page = 0; page < 20 && !reader.state().loaded?.atStart; page++) {
      const first = texts()[0]
      reader.history.more('before')
      await until(() => texts()[0] !== first)
    }
    expect(texts()[0]).toBe('line 0')
    expect(texts().length).toBeLessThanOrEqual(800)
    for (let page = 0; page < 30 && !reader.state().loaded?.atEnd; page++) {
      const last = texts().at(-1)
      reader.history.more('after')
      await until(() => texts().at(-1) !== last)
    }
    expect(texts().at(-1)).toBe('line 2999')
    const numbers = texts().map(it => Number(it.split(' ')[1]))
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index)) // none lost, none doubled
  })

  it('goes on where a page gave up, until there is something', async () => {
    const log = new SimulatedLog(numbered(20_000, index => ({ text: `line ${index}`, error: index === 3 })))
    const { reader, texts, until, opened } = read(log, { ...all, errorsOnly: true })
    reader.history.jump({ type: 'end' })
    await opened()
    for (let page = 0; page < 40 && !reader.state().loaded?.atStart; page++) {
      const { first } = reader.state().loaded ?? {}
      reader.history.more('before')
      await until(() => reader.state().loaded?.first !== first || reader.state().loaded?.atStart === true)
    }
    expect(texts()).toEqual(['line 3'])
  })

  it('while one drags, only the newest wish is fulfilled after the one under way', async () => {
    const log = new SimulatedLog(numbered(3000))
    const { reader, texts, until, opened } = read(log)
    for (const fraction of [0.1, 0.2, 0.3, 0.8]) reader.history.go(fraction)
    await opened()
    await until(() => texts()[0] === 'line 2400')
    expect(log.asked).toEqual([
      { type: 'fraction', fraction: 0.1 },
      { type: 'fraction', fraction: 0.8 },
    ])
  })

  it('other lines are wanted: one stays where one was', async () => {
    const log = new SimulatedLog(numbered(3000, index => ({ text: `line ${index}`, error: index % 10 === 0 })))
    const { reader, texts, opened } = read(log)
    reader.history.jump({ type: 'fraction', fraction: 0.5 })
    await opened()
    reader.change({ ...all, errorsOnly: true }, reader.state().loaded?.lines[0])
    await opened()
    expect(log.asked.at(-1)).toEqual({ type: 'around', position: '1500' })
    expect(texts()).toContain('line 1500')
  })

  it('a log that cannot be read says why, and is read when it can be', async () => {
    const log = new SimulatedLog(numbered(3))
    log.refusal = new ProblemError({ code: 'log-unreadable', message: 'No permission.' })
    const { reader, until, opened } = read(log)
    reader.open()
    await until(() => reader.state().problem !== undefined)
    expect(reader.state().problem?.message).toBe('No permission.')
    log.refusal = undefined
    reader.open()
    await opened()
    expect(reader.state().problem).toBeUndefined()
  })
})

describe('search', () => {
  const haystack = () =>
    new SimulatedLog(numbered(5000, index => ({ text: index % 1000 === 500 ? `needle ${index}` : `line ${index}` })))

  it('goes to the last match before where one is, knows which it is, and goes through all of them', async () => {
    const log = haystack()
    const { reader, until, opened } = read(log)
    reader.open()
    await opened()
    reader.change({ ...all, search: 'needle' }, reader.newest.at(-1))
    await until(() => reader.state().rank === 5 && reader.state().count?.done === true)
    expect(reader.state()).toMatchObject({ mode: 'history', current: '4500', count: { hits: 5 } })
    await reader.search.find('previous', undefined)
    expect(reader.state()).toMatchObject({ current: '3500', rank: 4 })
    expect(reader.state().loaded?.lines.some(it => it.position === '3500')).toBe(true)
    await reader.search.find('next', undefined)
    await reader.search.find('next', undefined)
    expect(reader.state()).toMatchObject({ current: '4500', rank: 5, ended: 'next' })
    log.write({ text: 'another needle' })
    expect(reader.state().count?.hits).toBe(6)
    await reader.search.find('next', undefined)
    expect(reader.state()).toMatchObject({ current: '5000', rank: 6 })
  })

  it('only matching lines', async () => {
    const { reader, texts, until, opened } = read(haystack())
    reader.open()
    await opened()
    reader.change({ ...all, search: 'needle', matchesOnly: true }, reader.newest.at(-1))
    await until(() => reader.state().current === '4500')
    await opened()
    for (let page = 0; page < 10 && !reader.state().loaded?.atStart; page++) {
      const { first } = reader.state().loaded ?? {}
      reader.history.more('before')
      await until(() => reader.state().loaded?.first !== first || reader.state().loaded?.atStart === true)
    }
    expect(texts()).toEqual(['needle 500', 'needle 1500', 'needle 2500', 'needle 3500', 'needle 4500'])
  })

  it('nothing is found: what was shown stays', async () => {
    const { reader, texts, until, opened } = read(haystack())
    reader.open()
    await opened()
    reader.change({ ...all, search: 'absent' }, reader.newest.at(-1))
    await until(
      () => reader.state().count?.done === true && reader.state().loaded !== undefined && !reader.state().searching,
    )
    expect(reader.state()).toMatchObject({ current: undefined, count: { hits: 0 } })
    expect(texts()).toContain('line 4999')
  })

  it('an expression that cannot be used is told beside the search, and the lines stay', async () => {
    const log = haystack()
    const { reader, texts, until, opened } = read(log)
    reader.open()
    await opened()
    log.refusal = new ProblemError({ code: 'log-search-invalid', message: 'Unterminated group' })
    reader.change({ ...all, search: '(', regex: true }, reader.newest.at(-1))
    await until(() => reader.state().searchProblem !== undefined)
    expect(reader.state().problem).toBeUndefined()
    expect(texts()).toContain('line 4999')
  })
})
