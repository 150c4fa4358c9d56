import { appendFile, chmod, mkdir, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { problem } from '../../../src/shared/problem'
import { Rotation, type RotatedLog } from '../../../src/main/logs/rotate'
import { archivePath, archivesIn, partsIn, rotatedFiles, temporaryPath } from '../../../src/main/system/rotate-names'
import { rotationTargets } from '../../../src/main/logs/rotate-targets'
import { DaemonLost } from '../../../src/main/processes/sockets'
import type { ProcessInfo } from '../../../src/main/processes/client'
import { createRun, type Run } from '../../../src/main/system/run'
import { archivesOf, wholeLog } from '../../support/rotated'
import { temporary } from '../temporary'
import { eventually } from '../../support/eventually'

const megabyte = 1_048_576
const run = createRun('test-rotate')
let folder: string, live: string
beforeEach(async () => {
  folder = await temporary()
  live = join(folder, 'app-out.log')
})

/** Text of so many bytes in which every place is different. */
const content = (bytes: number, from = 0): string =>
  Array.from({ length: Math.ceil(bytes / 10) }, (_, index) => `${String(from + index).padStart(9, '0')}\n`)
    .join('')
    .slice(0, bytes)

interface Options {
  maxSizeMB?: number
  keep?: number
  logs?: readonly RotatedLog[]
  pm2Logrotate?: boolean
  run?: Run
  signal?: AbortSignal
}
const rotationOf = (options: Options = {}): Rotation =>
  new Rotation({
    run: options.run ?? run,
    signal: options.signal ?? new AbortController().signal,
    limits: async () => ({ maxSizeMB: options.maxSizeMB ?? 1, keep: options.keep ?? 5 }),
    targets: async () => ({
      logs: options.logs ?? [{ path: live, instance: 'app' }],
      pm2Logrotate: options.pm2Logrotate ?? false,
    }),
  })

describe('a look', () => {
  it('archives what is over the limit in pieces, in order, and leaves less than the limit', async () => {
    const text = content(5.5 * megabyte)
    await writeFile(live, text)
    await rotationOf().look()
    expect((await archivesOf(live)).map(it => [it.start, it.end])).toEqual(
      [0, 1, 2, 3, 4].map(it => [it * megabyte, (it + 1) * megabyte]),
    )
    expect((await wholeLog(live)).toString()).toBe(text)
  })

  it('leaves a log alone that is not over its limit', async () => {
    await writeFile(live, content(megabyte))
    await rotationOf().look()
    expect(await readdir(folder)).toEqual([basename(live)])
  })

  it('keeps the newest archives, and fewer when the setting says so later', async () => {
    const text = content(5.5 * megabyte)
    await writeFile(live, text)
    await rotationOf({ keep: 3 }).look()
    expect((await wholeLog(live)).toString()).toBe(text.slice(2 * megabyte))
    await rotationOf({ keep: 1 }).look()
    expect((await wholeLog(live)).toString()).toBe(text.slice(4 * megabyte))
  })

  it('keeps the rights of the log for its archives', async () => {
    await writeFile(live, content(2 * megabyte))
    await chmod(live, 0o640)
    await rotationOf().look()
    for (const it of await archivesOf(live)) expect((await stat(it.path)).mode & 0o777).toBe(0o640)
  })

  it('follows no link, and takes no folder or archive for a log', async () => {
    const other = join(folder, 'other')
    await writeFile(other, content(3 * megabyte))
    await symlink(other, live)
    await mkdir(join(folder, 'folder.log'))
    await rotationOf({
      logs: [{ path: live }, { path: join(folder, 'folder.log') }, { path: join(folder, 'none.log') }],
    }).look()
    expect((await readdir(folder)).toSorted()).toEqual(['app-out.log', 'folder.log', 'other'])
    expect((await stat(other)).size).toBe(3 * megabyte)
  })

  it('never runs twice at a time', async () => {
    let [now, most] = [0, 0]
    const watched: Run = async (file, args, options) => {
      most = Math.max(most, ++now)
      try {
        return await run(file, args, options)
      } finally {
        now--
      }
    }
    await Promise.all(['a', 'b', 'c'].map(it => writeFile(join(folder, it), content(2.5 * megabyte))))
    const rotation = rotationOf({ run: watched, logs: ['a', 'b', 'c'].map(it => ({ path: join(folder, it) })) })
    await Promise.all([rotation.look(), rotation.look(), rotation.look()])
    expect(most).toBe(1)
    expect((await wholeLog(join(folder, 'c'))).toString()).toBe(content(2.5 * megabyte))
  })

  it('comes again sooner for a log that grows fast', async () => {
    const rotation = rotationOf({ maxSizeMB: 100 })
    await writeFile(live, '')
    expect(await rotation.look()).toBe(60_000)
    await appendFile(live, content(20 * megabyte))
    expect(await rotation.look()).toBeLessThan(60_000)
    expect(await rotation.look()).toBe(60_000)
  })

  it('given up while it archives, leaves the log as it was', async () => {
    await writeFile(live, content(3 * megabyte))
    const ending = new AbortController()
    const limits = async () => {
      setTimeout(() => ending.abort(), 5)
      return { maxSizeMB: 2, keep: 5 }
    }
    const rotation = new Rotation({
      run,
      signal: ending.signal,
      limits,
      targets: async () => ({ logs: [{ path: live }], pm2Logrotate: false }),
    })
    rotation.start()
    await eventually(() => expect(ending.signal.aborted).toBe(true))
    await rotation.ended()
    expect((await wholeLog(live)).toString()).toBe(content(3 * megabyte))
    expect((await readdir(folder)).filter(it => it.endsWith('.tmp'))).toEqual([])
  })
})

describe('a rotation that cannot be', () => {
  const failing = (details: string): Run =>
    vi.fn<Run>(() => Promise.reject(problem({ code: 'command-failed', message: 'no', details })))

  it('leaves the log as it was, is told, and is not tried at every look', async () => {
    await writeFile(live, content(3 * megabyte))
    const broken = failing('fallocate: fallocate failed: No space left on device')
    const rotation = rotationOf({ run: broken })
    for (let looks = 0; looks < 5; looks++) await rotation.look()
    expect(broken).toHaveBeenCalledTimes(1)
    expect((await stat(live)).size).toBe(3 * megabyte)
    expect((await rotation.usage('app')).problem).toMatchObject({
      code: 'log-rotation-failed',
      cause: expect.stringContaining('No space left') as string,
    })
    await rotationOf().look() // at the next opening
    expect((await wholeLog(live)).toString()).toBe(content(3 * megabyte))
  })

  it('where the file system can do nothing: the archive is given up', async () => {
    await writeFile(live, content(3 * megabyte))
    const rotation = rotationOf({ run: failing('fallocate: fallocate failed: Operation not supported') })
    await rotation.look()
    expect((await rotation.usage('app')).problem).toMatchObject({ code: 'log-rotation-unsupported' })
    expect(await readdir(folder)).toEqual([basename(live)])
  })

  it('one log that fails does not keep the others from it', async () => {
    const bad = join(folder, 'bad.log')
    await Promise.all([bad, live].map(it => writeFile(it, content(2.5 * megabyte))))
    await mkdir(temporaryPath(bad, { start: 0, end: megabyte })) // in the way
    await rotationOf({ logs: [{ path: bad }, { path: live }] }).look()
    expect(await archivesOf(live)).toHaveLength(2)
    expect((await stat(bad)).size).toBe(2.5 * megabyte)
  })
})

it("leaves the instances' logs to pm2-logrotate where that is installed, and says so", async () => {
  const service = join(folder, 'pgbouncer.log')
  await Promise.all([live, service].map(it => writeFile(it, content(2.5 * megabyte))))
  const rotation = rotationOf({ pm2Logrotate: true, logs: [{ path: live, instance: 'app' }, { path: service }] })
  await rotation.look()
  expect(await archivesOf(live)).toEqual([])
  expect(await archivesOf(service)).toHaveLength(2)
  expect(await rotation.usage('app')).toMatchObject({
    bytes: 2.5 * megabyte,
    archives: 0,
    problem: { code: 'log-rotation-elsewhere' },
  })
})

it('tells what a log takes, archives included', async () => {
  await writeFile(live, content(2.5 * megabyte))
  const rotation = rotationOf()
  await rotation.look()
  const sizes = await Promise.all([live, ...(await rotatedFiles(live))].map(async it => (await stat(it)).size))
  expect(await rotation.usage('app')).toEqual({ bytes: sizes.reduce((a, b) => a + b), archives: 2, problem: undefined })
  expect(await rotation.usage('other')).toEqual({ bytes: 0, archives: 0, problem: undefined })
})

it('a log that was emptied while it was archived keeps what was written since', async () => {
  await writeFile(live, content(40 * megabyte))
  const looking = rotationOf({ maxSizeMB: 30 }).look()
  await vi.waitFor(
    async () =>
      expect(await readdir(folder)).toContain(basename(temporaryPath(live, { start: 0, end: 30 * megabyte }))),
    { timeout: 10_000, interval: 1 },
  )
  const since = content(32 * megabyte, 7_000_000)
  await truncate(live)
  await appendFile(live, since)
  await looking
  expect((await wholeLog(live)).toString() === since).toBe(true)
})

it('a log that was deleted while it was rotated leaves no archive', async () => {
  await writeFile(live, content(2.5 * megabyte))
  const deleting: Run = async (file, args, options) => {
    await rm(live, { force: true })
    return run(file, args, options)
  }
  await rotationOf({ run: deleting }).look()
  expect(await readdir(folder)).toEqual([])
})

it('a log with a hole that was emptied by hand has none any more', async () => {
  await writeFile(live, content(2.5 * megabyte))
  const cannotCut: Run = async (file, args, options) => {
    if (args[0] === '--collapse-range')
      throw problem({
        code: 'command-failed',
        message: 'no',
        details: 'fallocate: fallocate failed: Operation not supported',
      })
    return run(file, args, options)
  }
  const rotation = rotationOf({ run: cannotCut })
  await rotation.look()
  expect((await archivesOf(live)).map(it => it.hole)).toEqual([0, 0])
  expect((await wholeLog(live)).toString()).toBe(content(2.5 * megabyte))
  await truncate(live)
  await appendFile(live, 'new\n')
  await rotation.look()
  expect((await wholeLog(live)).toString()).toBe(`${content(2 * megabyte)}new\n`)
  await appendFile(live, content(2.5 * megabyte))
  await rotation.look()
  expect((await wholeLog(live)).toString()).toBe(`${content(2 * megabyte)}new\n${content(2.5 * megabyte)}`)
})

describe('names', () => {
  it('say the range, and only those of the very log are its own', () => {
    const names = [
      { start: 0, end: 5, pending: false },
      { start: 5, end: 9, hole: 5, pending: false },
      { start: 9, end: 12, hole: 5, pending: true },
    ].map(it => basename(archivePath(live, it)))
    expect(
      archivesIn(
        [
          ...names.toReversed(),
          'app-out.log',
          'app-out.log.1.gz',
          basename(archivePath(`${live}.log`, { start: 0, end: 1, pending: false })),
        ],
        live,
      ).map(it => basename(it.path)),
    ).toEqual(names)
    expect(partsIn(names, live)).toMatchObject({ start: 9, skip: 4, settled: false })
    expect(partsIn([], live)).toEqual({ archives: [], start: 0, skip: 0, settled: true })
    expect(dirname(archivePath(live, { start: 0, end: 5, pending: false }))).toBe(folder)
  })
})

describe('targets', () => {
  const info = (name: string, cwd: string, outLog: string, errLog: string): ProcessInfo => ({
    id: 0,
    name,
    cwd,
    outLog,
    errLog,
    status: 'online',
    restarts: 0,
    cpu: 0,
    memory: 0,
    execMode: 'fork',
  })
  const defaultLogs = (it: string) => ({ outLog: `/pm2/logs/${it}-out.log`, errLog: `/pm2/logs/${it}-error.log` })
  const services = (names: readonly string[]) => ({
    instances: async () => names.map(it => ({ name: it, cwd: `/w/${it}` })),
    services: () => ['/w/pgbouncer.log'],
  })
  const targets = (listed: readonly ProcessInfo[], names: readonly string[], modules: readonly string[] = []) =>
    rotationTargets(
      {
        processes: { list: async () => [...listed], modules: async () => [...modules], defaultLogs },
        ...services(names),
      },
      true,
    )
  const paths = async (...given: Parameters<typeof targets>): Promise<string[]> =>
    (await targets(...given)).logs.map(it => it.path)

  it("are the instances' own files in PM2's folder, listed or not", async () => {
    expect(await paths([info('a', '/w/a', '/pm2/logs/a-out-0.log', '/pm2/logs/a-error-0.log')], ['a', 'b'])).toEqual([
      '/pm2/logs/a-out-0.log',
      '/pm2/logs/a-error-0.log',
      '/pm2/logs/b-out.log',
      '/pm2/logs/b-error.log',
      '/w/pgbouncer.log',
    ])
  })

  it("are never another application's, and never outside of PM2's folder", async () => {
    expect(
      await paths(
        [
          info('a', '/w/a', '/dev/null', '/home/me/a.log'),
          info('b', '/elsewhere', '/pm2/logs/b-out.log', '/pm2/logs/b-error.log'),
          info('c-d', '/w/c-d', '/pm2/logs/c-d-out.log', '/pm2/logs/c-d-error.log'),
          info('c_d', '/elsewhere', '/pm2/logs/c-d-out.log', '/pm2/logs/c-d-error.log'),
        ],
        ['a', 'b', 'c-d'],
      ),
    ).toEqual(['/w/pgbouncer.log'])
  })

  it('are the services’ alone while PM2’s daemon isn’t running, which a look doesn’t start', async () => {
    const list = async ({ revive = true } = {}): Promise<never> => {
      throw revive ? new Error('started') : new DaemonLost(false)
    }
    const processes = { list, modules: list, defaultLogs }
    const { logs } = await rotationTargets({ processes, ...services(['a']) }, false)
    expect(logs).toEqual([{ path: '/w/pgbouncer.log' }])
  })

  it('tell of pm2-logrotate', async () => {
    expect((await targets([], [], ['pm2-logrotate'])).pm2Logrotate).toBe(true)
    expect((await targets([], [], ['pm2-server-monit'])).pm2Logrotate).toBe(false)
  })
})
