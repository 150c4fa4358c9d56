/**
 * Random logs, laid out in files as rotation leaves them, and the simplest reader there can be: the whole content,
 * split.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { logFilterSchema, type LogAnchor, type LogFilter, type LogPage } from '../../../src/shared/log'
import { perform } from '../../../src/main/logs/tasks'
import type { LogTask, LogView, StreamSource } from '../../../src/main/logs/open'
import { archivePath } from '../../../src/main/system/rotate-names'

/** Base of the times in random logs. Local time, as PM2 writes. */
export const epoch = new Date(2026, 10, 23, 12, 0, 0).getTime()

export function stampAt(seconds: number): string {
  const at = new Date(epoch + seconds * 1000)
  const two = (it: number): string => String(it).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}: `
}

/** Writes a content as a live file with archives cut at these parts of it. @param cuts 0 to 1 */
export async function layOut(live: string, content: Buffer, cuts: readonly number[]): Promise<void> {
  const places = [...new Set([0, ...cuts.map(it => Math.floor(it * content.length))])].toSorted((a, b) => a - b)
  for (const [index, start] of places.slice(0, -1).entries()) {
    const end = places[index + 1] ?? start
    await writeFile(archivePath(live, { start, end, pending: false }), gzipSync(content.subarray(start, end)))
  }
  await writeFile(live, content.subarray(places.at(-1) ?? 0))
}

export const viewOf = (
  folder: string,
  streams: readonly StreamSource[],
  filter: Partial<LogFilter> = {},
  secrets: readonly string[] = [],
): LogView => ({ streams, filter: logFilterSchema.parse(filter), secrets, cache: join(folder, 'cache') })

export async function all<T>(task: LogTask, signal = new AbortController().signal): Promise<T[]> {
  const values: T[] = []
  for await (const it of perform(task, { alive: () => undefined, signal })) values.push(it as T)
  return values
}

export async function pageOf(view: LogView, anchor: LogAnchor, count: number): Promise<LogPage> {
  const [page] = await all<LogPage>({ view, type: 'page', anchor, count })
  if (!page) throw new Error('no page came')
  return page
}

/** All lines, page by page, from one end to the other. */
export async function readAll(
  view: LogView,
  count: number,
  direction: 'forward' | 'backward',
): Promise<LogPage['lines'][number][]> {
  const lines: LogPage['lines'][number][] = []
  let anchor: LogAnchor = { type: direction === 'forward' ? 'start' : 'end' }
  for (;;) {
    const page = await pageOf(view, anchor, count)
    if (direction === 'forward') lines.push(...page.lines)
    else lines.unshift(...page.lines)
    const edge = direction === 'forward' ? page.lines.at(-1) : page.lines[0]
    const position = page.more ?? edge?.position
    if ((direction === 'forward' ? page.atEnd : page.atStart) || position === undefined) return lines
    anchor = { type: direction === 'forward' ? 'after' : 'before', position }
  }
}

/** One random line: without its end. Some have no time, some go on, some are long. */
const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.string({
      unit: fc.constantFrom('a', 'b', 'error', ' ', 'ä', '€', '\t', '🎉', 'Error: ', 'x'),
      maxLength: 30,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('TypeError: broken', '    at f (index.js:1:2)', '    at g (index.js:3:4)', '}', ''),
  },
  { weight: 1, arbitrary: fc.nat({ max: 3 }).map(it => 'long '.repeat(it * 20_000)) },
)
const textOf = (lines: readonly (readonly [number, boolean, string, string])[]): string => {
  let seconds = 0
  return lines
    .map(([later, stamped, text, end]) => {
      seconds += later
      return (stamped ? stampAt(seconds) : '') + text + end
    })
    .join('')
}
const end = fc.constantFrom('\n', '\n', '\n', '\r\n')

/** Some lines have no time, some are long. */
export const logText = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.boolean(), body, end), { maxLength: 80 }).map(textOf)
/** Every line has its time, none is long. */
export const timedText = fc
  .array(
    fc.tuple(
      fc.nat({ max: 3 }),
      fc.constant(true),
      body.filter(it => it.length < 1000),
      end,
    ),
    { maxLength: 80 },
  )
  .map(textOf)

/** The lines of a text as they are to be shown. */
export const linesOf = (text: string): string[] => {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map(it =>
    Buffer.from(it.replace(/\r$/, ''))
      .subarray(0, 8192)
      .toString()
      .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: /, ''),
  )
}
