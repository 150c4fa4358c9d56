import type * as files from 'node:fs/promises'
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { rotateOnce, settle } from '../../../src/main/logs/rotate-file'
import { defaultLogs, renameLogs } from '../../../src/main/processes/traces'
import { archivePath } from '../../../src/main/system/rotate-names'
import { createRun } from '../../../src/main/system/run'
import { archivesOf, wholeLog } from '../../support/rotated'
import { temporary } from '../temporary'

/** Called once, before a file gets a name like this. */
const before = vi.hoisted(() => ({ pending: undefined as ((from: string) => Promise<void>) | undefined }))
vi.mock('node:fs/promises', async importOriginal => {
  const actual = await importOriginal<typeof files>()
  return {
    ...actual,
    rename: async (from: string, to: string) => {
      const act = to.endsWith('.pending.gz') ? before.pending : undefined
      if (act) before.pending = undefined
      await act?.(from)
      await actual.rename(from, to)
    },
  }
})

let home: string, old: string, its: string
beforeEach(async () => {
  home = await temporary()
  ;[old, its] = ['old', 'new'].map(it => defaultLogs(home, it).outLog) as [string, string]
  await mkdir(join(home, 'logs'))
})
const oldOnes = async () => (await readdir(join(home, 'logs'))).filter(it => it.startsWith('old'))

it('a log that is renamed while it is rotated loses nothing', async () => {
  const text = Array.from({ length: 200_000 }, (_, index) => `${index}\n`).join('')
  await writeFile(old, text)
  const run = createRun('test-rotate')
  before.pending = () => rename(old, its)
  await rotateOnce(old, 1_048_576, { run, signal: new AbortController().signal })
  await settle(its, run)
  expect(await oldOnes()).toEqual([])
  expect((await wholeLog(its)).toString() === text).toBe(true)
})

it('an archive that a rotation renames meanwhile is renamed, too', async () => {
  const [range, hole] = [{ start: 0, end: 1_048_576 }, 0]
  await writeFile(old, 'rest')
  await writeFile(archivePath(old, { ...range, pending: true }), '')
  before.pending = from => rename(from, archivePath(old, { ...range, hole, pending: true }))
  await renameLogs(home, 'old', 'new', [])
  expect(await oldOnes()).toEqual([])
  expect((await archivesOf(its)).map(it => it.hole)).toEqual([hole])
})
