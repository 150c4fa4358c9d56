import { appendFile, chmod, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LogFilter, LogNews } from '../../../src/shared/log'
import { perform } from '../../../src/main/logs/tasks'
import type { StreamSource } from '../../../src/main/logs/open'
import { archivePath } from '../../../src/main/system/rotate-names'
import { temporary } from '../temporary'
import { until } from '../../support/pm2'
import { pageOf, readAll, viewOf } from './simple'

interface Following {
  readonly news: LogNews[]
  texts(): string[]
  stop(): Promise<void>
}

/** Follows until the test is over. @param after a position */
function follow(
  folder: string,
  streams: readonly StreamSource[],
  { filter = {}, after, drawn }: { filter?: Partial<LogFilter>; after?: string; drawn?: boolean } = {},
): Following {
  const stop = new AbortController()
  const news: LogNews[] = []
  const done = (async () => {
    for await (const it of perform(
      { view: viewOf(folder, streams, filter), type: 'follow', after, drawn },
      { alive: () => undefined, signal: stop.signal },
    ))
      news.push(it as LogNews)
  })().catch((error: unknown) => {
    if (error !== stop.signal.reason) throw error // stopped while a segment is inflated, it ends with that reason
  })
  const following = {
    news,
    texts: () => news.flatMap(it => it.lines.map(line => line.text)),
    async stop() {
      stop.abort()
      await done
    },
  }
  onTestFinished(() => following.stop())
  return following
}

async function instance() {
  const folder = await temporary()
  const [out, err] = [join(folder, 'a-out.log'), join(folder, 'a-error.log')]
  await writeFile(out, 'first\n')
  await writeFile(err, '')
  return {
    folder,
    out,
    err,
    streams: [
      { path: out, name: 'out' as const },
      { path: err, name: 'err' as const },
    ],
  }
}
/** The first look has happened: what comes from here on is new. */
const begun = async (following: Following, path: string): Promise<void> => {
  await until(async () => {
    if (following.texts().includes('mark')) return true
    await appendFile(path, 'mark\n')
    return false
  })
  await until(() => following.texts().length > 0)
}
const rest = (following: Following): string[] => following.texts().filter(it => it !== 'mark')

