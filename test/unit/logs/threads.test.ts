import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { logFilterSchema, type LogFilter, type LogPage, type LogProgress, type LogText } from '../../../src/shared/log'
import { toProblem } from '../../../src/shared/problem'
import { Logs, type SaveOptions } from '../../../src/main/logs/logs'
import type { LogTask } from '../../../src/main/logs/open'
import type { LogSources } from '../../../src/main/logs/sources'
import { LogThreads } from '../../../src/main/logs/threads'
import { logWorker, until } from '../../support/workspace'
import { temporary } from '../temporary'
import { stampAt, viewOf } from './simple'

async function threads(): Promise<{
  folder: string
  path: string
  run<T>(task: Partial<LogTask>, filter?: Partial<LogFilter>, secrets?: readonly string[]): Promise<T[]>
  made: LogThreads
}> {
  const folder = await temporary()
  const path = join(folder, 'a-out.log')
  const made = new LogThreads(logWorker)
  onTestFinished(() => made.close())
  return {
    folder,
    path,
    made,
    async run<T>(task: Partial<LogTask>, filter: Partial<LogFilter> = {}, secrets: readonly string[] = []) {
      const values: T[] = []
      for await (const it of made.run(
        { ...task, view: viewOf(folder, [{ path, name: 'out' }], filter, secrets) } as LogTask,
        new AbortController().signal,
      ))
        values.push(it as T)
      return values
    },
  }
}
const slow = { text: '(a+)+$', regex: true, matchCase: true }

describe('a pattern that never ends', () => {
  it.each([
    ['a page', { type: 'page', anchor: { type: 'end' }, count: 10 }],
    ['a count', { type: 'count' }],
    ['a search', { type: 'find', from: '0', direction: 'next' }],
    ['following', { type: 'follow', after: '0' }],
  ] as const)(
    'is told for %s, and holds up nothing else',
    async (_, task) => {
      const { path, run } = await threads()
      await writeFile(path, `first\n${'a'.repeat(60)}!\nlast\n`)
      const failing = run(task, { search: slow }).then(
        () => undefined,
        (error: unknown) => error,
      )
      const [page] = await run<LogPage>({ type: 'page', anchor: { type: 'end' }, count: 10 })
      expect(page?.lines).toHaveLength(3)
      expect(await failing).toMatchObject({ problem: { code: 'log-search-slow', field: 'filter.search.text' } })
      const [again] = await run<LogPage>(
        { type: 'page', anchor: { type: 'end' }, count: 10 },
        { search: { text: 'LAST', regex: false, matchCase: false } },
      )
      expect(again?.lines.at(-1)?.matches).toEqual([[0, 4]])
    },
    60_000,
  )
})

describe('a search of much', () => {
  const lines = 100_000
  const total = 20 * lines + 4
  // A character that stands for others: every line is looked at.
  const search = { text: '\ufffd!', regex: false, matchCase: true }
  it.each([
    ['a count', { type: 'count' }, { hits: 1, scanned: total, total, done: true }],
    ['the next one', { type: 'find', from: '0', direction: 'next' }, String(lines * 10)],
    ['the one before', { type: 'find', from: String(total), direction: 'previous' }, String(lines * 10)],
  ] as const)(
    '%s takes turns with who reads a page, and is found across them',
    async (_, task, expected) => {
      const { path, run } = await threads()
      await writeFile(
        path,
        Buffer.concat([
          Buffer.from('a line is\n'.repeat(lines)),
          Buffer.from([0xff]),
          Buffer.from('!!\n'),
          Buffer.from('a line is\n'.repeat(lines)),
        ]),
      )
      const order: string[] = []
      const searched = run(task, { search }).then(it => {
        order.push('search')
        return it.at(-1)
      })
      await run({ type: 'page', anchor: { type: 'start' }, count: 10 }).then(() => order.push('page'))
      expect(await searched).toEqual(expected)
      expect(order).toEqual(['page', 'search'])
    },
    60_000,
  )

  it('cancelled, is given up', async () => {
    const { folder, path, made, run } = await threads()
    await writeFile(path, 'a line is\n'.repeat(10 * lines))
    const stop = new AbortController()
    const searched = made
      .run(
        { view: viewOf(folder, [{ path, name: 'out' }], { search }), type: 'find', from: '0', direction: 'next' },
        stop.signal,
      )
      .next()
    await run({ type: 'page', anchor: { type: 'start' }, count: 10 })
    stop.abort()
    expect(await searched).toMatchObject({ done: true })
    // The thread is the same, and free: what was given up would hold up a count.
    const [page] = await run<LogPage>({ type: 'page', anchor: { type: 'start' }, count: 10 })
    expect(page?.lines).toHaveLength(10)
  }, 60_000)
})

