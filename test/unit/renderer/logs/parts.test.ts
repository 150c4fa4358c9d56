import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { LogLine } from '../../../../src/shared/log'
import { contrast, drawnColours } from '../../../../src/renderer/src/logs/colours'
import { foldLines } from '../../../../src/renderer/src/logs/folds'
import { head, liveText, shownLength } from '../../../../src/renderer/src/logs/live-text'
import {
  clockOf,
  inputOf,
  isOtherDay,
  momentOf,
  rangeOf,
  rangeWord,
  timeZone,
} from '../../../../src/renderer/src/logs/moments'
import { hitsWord } from '../../../../src/renderer/src/logs/search-field'
import { loadedOf, withBefore } from '../../../../src/renderer/src/logs/pages'
import { paneOf, panesOf, panesText, paneText } from '../../../../src/renderer/src/logs/sources'
import { colouredOf, plainOf, spansOf } from '../../../../src/renderer/src/logs/spans'
import { everything, filterWords, isFiltered, isPast, queryOf } from '../../../../src/renderer/src/logs/wanted'

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  position: '0',
  text,
  error: false,
  continues: false,
  matches: [],
  ...more,
})

describe('a line as pieces', () => {
  it('knows the colours of 16, 256 and all, on text and ground, and the styles', () => {
    expect(spansOf('a\u001b[1;31mb\u001b[22mc\u001b[0md')).toEqual([
      { text: 'a', style: {} },
      { text: 'b', style: { bold: true, fg: 1 } },
      { text: 'c', style: { bold: false, dim: false, fg: 1 } },
      { text: 'd', style: {} },
    ])
    const styles = (text: string) => spansOf(text)[0]?.style
    expect(styles('\u001b[97;104mx')).toEqual({ fg: 15, bg: 12 })
    expect(styles('\u001b[38;5;208;48;2;1;2;3mx')).toEqual({ fg: 208, bg: '#010203' })
    expect(styles('\u001b[38:5:208mx')).toEqual({ fg: 208 })
    expect(styles('\u001b[38:2::255:0:16mx')).toEqual({ fg: '#ff0010' })
    expect(styles('\u001b[38;2;999;0;0mx')).toEqual({ fg: '#ff0000' })
    expect(styles('\u001b[31;39mx')).toEqual({ fg: undefined })
    expect(styles('\u001b[3;4;7;9mx')).toEqual({ italic: true, underline: true, inverse: true, struck: true })
    expect(styles('\u001b[38mx')).toEqual({})
  })
  it('cuts where a match begins and ends, across colours', () => {
    expect(
      spansOf('ab\u001b[31mcd\u001b[0mef', [
        [1, 3],
        [5, 6],
      ]).map(it => [it.text, it.match ?? false, it.style.fg]),
    ).toEqual([
      ['a', false, undefined],
      ['b', true, undefined],
      ['c', true, 1],
      ['d', false, 1],
      ['e', false, undefined],
      ['f', true, undefined],
    ])
  })
  it('whatever a line says: no control goes further, and no character is lost', () => {
    const unit = fc.constantFrom(
      '\u001b',
      '[',
      ']',
      '0',
      '3',
      '1',
      ';',
      ':',
      'm',
      'J',
      '\u0007',
      'a',
      'é',
      '\u202e',
      '\u009b',
      '\t',
      '<b>',
      '\u0000',
    )
    fc.assert(
      fc.property(fc.string({ unit }), fc.array(fc.tuple(fc.nat(30), fc.nat(30))), (text, ranges) => {
        const matches = ranges.map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)])
        const joined = spansOf(text, matches)
          .map(it => it.text)
          .join('')
        expect(joined).toBe(plainOf(text))
        expect(joined).toHaveLength(text.replaceAll(/\u001b\[[0-9;:]*m/g, '').length)
        expect(joined).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e]/)
        expect(
          liveText(line(text, { matches }), { scheme: 'dark', precise: false, before: undefined }).replaceAll(
            /\u001b\[[0-9;]*m/g,
            '',
          ),
        ).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e]/)
      }),
    )
  })
  it('copies with its colours as they were, and without', () => {
    expect(colouredOf('a \u001b[31mred\u001b[0m b')).toBe('\u001b[0ma \u001b[0;38;5;1mred\u001b[0m b\u001b[0m')
    expect(colouredOf('plain')).toBe('plain')
    expect(plainOf('a \u001b[31mred\u001b[0m b')).toBe('a red b')
  })
  it('shows the beginning of a long line, and says how much is left', () => {
    const { spans, rest } = head(spansOf(`\u001b[31m${'x'.repeat(1500)}\u001b[0m${'y'.repeat(500)}`), shownLength)
    expect(spans.map(it => it.text).join('')).toBe('x'.repeat(1000))
    expect(rest).toBe(1000)
    expect(
      liveText(line('x'.repeat(2000), { cut: 3 * 1024 * 1024 }), {
        scheme: 'light',
        precise: false,
        before: undefined,
      }),
    ).toContain('3.0 MB')
  })
  it('a stack trace has neither time nor mark of its own', () => {
    const drawn = (more: Partial<LogLine>) =>
      liveText(line('text', { at: Date.parse('2026-11-23T14:05:09.120'), error: true, ...more }), {
        scheme: 'dark',
        precise: false,
        before: undefined,
      }).replaceAll(/\u001b\[[0-9;]*m/g, '')
    expect(drawn({})).toBe('14:05:09  ✖ text')
    expect(drawn({ continues: true })).toBe('              text')
  })
})