describe('following', () => {
  it('gives whole lines as they come, of both streams, and goes on from a position', async () => {
    const { folder, out, err, streams } = await instance()
    const { lines } = await pageOf(viewOf(folder, streams), { type: 'end' }, 10)
    await appendFile(out, 'second\n')
    const following = follow(folder, streams, { after: lines.at(-1)?.position })
    await until(() => following.texts().length === 1)
    await appendFile(out, 'half')
    await appendFile(err, 'bad\n')
    await until(() => following.texts().length === 2)
    await appendFile(out, ' whole\n')
    await until(() => following.texts().length === 3)
    expect(following.texts()).toEqual(['second', 'bad', 'half whole'])
    // A page goes on before any line that came.
    const last = following.news.at(-1)?.lines.at(-1)
    const before = await pageOf(viewOf(folder, streams), { type: 'before', position: last?.position ?? '' }, 10)
    expect(before.lines.map(it => it.text).toSorted()).toEqual(['bad', 'first', 'second'])
  })

  it('an emptied file begins anew, also when it is as long as before', async () => {
    const { folder, out, streams } = await instance()
    const following = follow(folder, streams)
    await begun(following, out)
    await truncate(out, 0)
    await appendFile(out, 'anew\n')
    await until(() => following.texts().includes('anew'))
    expect(following.news.some(it => it.restarted)).toBe(true)
    const { length } = following.news
    await writeFile(out, 'ANEW\nmore\n') // emptied and written again at once, longer than before
    await until(() => following.texts().includes('more'))
    expect(following.news.slice(length).some(it => it.restarted)).toBe(true)
    expect(rest(following)).toEqual(['anew', 'ANEW', 'more'])
  })

  it('a file in its place: the end of the old one is read first, then the new one from its beginning', async () => {
    const { folder, out, streams } = await instance()
    const following = follow(folder, streams)
    await begun(following, out)
    await rename(out, join(folder, 'a-out.log.1'))
    await appendFile(join(folder, 'a-out.log.1'), 'end of the old\n')
    await writeFile(out, 'begin of the new\n')
    await until(() => following.texts().includes('begin of the new'))
    expect(rest(following)).toEqual(['end of the old', 'begin of the new'])
    expect(following.news.filter(it => it.restarted)).toHaveLength(1)
  })

  it('a file that vanishes and comes again, and one that is not there yet', async () => {
    const { folder, out, streams } = await instance()
    const following = follow(folder, streams)
    await begun(following, out)
    await rm(out)
    await writeFile(out, 'back\n')
    await until(() => following.texts().includes('back'))
    const other = follow(folder, [{ path: join(folder, 'later', 'b-out.log') }])
    await mkdir(join(folder, 'later'))
    await writeFile(join(folder, 'later', 'b-out.log'), 'there\n')
    await until(() => other.texts().includes('there'))
    expect(rest(following)).toEqual(['back'])
  })

  it('rotation under it doubles and loses nothing', async () => {
    const { folder, out, streams } = await instance()
    await writeFile(out, '')
    const following = follow(folder, streams.slice(0, 1))
    let [start, written] = [0, 0]
    let content = ''
    for (let round = 0; round < 12; round++) {
      for (let line = 0; line < 50; line++) {
        const text = `line ${written++}\n`
        content += text
        await appendFile(out, text)
      }
      // What our rotation does, in one moment for a reader: the head goes into an archive, in the middle of a line.
      const cut = Math.floor(content.length * 0.7)
      const pending = archivePath(out, { start, end: start + cut, pending: true })
      await writeFile(pending, gzipSync(content.slice(0, cut)))
      execFileSync('dd', [`of=${out}`, 'conv=notrunc', 'status=none'], { input: content.slice(cut) })
      await truncate(out, content.length - cut)
      await rename(pending, archivePath(out, { start, end: start + cut, pending: false }))
      content = content.slice(cut)
      start += cut
    }
    const expected = Array.from({ length: written }, (_, index) => `line ${index}`)
    await until(() => following.texts().length >= written)
    expect(following.texts()).toEqual(expected)
    expect(following.news.some(it => it.restarted)).toBe(false)
    expect((await readAll(viewOf(folder, streams.slice(0, 1)), 97, 'forward')).map(it => it.text)).toEqual(expected)
  })

  it.each([
    [false, 500],
    [true, 200],
  ])('who is far behind is told how many lines it missed, and gets the last ones; drawn: %s', async (drawn, most) => {
    const { folder, out, streams } = await instance()
    const { lines } = await pageOf(viewOf(folder, streams), { type: 'end' }, 10)
    const text = Array.from(
      { length: 200_000 },
      (_, index) => `line ${index} of a flood that goes on and on and on\n`,
    ).join('')
    await appendFile(out, text)
    const following = follow(folder, streams, { after: lines.at(-1)?.position, drawn })
    await until(() => following.texts().at(-1)?.startsWith('line 199999 ') === true)
    const skipped = following.news.reduce((sum, it) => sum + it.skipped, 0)
    expect(skipped).toBeGreaterThan(0)
    expect(skipped + following.texts().length).toBe(200_000)
    expect(following.news.every(it => it.lines.length <= most)).toBe(true)
  })

  it('a view of only the errors misses none in a flood that is too much to be drawn', async () => {
    const { folder, out, streams } = await instance()
    const { lines } = await pageOf(viewOf(folder, streams), { type: 'end' }, 10)
    await appendFile(
      out,
      Array.from({ length: 50_000 }, (_, index) =>
        index % 1000 ? `line ${index} of a flood that goes on and on and on\n` : `Error: ${index}\n`,
      ).join(''),
    )
    const following = follow(folder, streams, {
      after: lines.at(-1)?.position,
      filter: { errorsOnly: true },
      drawn: true,
    })
    await until(() => following.texts().includes('Error: 49000'))
    expect(following.texts()).toHaveLength(50)
    expect(following.news.every(it => it.skipped === 0)).toBe(true)
  })

  it('filters what comes; a stack trace that matches late comes as a whole', async () => {
    const { folder, out, err, streams } = await instance()
    const following = follow(folder, streams, {
      filter: { matchesOnly: true, context: 1, search: { text: 'needle', regex: false, matchCase: false } },
    })
    await appendFile(err, 'needle mark\n')
    await until(async () => {
      if (following.texts().length) return true
      await appendFile(err, 'needle mark\n')
      return false
    })
    await appendFile(out, 'far\nnear\nTypeError: x\n    at f\n    at needle\n    at g\nbehind\nfar again\n')
    await until(() => following.texts().includes('behind'))
    expect(following.texts().filter(it => it !== 'needle mark')).toEqual([
      'near',
      'TypeError: x',
      '    at f',
      '    at needle',
      '    at g',
      'behind',
    ])
  })
})

