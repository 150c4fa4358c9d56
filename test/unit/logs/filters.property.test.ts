import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogFilter, LogLine, LogPosition, LogProgress } from '../../../src/shared/log'
import { all, layOut, logText, pageOf, readAll, timedText, viewOf } from './simple'

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })
const settings = { numRuns: 120 }
/** Rare, frequent and matching nothing; with another case, with a character that is not ASCII, across colours. */
const needle = fc.constantFrom('a', 'TypeError', 'typeerror', 'F (INDEX', 'ä', 'AÄ', '€', 'zzz', 'ab', '🎉', ' ')

interface Log {
  readonly folder: string
  readonly streams: { path: string; name: 'out' | 'err' }[]
}
async function withLog(
  out: string,
  err: string,
  places: readonly number[],
  work: (log: Log) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'im-unit-'))
  const streams = [
    { path: join(folder, 'a-out.log'), name: 'out' as const },
    { path: join(folder, 'a-error.log'), name: 'err' as const },
  ]
  try {
    await layOut(join(folder, 'a-out.log'), Buffer.from(out), places)
    await layOut(join(folder, 'a-error.log'), Buffer.from(err), places)
    await work({ folder, streams })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A filter as its words say it, on one stream's lines: records that are wanted, and lines beside them. */
function simply(
  lines: readonly LogLine[],
  wanted: (record: readonly LogLine[]) => boolean,
  context: number,
): LogLine[] {
  const records: LogLine[][] = []
  for (const line of lines) {
    if (line.continues && records.at(-1)?.[0]?.continues === false) records.at(-1)?.push(line)
    else records.push([line])
  }
  const kept = records.flatMap(it => it.map(() => wanted(it)))
  return lines.filter((_, index) => kept.slice(Math.max(0, index - context), index + context + 1).includes(true))
}

const has = (text: string, sought: string, matchCase: boolean): boolean =>
  matchCase ? text.includes(sought) : new RegExp(sought.replace(/[()]/g, String.raw`\$&`), 'i').test(text)

describe('filters against a simple reader', () => {
  it('a search, matching lines only, with context, with errors only', async () => {
    await fc.assert(
      fc.asyncProperty(
        timedText,
        timedText,
        cuts,
        needle,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 30 }),
        (out, err, places, text, matchCase, errorsOnly, context, count) =>
          withLog(out, err, places, async ({ folder, streams }) => {
            const filter: Partial<LogFilter> = {
              search: { text, matchCase, regex: false },
              matchesOnly: true,
              context,
              errorsOnly,
            }
            for (const stream of streams) {
              const row = await readAll(viewOf(folder, [stream]), 1000, 'forward')
              const expected = simply(
                row,
                it => it.some(line => has(line.text, text, matchCase)) && (!errorsOnly || it[0]?.error === true),
                context,
              ).map(it => it.position)
              for (const direction of ['forward', 'backward'] as const) {
                expect(
                  (await readAll(viewOf(folder, [stream], filter), count, direction)).map(it => it.position),
                ).toEqual(expected)
              }
            }
            const both = await readAll(viewOf(folder, streams, filter), count, 'forward')
            const rest = await readAll(viewOf(folder, streams, filter), count, 'backward')
            expect(offsets(rest.map(it => it.position))).toEqual(offsets(both.map(it => it.position)))
            expect(rest.map(it => it.text)).toEqual(both.map(it => it.text))
            // Another filter, at the same line: the other stream goes on at the same moment.
            const everything = await readAll(viewOf(folder, streams), 1000, 'forward')
            for (const { position } of both.slice(0, 3)) {
              const {
                lines: [first],
              } = await pageOf(viewOf(folder, streams), { type: 'before', position }, 1)
              const index = offsets(everything.map(it => it.position)).indexOf(offsets([position])[0] ?? '')
              expect(first?.text).toBe(everything[index - 1]?.text)
            }
          }),
      ),
      settings,
    )
  })

  it('counts the lines that match, wherever counting stops', async () => {
    await fc.assert(
      fc.asyncProperty(
        logText,
        logText,
        cuts,
        needle,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        (out, err, places, text, matchCase, errorsOnly, regex, which) =>
          withLog(out, err, places, async ({ folder, streams }) => {
            const search = { text: regex ? text.replace('(', '\\(') : text, matchCase, regex }
            const row = await readAll(viewOf(folder, streams, { search: { ...search }, errorsOnly }), 1000, 'forward')
            // A long line is searched as a whole, though only its beginning is shown.
            const hits = row.filter(it => has(it.cut === undefined ? it.text : 'long '.repeat(9), text, matchCase))
            const counted = async (until?: string) =>
              (
                await all<LogProgress>({ view: viewOf(folder, streams, { search, errorsOnly }), type: 'count', until })
              ).at(-1)
            expect(await counted()).toMatchObject({ hits: hits.length, done: true })
            const until = hits[which % Math.max(1, hits.length)]
            expect((await counted(until?.position))?.hits).toBe(until ? hits.indexOf(until) + 1 : 0)
          }),
      ),
      settings,
    )
  })

  it('finds every match from the one before it, both ways', async () => {
    await fc.assert(
      fc.asyncProperty(timedText, timedText, cuts, needle, (out, err, places, text) =>
        withLog(out, err, places, async ({ folder, streams }) => {
          const view = viewOf(folder, streams, { search: { text, matchCase: false, regex: false } })
          const row = await readAll(view, 1000, 'forward')
          const expected = row.filter(it => it.matches.length > 0).map(it => it.position)
          for (const direction of ['next', 'previous'] as const) {
            const found: LogPosition[] = []
            let from = direction === 'next' ? '9.0.0' : '9.99999999.99999999'
            for (;;) {
              const [next] = await all<LogPosition | null>({ view, type: 'find', from, direction })
              if (next === null || next === undefined) break
              found.push(next)
              from = next
            }
            expect(offsets(direction === 'next' ? found : found.toReversed())).toEqual(offsets(expected))
          }
        }),
      ),
      { numRuns: 60 },
    )
  })
})

/** Which line a position names, whatever it says of the other stream. */
const offsets = (positions: readonly string[]): string[] => positions.map(it => it.split('.').slice(0, 2).join('.'))