describe('colours on our ground', () => {
  it('are legible in light and dark, whatever is asked for', () => {
    const colour = fc.oneof(
      fc.nat(255),
      fc.nat(0xffffff).map(it => `#${it.toString(16).padStart(6, '0')}`),
    )
    const style = fc.record({
      fg: fc.option(colour, { nil: undefined }),
      bg: fc.option(colour, { nil: undefined }),
      inverse: fc.boolean(),
      dim: fc.boolean(),
    })
    expect(() =>
      fc.assert(
        fc.property(style, fc.constantFrom('light' as const, 'dark' as const), (it, scheme) => {
          const { color, backgroundColor = { light: '#f8f9fb', dark: '#131519' }[scheme] } = drawnColours(it, scheme)
          return color === undefined || contrast(color, backgroundColor) >= 4.5
        }),
      ),
    ).not.toThrow()
  })
  it("text without colours takes the page's", () => {
    expect(drawnColours({ bold: true }, 'dark')).toEqual({})
  })
})

describe('folding', () => {
  const lines = ['a', 'b', ' at 1', ' at 2', ' at 3', 'c', ' at 1'].map((text, index) =>
    line(text, { position: String(index), continues: text.startsWith(' ') }),
  )
  const texts = (all: boolean, exceptions: string[] = []) =>
    foldLines(lines, all, new Set(exceptions)).map(it => it.line.text)
  it('keeps a stack under its line, or folds it: all, or only some', () => {
    expect(texts(false)).toEqual(lines.map(it => it.text))
    expect(texts(true)).toEqual(['a', 'b', 'c', ' at 1'])
    expect(texts(false, ['1'])).toEqual(['a', 'b', 'c', ' at 1'])
    expect(texts(true, ['1'])).toEqual(lines.map(it => it.text))
    expect(foldLines(lines, true, new Set())[1]).toMatchObject({ follows: 3, folded: true })
  })
  it('frames whose line is not here are no stack of their own', () => {
    expect(foldLines(lines.slice(2), true, new Set())).toHaveLength(5)
  })
})

describe('pages', () => {
  it('a line that came with another filter is the same line', () => {
    const page = (positions: string[]) => ({
      lines: positions.map(position => line(position, { position })),
      atStart: false,
      atEnd: true,
      from: 0,
      to: 1,
      size: 1,
    })
    const loaded = withBefore(loadedOf(page(['0.20.5', '0.30.5']), { type: 'end' }), page(['0.10.5', '0.20.0.5']))
    expect(loaded.lines.map(it => it.position)).toEqual(['0.10.5', '0.20.5', '0.30.5'])
  })
})