/** Does it as a user without rights: root may read everything. */
async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work()
  process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('what is no log', () => {
  it.each([
    ['a link', async (path: string) => symlink('/etc/hostname', path)],
    ['a folder', async (path: string) => mkdir(path)],
    [
      'a named pipe',
      async (path: string) => {
        execFileSync('mkfifo', [path])
      },
    ],
  ])('%s in its place is told, and does not hang', async (_, make) => {
    const folder = await temporary()
    const path = join(folder, 'a-out.log')
    await make(path)
    await expect(pageOf(viewOf(folder, [{ path, name: 'out' }]), { type: 'end' }, 10)).rejects.toMatchObject({
      problem: { code: 'log-unreadable' },
    })
  })
  it.each([
    ['it', 'logs/a-out.log'],
    ['its folder', 'logs'],
  ])('who may not read %s is told so, and what to do', async (_, closed) => {
    const folder = await temporary()
    const path = join(folder, 'logs', 'a-out.log')
    await mkdir(join(folder, 'logs'))
    await writeFile(path, 'first\n')
    await chmod(folder, 0o755)
    await chmod(join(folder, closed), 0)
    onTestFinished(() => chmod(join(folder, closed), 0o700))
    const reading = unprivileged(() => pageOf(viewOf(folder, [{ path, name: 'out' }]), { type: 'end' }, 10))
    await expect(reading).rejects.toMatchObject({
      problem: {
        code: 'log-unreadable',
        message: expect.stringContaining(path) as string,
        cause: 'Permission denied.',
        hint: expect.stringContaining('give your user access to it') as string,
      },
    })
  })
  it('a log that was never written is empty', async () => {
    const folder = await temporary()
    expect(
      await pageOf(viewOf(folder, [{ path: join(folder, 'none', 'a-out.log') }]), { type: 'end' }, 10),
    ).toMatchObject({ lines: [], size: 0, atStart: true, atEnd: true })
  })
})

describe('what other rotators left', () => {
  it('lies before the log, oldest first, compressed or not; a damaged one gives what is whole', async () => {
    const { folder, out, streams } = await instance()
    await writeFile(join(folder, 'a-out__2026-01-01_00-00-00.log.gz'), gzipSync('oldest\n'))
    await writeFile(join(folder, 'a-out__2026-01-02_00-00-00.log'), 'older\n')
    await writeFile(join(folder, 'a-out.log.2.gz'), gzipSync('old\n'))
    await writeFile(join(folder, 'a-out.log.1'), 'yesterday\n')
    await writeFile(join(folder, 'a-out.log.1.gz'), 'still being compressed')
    await writeFile(join(folder, 'a-out__2024-out.log'), 'of another instance\n')
    const view = viewOf(folder, streams.slice(0, 1))
    const expected = ['oldest', 'older', 'old', 'yesterday', 'first']
    expect((await readAll(view, 2, 'backward')).map(it => it.text)).toEqual(expected)
    expect((await readAll(view, 2, 'forward')).map(it => it.text)).toEqual(expected)
    await appendFile(out, 'now\n')
    const whole = gzipSync(Buffer.from('x'.repeat(100_000).replaceAll(/x{100}/g, it => `${it}\n`)), { level: 0 })
    await writeFile(
      join(folder, 'a-out.log.2.gz'),
      Buffer.concat([whole.subarray(0, 60_000), Buffer.alloc(1000), whole.subarray(61_000)]),
    )
    const lines = await readAll(view, 1000, 'backward')
    expect(lines.at(-1)?.text).toBe('now')
    expect(lines[0]?.text).toBe('oldest')
  })

  it('lies among our own archives by its age: the one was exchanged for the other, and back', async () => {
    const { folder, out, streams } = await instance()
    const own = (start: number, end: number): string => archivePath(out, { start, end, pending: false })
    const made: [string, string | Buffer][] = [
      [join(folder, 'a-out__2026-01-01_00-00-00.log'), 'oldest, cut in'],
      [own(0, 10), gzipSync(' two\nold, ')],
      [join(folder, 'a-out__2026-01-02_00-00-00.log'), 'cut\nlater\n'],
      [join(folder, 'a-out__2026-01-03_00-00-00.log.gz'), gzipSync('and later\n')],
      [own(10, 17), gzipSync('newest\n')],
    ]
    for (const [second, [path, content]] of made.entries()) {
      await writeFile(path, content)
      await utimes(path, second, second)
    }
    const view = viewOf(folder, streams.slice(0, 1))
    const expected = ['oldest, cut in two', 'old, cut', 'later', 'and later', 'newest', 'first']
    expect((await readAll(view, 2, 'backward')).map(it => it.text)).toEqual(expected)
    expect((await readAll(view, 2, 'forward')).map(it => it.text)).toEqual(expected)
  })
})
