/**
 * A 3 GB log read by the engine: opened at its end, compared with `tail -n 1000`; searched, compared with `grep -c`
 * and, if installed, ripgrep; and the memory used. All sides take turns on the same file in the page cache. Includes
 * the threads, not the window.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { logFilterSchema, type LogFilter, type LogPage, type LogProgress } from '../../src/shared/log'
import type { LogTask } from '../../src/main/logs/open'
import { LogThreads } from '../../src/main/logs/threads'
import type { Bench, BenchContext, Measured } from './bench'
import { begin, needle, writeBigLog } from './big-log'

/** Built by npm run bench. */
const worker = resolve(import.meta.dirname, '../../out/main/log-worker.cjs')

const bench: Bench = {
  name: 'logs',
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'im-bench-'))
    try {
      const path = join(folder, 'school-out.log')
      context.say('writing 3 GB')
      await writeBigLog(path)
      return await measure(folder, path, context)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
export default bench

async function measure(folder: string, path: string, { runs, say }: BenchContext): Promise<Measured[]> {
  const { size } = await stat(path)
  const perform = async <T>(
    threads: LogThreads,
    task: Partial<LogTask>,
    filter: Partial<LogFilter> = {},
  ): Promise<T> => {
    let last: unknown
    const view = {
      streams: [
        { path, name: 'out' as const },
        { path: join(folder, 'school-error.log'), name: 'err' as const },
      ],
      filter: logFilterSchema.parse(filter),
      secrets: ['a-secret-of-the-instance'],
      cache: join(folder, 'cache'),
    }
    for await (const it of threads.run({ ...task, view } as LogTask, new AbortController().signal)) last = it
    return last as T
  }
  const search = (more: Partial<LogFilter['search'] & object> = {}) => ({
    search: { text: needle, regex: false, matchCase: true, ...more },
  })
  const ripgrep = (await execa('rg', ['--version'], { reject: false })).exitCode === 0
  if (!ripgrep) say('ripgrep isn’t installed')
  const values: Record<
    'cold' | 'warm' | 'tail' | 'time' | 'exact' | 'anyCase' | 'pattern' | 'grep' | 'rg' | 'grown',
    number[]
  > = { cold: [], warm: [], tail: [], time: [], exact: [], anyCase: [], pattern: [], grep: [], rg: [], grown: [] }
  const expected = (await execa('grep', ['-c', '-F', needle, path], { env: { LC_ALL: 'C' } })).stdout
  for (let run = 0; run < runs; run++) {
    const threads = new LogThreads(worker)
    try {
      const before = process.memoryUsage.rss()
      let most = before
      const watching = setInterval(() => {
        most = Math.max(most, process.memoryUsage.rss())
      }, 20)
      const open = { type: 'page', anchor: { type: 'end' }, count: 1000 } as const
      values.cold.push(await taken(() => perform<LogPage>(threads, open)))
      values.warm.push(await taken(() => perform<LogPage>(threads, open)))
      values.tail.push(await taken(() => execa('tail', ['-n', '1000', path])))
      values.time.push(
        await taken(() =>
          perform<LogPage>(threads, { type: 'page', anchor: { type: 'time', time: begin + 30 * 60_000 }, count: 200 }),
        ),
      )
      const count = async (filter: Partial<LogFilter>): Promise<number> =>
        size /
        1e6 /
        (await taken(async () => {
          const { hits } = await perform<LogProgress>(threads, { type: 'count' }, filter)
          if (String(hits) !== expected) throw new Error(`${hits} lines were found, grep finds ${expected}`)
        }))
      values.exact.push(await count(search()))
      values.anyCase.push(await count(search({ text: needle.toUpperCase(), matchCase: false })))
      clearInterval(watching)
      values.grown.push((most - before) / 1e6)
      values.grep.push(size / 1e6 / (await taken(() => execa('grep', ['-c', '-F', needle, path]))))
      if (ripgrep) values.rg.push(size / 1e6 / (await taken(() => execa('rg', ['-c', '-F', needle, path]))))
      if (run === 0) values.pattern.push(await count(search({ text: String.raw`refused by \w+ 4711`, regex: true })))
      say(
        `opened in ${values.warm.at(-1)?.toFixed(0)} ms, tail ${values.tail.at(-1)?.toFixed(0)} ms; searched at ${values.exact.at(-1)?.toFixed(2)} GB/s, grep ${values.grep.at(-1)?.toFixed(2)}`,
      )
    } finally {
      await threads.close()
    }
  }
  return [
    {
      name: 'the last 1000 lines of 3 GB, first log of all (a thread starts)',
      unit: 'ms',
      values: values.cold,
      goal: '<= 150',
    },
    { name: 'the same, later', unit: 'ms', values: values.warm, goal: '<= 150' },
    { name: 'tail -n 1000', unit: 'ms', values: values.tail },
    { name: 'jump to a time in it', unit: 'ms', values: values.time },
    { name: 'search for a text', unit: 'GB/s', values: values.exact, goal: '>= 0.5' },
    { name: 'search for a text in any case', unit: 'GB/s', values: values.anyCase, goal: '>= 0.5' },
    { name: 'search for a regular expression', unit: 'GB/s', values: values.pattern },
    { name: 'grep -c -F', unit: 'GB/s', values: values.grep },
    ...(ripgrep ? [{ name: 'rg -c -F', unit: 'GB/s', values: values.rg }] : []),
    { name: 'memory growth of the engine meanwhile, at most', unit: 'MB', values: values.grown, goal: '<= 60' },
  ]
}

async function taken(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