describe('saving', () => {
  it('gives what the filter wants, masked, with the stamps, colours only if they are wanted', async () => {
    const { path, run } = await threads()
    await writeFile(
      path,
      `${stampAt(1)}\u001b[31mred hunter22\u001b[0m\u001b]0;title\u0007\n${stampAt(2)}blue\r\n${stampAt(3)}Error: red\n${stampAt(3)}    at f\n`,
    )
    const filter = { search: { text: 'red', regex: false, matchCase: false }, matchesOnly: true }
    const told = await run<LogText>({ type: 'text', colours: false }, filter, ['hunter22'])
    expect(told.at(-1)).toMatchObject({ done: true, text: '' })
    expect(told.map(it => it.text).join('')).toBe(
      `${stampAt(1)}red ••••••\n${stampAt(3)}Error: red\n${stampAt(3)}    at f\n`,
    )
    expect((await run<LogText>({ type: 'text', colours: true })).map(it => it.text).join('')).toContain(
      `${stampAt(1)}\u001b[31mred hunter22\u001b[0m\u001b[0m\n${stampAt(2)}blue\n`,
    )
  })

  /** As the router has it, on the log of a folder. */
  function logsOf(
    folder: string,
    path: string,
    made: LogThreads,
  ): {
    save(
      to: Partial<SaveOptions>,
      filter?: Partial<LogFilter>,
      signal?: AbortSignal,
    ): AsyncGenerator<LogProgress, void, undefined>
    exports: string
  } {
    const sources = {
      streams: async () => [{ path, name: 'out' as const }],
      secrets: async () => [],
    } as unknown as LogSources
    const exports = join(folder, 'exports')
    const logs = new Logs({
      sources,
      threads: made,
      cache: join(folder, 'cache'),
      exports,
      instances: async () => [],
      operations: () => [],
    })
    const query = (filter: Partial<LogFilter>) => ({
      source: { kind: 'app' as const },
      reveal: false,
      filter: logFilterSchema.parse(filter),
    })
    return {
      exports,
      save: (to, filter = {}, signal = new AbortController().signal) =>
        logs.save(
          query(filter),
          { path: join(folder, 'saved.log'), colours: false, overwrite: false, served: false, ...to },
          signal,
        ),
    }
  }

  it('writes a file for its user only; a served session, into the folder for exports only', async () => {
    const { folder, path, made } = await threads()
    await writeFile(path, 'all\nof it\n')
    const { save, exports } = logsOf(folder, path, made)
    for await (const _ of save({})) continue
    expect(await readFile(join(folder, 'saved.log'), 'utf8')).toBe('all\nof it\n')
    expect((await stat(join(folder, 'saved.log'))).mode & 0o777).toBe(0o600)
    for (const to of [
      join(folder, 'else.log'),
      join(exports, '../else.log'),
      join(exports, 'deeper/else.log'),
      exports,
    ]) {
      await expect(save({ path: to, served: true }).next()).rejects.toMatchObject({
        problem: { code: 'save-elsewhere', field: 'path' },
      })
    }
    for await (const _ of save({ path: join(exports, 'a.log'), served: true })) continue
    expect(await readFile(join(exports, 'a.log'), 'utf8')).toBe('all\nof it\n')
    expect((await stat(exports)).mode & 0o777).toBe(0o700)
    for (const overwrite of [false, true]) {
      await expect(save({ path: join(exports, 'a.log'), served: true, overwrite }).next()).rejects.toMatchObject({
        problem: { code: 'file-exists' },
      })
    }
    expect(await readFile(join(exports, 'a.log'), 'utf8')).toBe('all\nof it\n')
  })

  it('cancelled, or where it cannot be written, leaves nothing', async () => {
    const { folder, path, made } = await threads()
    const { save } = logsOf(folder, path, made)
    await writeFile(path, Array.from({ length: 300_000 }, (_, index) => `line ${index}\n`).join(''))
    const stop = new AbortController()
    for await (const it of save({}, {}, stop.signal)) {
      expect(it.done).toBe(false)
      stop.abort()
    }
    expect(await readdir(folder)).toEqual(['a-out.log'])
    await expect(save({ path: join(folder, 'none', 'saved.log') }).next()).rejects.toMatchObject({
      problem: { code: 'log-save-failed', field: 'path' },
    })
  })

  it('ended with its thread, which cannot tidy up, leaves nothing either', async () => {
    const { folder, path, made } = await threads()
    await writeFile(path, `${'a'.repeat(60)}!\n`)
    const saving = logsOf(folder, path, made).save({}, { search: slow, matchesOnly: true }).next().catch(toProblem)
    await until(async () => (await readdir(folder)).length === 2) // the part is there
    expect(await saving).toMatchObject({ code: 'log-search-slow' })
    expect(await readdir(folder)).toEqual(['a-out.log'])
  }, 60_000)

  it('more tasks at once than threads: all get their turn', async () => {
    const { path, run } = await threads()
    await writeFile(path, 'a\nb\n')
    const counts = await Promise.all(
      Array.from({ length: 9 }, () =>
        run<LogProgress>({ type: 'count' }, { search: { text: 'A', regex: true, matchCase: false } }),
      ),
    )
    expect(counts.map(it => it.at(-1)?.hits)).toEqual(Array.from({ length: 9 }, () => 1))
  }, 60_000)
})
