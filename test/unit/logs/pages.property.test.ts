import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { epoch, layOut, linesOf, logText, stampAt, timedText, pageOf, readAll, viewOf } from './simple'
import type { LogLine } from '../../../src/shared/log'

const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'im-unit-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 })
const settings = { numRuns: 150 }
const long = 'long '.repeat(20_000)
const shownIn = (lines: readonly LogLine[]): string[] => lines.map(it => it.text)

describe('pages of any log, cut into files anywhere', () => {
  it('one stream read forward and backward, in pages of any size, is its content split into lines', async () => {
    await fc.assert(
      fc.asyncProperty(logText, cuts, fc.integer({ min: 1, max: 40 }), (text, places, count) =>
        inFolder(async folder => {
          const live = join(folder, 'a-out.log')
          await layOut(live, Buffer.from(text), places)
          const view = viewOf(folder, [{ path: live, name: 'out' }])
          const forward = await readAll(view, count, 'forward')
          expect(shownIn(forward)).toEqual(linesOf(text))
          expect(await readAll(view, count, 'backward')).toEqual(forward)
        }),
      ),
      settings,
    )
  })

  const twoFiles = async (folder: string, out: string, err: string, places: readonly number[]) => {
    await layOut(join(folder, 'a-out.log'), Buffer.from(out), places)
    await layOut(join(folder, 'a-error.log'), Buffer.from(err), places.slice(1))
    return [
      { path: join(folder, 'a-out.log'), name: 'out' as const },
      { path: join(folder, 'a-error.log'), name: 'err' as const },
    ]
  }

  it('two streams are each complete and in their order, both ways, whatever the times say', async () => {
    await fc.assert(
      fc.asyncProperty(logText, logText, cuts, fc.integer({ min: 1, max: 40 }), (out, err, places, count) =>
        inFolder(async folder => {
          const view = viewOf(folder, await twoFiles(folder, out, err, places))
          for (const row of [await readAll(view, count, 'forward'), await readAll(view, count, 'backward')]) {
            expect(shownIn(row.filter(it => it.stream === 'out'))).toEqual(linesOf(out))
            expect(shownIn(row.filter(it => it.stream === 'err'))).toEqual(linesOf(err))
          }
        }),
      ),
      settings,
    )
  })

  it('two streams with times are one row in the order of their times, the same both ways, records kept together', async () => {
    await fc.assert(
      fc.asyncProperty(timedText, timedText, cuts, fc.integer({ min: 1, max: 40 }), (out, err, places, count) =>
        inFolder(async folder => {
          const view = viewOf(folder, await twoFiles(folder, out, err, places))
          const row = await readAll(view, count, 'forward')
          expect(await readAll(view, count, 'backward')).toEqual(row)
          const heads = row.filter(it => !it.continues)
          expect(heads.map(it => it.at)).toEqual(heads.map(it => it.at).toSorted((a, b) => (a ?? 0) - (b ?? 0)))
          // Between a head and the lines that go on with it, no line of the other stream.
          const torn = row.filter(
            (line, index) =>
              line.continues &&
              index > 0 &&
              row[index - 1]?.stream !== line.stream &&
              row.slice(0, index).some(it => it.stream === line.stream && !it.continues),
          )
          expect(torn).toEqual([])
        }),
      ),
      settings,
    )
  })

  it('around, before and after any line, and from any fraction, are parts of the same row', async () => {
    await fc.assert(
      fc.asyncProperty(
        timedText,
        timedText,
        cuts,
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (out, err, places, which, fraction) =>
          inFolder(async folder => {
            const view = viewOf(folder, await twoFiles(folder, out, err, places))
            const row = (await readAll(view, 1000, 'forward')).map(it => it.position)
            if (row.length === 0) return
            const index = which % row.length
            const position = row[index] ?? ''
            const at = async (anchor: Parameters<typeof pageOf>[1]) =>
              (await pageOf(view, anchor, 7)).lines.map(it => it.position)
            expect(await at({ type: 'before', position })).toEqual(row.slice(Math.max(0, index - 7), index))
            expect(await at({ type: 'after', position })).toEqual(row.slice(index + 1, index + 8))
            const around = await at({ type: 'around', position })
            expect(around).toContain(position)
            const first = row.indexOf(around[0] ?? '')
            expect(around).toEqual(row.slice(first, first + Math.min(7, row.length)))
            const somewhere = (await pageOf(view, { type: 'fraction', fraction }, 7)).lines.map(it => it.text)
            expect(somewhere.length).toBe(Math.min(7, row.length))
          }),
      ),
      settings,
    )
  })

  it('a time leads to the first line that was written then or later', async () => {
    await fc.assert(
      fc.asyncProperty(logText, cuts, fc.integer({ min: -1, max: 100 }), (text, places, seconds) =>
        inFolder(async folder => {
          const live = join(folder, 'a-out.log')
          await layOut(live, Buffer.from(text), places)
          const view = viewOf(folder, [{ path: live, name: 'out' }])
          const row = await readAll(view, 1000, 'forward')
          const time = epoch + seconds * 1000
          const page = await pageOf(view, { type: 'time', time }, 1000)
          const heads = row.filter(it => !it.continues && it.at !== undefined)
          const first = heads.find(it => (it.at ?? 0) >= time)
          expect(page.lines.map(it => it.position)).toEqual(expect.arrayContaining(first ? [first.position] : []))
          const ranged = await readAll(
            viewOf(folder, [{ path: live, name: 'out' }], { from: time, to: time + 5000 }),
            9,
            'forward',
          )
          expect(ranged.filter(it => !it.continues).map(it => it.position)).toEqual(
            heads.filter(it => (it.at ?? 0) >= time && (it.at ?? 0) <= time + 5000).map(it => it.position),
          )
        }),
      ),
      {
        ...settings,
        examples: [
          [`a\n${stampAt(0)}\na\n${long}\n`, [], 0],
          [`${stampAt(0)}a\n${stampAt(1)}}\na\n${long}\n`, [], 1],
        ],
      },
    )
  })
})
