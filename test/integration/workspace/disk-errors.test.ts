/**
 * A disk that is full, read-only or fails, a folder of someone else, no more files: each is told as what it is, and
 * what was there stays.
 */
import { execFileSync } from 'node:child_process'
import {
  chmod,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Desired } from '../../../src/main/instances/desired'
import { Journal, newId, type OpenedLine } from '../../../src/main/operations/journal'
import { readIfExists, writeFileAtomic } from '../../../src/main/system/files'
import { createRun } from '../../../src/main/system/run'
import { createSample } from '../../../src/main/workspace/sample'
import { Secrets } from '../../../src/main/workspace/secrets'
import { toProblem, type Problem } from '../../../src/shared/problem'
import { requires } from '../../support/requires'

let folder: string
let disk: string
beforeEach(async context => {
  requires(context, process.getuid?.() === 0, 'mounting a tmpfs needs root')
  folder = await mkdtemp(join(tmpdir(), 'im-disk-'))
  disk = join(folder, 'disk')
  await mkdir(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', disk])
})
afterEach(async () => {
  execFileSync('umount', ['--lazy', disk])
  await rm(folder, { recursive: true })
})

const fill = (): Promise<void> => writeFile(join(disk, 'ballast'), Buffer.alloc(1e6)).catch(() => undefined)
const problemOf = (work: Promise<unknown>): Promise<Problem> =>
  work.then(() => {
    throw new Error('it did not fail')
  }, toProblem)
const opened = (id: string): OpenedLine => ({
  id,
  at: new Date().toISOString(),
  type: 'opened',
  kind: 'make',
  version: 1,
  subject: 'school',
  plan: {},
  steps: ['one'],
})

it('a full disk: no stack, the path, and the old content', async () => {
  const [secrets, desired, path] = [
    new Secrets(join(disk, 'secrets.json')),
    new Desired(join(disk, 'desired.json')),
    join(disk, 'file'),
  ]
  await secrets.setAll({ a: '1' })
  await desired.add('school')
  const id = newId(new Date())
  const journal = await Journal.create(disk, opened(id))
  await fill()
  const long = 'x'.repeat(100_000)
  for (const [work, file] of [
    [() => writeFileAtomic(path, long, 0o600), path],
    [() => secrets.setAll({ b: long }), join(disk, 'secrets.json')],
  ] as const) {
    const found = await problemOf(work())
    expect(found).toEqual({
      code: 'disk-full',
      message: `The disk is full: ${file} can’t be written.`,
      cause: expect.stringContaining('ENOSPC') as string,
      hint: expect.stringContaining('Free some space') as string,
      action: 'free-space',
    })
  }
  expect(
    await problemOf(
      journal.append({
        id,
        at: new Date().toISOString(),
        type: 'turned',
        reason: 'failed',
        problem: { code: 'x', message: long },
      }),
    ),
  ).toMatchObject({
    code: 'journal-write-failed',
    cause: expect.stringContaining('The disk is full') as string,
    hint: expect.stringContaining('Free some space') as string,
  })
  expect(await problemOf(Journal.create(disk, { ...opened(newId(new Date())), plan: { long } }))).toMatchObject({
    code: 'journal-write-failed',
  })
  expect(
    await problemOf(createRun('disk')('dd', ['if=/dev/zero', `of=${path}`, 'bs=1M', 'count=1'], { timeout: 20_000 })),
  ).toMatchObject({ code: 'disk-full', details: expect.stringContaining('No space left') as string })
  await rm(path, { force: true })

  expect((await readdir(disk)).toSorted()).toEqual(
    [`${id}.jsonl`, 'ballast', 'desired.json', 'secrets.json'].toSorted(),
  )
  expect([await secrets.all(), await desired.names()]).toEqual([{ a: '1' }, ['school']])
  await rm(join(disk, 'ballast'))
  await journal.append({ id, at: new Date().toISOString(), type: 'doing', step: 'one' })
  expect(await Journal.read(disk, id)).toMatchObject({ state: { phase: 'running', steps: [{ status: 'doing' }] } })
})

it('a disk that is read-only', async () => {
  const secrets = new Secrets(join(disk, 'secrets.json'))
  await secrets.setAll({ a: '1' })
  execFileSync('mount', ['-o', 'remount,ro', disk])
  expect(await problemOf(secrets.setAll({ a: '2' }))).toMatchObject({
    code: 'disk-read-only',
    message: expect.stringContaining(join(disk, 'secrets.json')) as string,
  })
  expect(await problemOf(Journal.create(disk, opened(newId(new Date()))))).toMatchObject({
    code: 'journal-write-failed',
    cause: expect.stringContaining('read-only') as string,
  })
  expect(await secrets.get('a')).toBe('1')
})

it('a disk that fails', async () => {
  expect(await problemOf(readIfExists('/proc/self/mem'))).toMatchObject({
    code: 'disk-error',
    message: expect.stringContaining('/proc/self/mem') as string,
  })
})

it('a folder of someone else', async () => {
  await writeFile(join(disk, 'secrets.json'), '{}')
  await chmod(disk, 0o700)
  const nobody = 65_534
  process.seteuid?.(nobody)
  try {
    for (const work of [
      () => writeFileAtomic(join(disk, 'file'), '', 0o600),
      () => readIfExists(join(disk, 'secrets.json')),
      () => new Secrets(join(disk, 'secrets.json')).all(),
    ]) {
      expect(await problemOf(work())).toMatchObject({
        code: 'access-denied',
        message: expect.stringContaining(disk) as string,
        cause: expect.stringContaining('EACCES') as string,
      })
    }
    expect(await problemOf(createSample(folder, join(disk, 'school')))).toMatchObject({ code: 'folder-not-writable' })
  } finally {
    process.seteuid?.(0)
  }
  expect(await readFile(join(disk, 'secrets.json'), 'utf8')).toBe('{}')
})

it('no more files may be open', async () => {
  await writeFile(join(disk, 'file'), 'x')
  const limit = (soft: string): void => {
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`])
  }
  const before = /Max open files\s+(\d+)/.exec(await readFile('/proc/self/limits', 'utf8'))?.[1] ?? '1024'
  limit('400')
  const open: FileHandle[] = []
  try {
    for (;;) open.push(await openFile('/dev/null'))
  } catch {
    /* that was the last */
  }
  const found = await problemOf(readIfExists(join(disk, 'file')))
  await Promise.all(open.map(it => it.close()))
  limit(before)
  expect(found).toMatchObject({
    code: 'too-many-files',
    cause: expect.stringContaining('EMFILE') as string,
    hint: expect.stringContaining('ulimit -n') as string,
  })
})
