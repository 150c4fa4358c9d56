/** Where an instance's logs are looked for while PM2 hangs, and what is masked in them. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LogSources, type SourceServices } from '../../../src/main/logs/sources'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { temporary } from '../temporary'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('PM2 that hangs is waited for once, not for each page; what it said last counts', async () => {
  const paths = workspacePaths(await temporary())
  const logFiles = vi.fn<() => Promise<string[]>>(async () => ['/pm2/logs/a-b-out.log', '/pm2/logs/a-b-error.log'])
  const hang = async (): Promise<never> => {
    vi.advanceTimersByTime(5000) // it is given up
    throw new Error('PM2 isn’t answering.')
  }
  const defaultLogs = (name: string) => ({ outLog: `/pm2/logs/${name}-out.log`, errLog: `/pm2/logs/${name}-error.log` })
  const configs = async () => ({ configs: [{ name: 'a_b' }, { name: 'c' }], broken: [] })
  const sources = new LogSources({ paths, processes: { logFiles, defaultLogs }, configs } as unknown as SourceServices)
  const pathOf = async (name: string) =>
    (await sources.streams({ kind: 'instance', name, stream: 'out' })).map(it => it.path)

  expect(await pathOf('a_b')).toEqual(['/pm2/logs/a-b-out.log'])
  logFiles.mockImplementation(hang)
  vi.advanceTimersByTime(60_000)
  for (const name of ['a_b', 'c']) {
    logFiles.mockClear()
    for (let page = 0; page < 3; page++) {
      expect(await pathOf(name)).toEqual([name === 'c' ? '/pm2/logs/c-out.log' : '/pm2/logs/a-b-out.log'])
      vi.advanceTimersByTime(10_000)
    }
    expect(logFiles).toHaveBeenCalledTimes(1)
  }
})

it('a password that the last change replaced is masked too: the log may still have it', async () => {
  const root = await temporary()
  const folder = join(root, 'instances/a')
  await mkdir(join(folder, 'server'), { recursive: true })
  await writeFile(join(folder, 'server/.env'), 'MAIL_PASSWORD=the new one\n')
  const edits = [
    { key: 'MAIL_PASSWORD', before: 'the old one', after: 'the new one' },
    { key: 'GREETING', before: 'hello', after: null },
  ]
  const changed = '2026-01-01T00:00:00Z'
  await writeFile(join(folder, '.env-previous.json'), JSON.stringify({ changed, edits }))
  const configs = async () => ({ configs: [{ name: 'a', database: { password: 'its own', url: '', directUrl: '' } }] })
  const sources = new LogSources({ paths: workspacePaths(root), configs } as unknown as SourceServices)
  const masked = await sources.secrets({ kind: 'instance', name: 'a', stream: 'out' })
  expect(masked).toEqual(expect.arrayContaining(['the old one', 'the new one', 'its own']))
  expect(masked).not.toContain('hello')
})