describe('moments', () => {
  const at = new Date(2026, 10, 23, 14, 5, 9, 7).getTime()
  it('are as wide for every moment', () => {
    expect(clockOf(at, false)).toBe('14:05:09')
    expect(clockOf(at, true)).toBe('14:05:09.007')
  })
  it('another day is told', () => {
    expect(isOtherDay(at, undefined)).toBe(false)
    expect(isOtherDay(at, at - 3_600_000)).toBe(false)
    expect(isOtherDay(new Date(2026, 10, 24, 0, 0, 1).getTime(), at)).toBe(true)
    expect(isOtherDay(at, new Date(2026, 9, 23, 14, 5, 9).getTime())).toBe(true)
  })
  it('presets count back from now; today begins at midnight here', () => {
    const now = new Date(at)
    expect(rangeOf('30', now)).toEqual({ preset: '30', from: at - 1_800_000 })
    expect(rangeOf('today', now)).toEqual({ preset: 'today', from: new Date(2026, 10, 23).getTime() })
    expect(rangeOf('all', now)).toEqual({ preset: 'all' })
    expect(rangeWord(rangeOf('60', now))).toBe('Last hour')
    expect(rangeWord({ preset: 'custom', from: at })).toMatch(/^From /)
    expect(rangeWord({ preset: 'custom', to: at })).toMatch(/^Until /)
  })
  it('go into a field and come back as they were', () => {
    expect(inputOf(at)).toBe('2026-11-23T14:05:09')
    expect(momentOf(inputOf(at))).toBe(at - 7)
    expect(momentOf('')).toBeUndefined()
    expect(timeZone(new Date(at))).toMatch(/^.+ \(UTC[+−]\d\d:\d\d\)$/)
  })
})

describe('addresses', () => {
  it.each([
    'instance.Lakeside.both',
    'instance.a-b_c.err!',
    'service.postgres@1732387509123',
    'operation.20261123T140509123Z-0a1b2c3d',
    'app',
  ])('%s is read as it was written', text => {
    const pane = paneOf(text)
    expect(pane && paneText(pane)).toBe(text)
  })
  it.each([
    '',
    'instance',
    'instance..both',
    'instance.a/b.both',
    'instance.x.all',
    'service.redis',
    'app!!',
    '../../etc',
  ])('%s is no log', text => {
    expect(paneOf(text)).toBeUndefined()
  })
  it('several side by side; what is none is left out', () => {
    expect(panesText(panesOf('app/nothing/service.pgbouncer'))).toBe('app/service.pgbouncer')
  })
})

describe('what is wanted', () => {
  const all = everything({ kind: 'app' })
  it('context and only matching lines need a search', () => {
    expect(queryOf({ ...all, matchesOnly: true, context: 3 }).filter).toMatchObject({
      search: undefined,
      matchesOnly: false,
      context: 0,
    })
    expect(queryOf({ ...all, search: 'x', regex: true, matchesOnly: true, context: 3 }).filter).toMatchObject({
      search: { text: 'x', regex: true, matchCase: false },
      matchesOnly: true,
      context: 3,
    })
    expect(isFiltered({ ...all, search: 'x' })).toBe(false)
    expect(isFiltered({ ...all, search: 'x', matchesOnly: true })).toBe(true)
  })
  it('nothing new comes into what is past', () => {
    expect(isPast({ ...all, range: { preset: 'custom', to: 10 } }, 11)).toBe(true)
    expect(isPast({ ...all, range: { preset: 'custom', to: 12 } }, 11)).toBe(false)
    expect(isPast(all)).toBe(false)
  })
  it('says in words what is saved', () => {
    expect(filterWords(all, undefined)).toBe('')
    expect(filterWords({ ...all, errorsOnly: true, search: 'boom', matchesOnly: true, context: 2 }, 'last hour')).toBe(
      'only errors, last hour, only lines with “boom” and 2 around each',
    )
  })
  it('says what was found', () => {
    const count = { hits: 3402, scanned: 50, total: 100, done: false }
    expect(hitsWord({ count, rank: undefined, ended: undefined })).toBe('3,402 matches so far (50 %)')
    expect(hitsWord({ count: { ...count, done: true }, rank: 12, ended: undefined })).toBe('12 of 3,402 matches')
    expect(hitsWord({ count: { ...count, hits: 1, done: true }, rank: 1, ended: 'next' })).toBe(
      '1 of 1 match · last match',
    )
    expect(hitsWord({ count: { ...count, hits: 0, done: true }, rank: undefined, ended: undefined })).toBe('No matches')
  })
})
