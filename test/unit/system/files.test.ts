import { execFileSync } from 'node:child_process'
import { appendFile, chmod, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  exists,
  existsItself,
  isExecutable,
  makeFolder,
  makePrivateFolder,
  readEnd,
  readIfExists,
  readJson,
  writeFileAtomic,
  writeJson,
} from '../../../src/main/system/files'
import type { ProblemError } from '../../../src/shared/problem'
import { temporary } from '../temporary'

let folder: string
beforeEach(async () => {
  folder = await temporary()
})

it('a link that leads nowhere exists only itself; a program is executable', async () => {
  const [file, link, dangling, absent] = ['file', 'link', 'dangling', 'absent'].map(it => join(folder, it)) as [
    string,
    string,
    string,
    string,
  ]
  await writeFile(file, '', { mode: 0o600 })
  await symlink(file, link)
  await symlink(absent, dangling)
  const all = [file, link, dangling, absent]
  expect(await Promise.all(all.map(exists))).toEqual([true, true, false, false])
  expect(await Promise.all(all.map(existsItself))).toEqual([true, true, true, false])
  expect(await isExecutable(file)).toBe(false)
  await chmod(file, 0o700)
  expect(await isExecutable(file)).toBe(true)
})

it('refuses what is no regular file instead of waiting for it', async () => {
  const pipe = join(folder, 'config.json')
  execFileSync('mkfifo', [pipe])
  for (const path of [pipe, '/dev/zero', folder]) {
    await expect(readIfExists(path)).rejects.toMatchObject({
      problem: { code: 'file-corrupt', cause: 'It isn’t a regular file.' },
    })
  }
})

describe('writeFileAtomic', () => {
  it('replaces the content and the mode, whatever the umask', async () => {
    const path = join(folder, 'file')
    await writeFileAtomic(path, 'one', 0o644)
    await writeFileAtomic(path, 'two', 0o666)
    expect(await readFile(path, 'utf8')).toBe('two')
    expect((await stat(path)).mode & 0o777).toBe(0o666)
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('leaves the old file and no temporary one when it fails', async () => {
    await mkdir(join(folder, 'taken/inside'), { recursive: true })
    await expect(writeFileAtomic(join(folder, 'taken'), 'x', 0o600)).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    await expect(writeFileAtomic(join(folder, 'nowhere/file'), 'x', 0o600)).rejects.toThrow('ENOENT')
    expect(await readdir(folder)).toEqual(['taken'])
  })

  it('gives readers the old or the new, never a part', async () => {
    const path = join(folder, 'file')
    const contents = ['a', 'b'].map(it => it.repeat(100_000))
    await writeFileAtomic(path, contents[0] as string, 0o600)
    const ended = new AbortController()
    const writer = (async () => {
      for (let round = 0; round < 20; round++) await writeFileAtomic(path, contents[round % 2] as string, 0o600)
    })().finally(() => ended.abort())
    const seen = new Set<string>()
    while (!ended.signal.aborted) seen.add(await readFile(path, 'utf8'))
    await writer
    expect([...seen].every(it => contents.includes(it))).toBe(true)
  })
})

describe('makeFolder', () => {
  it('makes what is missing, and is content with what is there', async () => {
    for (const path of ['a/b/c', 'a/b/c', 'a/d/']) await makeFolder(join(folder, path))
    // one finds what another has just made
    await Promise.all(['p/q/r', 'p/q/s', 'p/q', 'p/t/u'].map(it => makeFolder(join(folder, it))))
    await rm(join(folder, 'p'), { recursive: true })
    expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(['a', 'a/b', 'a/b/c', 'a/d'])
    await writeFile(join(folder, 'file'), '')
    await expect(makeFolder(join(folder, 'file'))).rejects.toThrow('EEXIST')
    await expect(makeFolder(join(folder, 'file/inside/it'))).rejects.toThrow('ENOTDIR')
  })

  it('returns where nothing can be made although it is said to be missing', async () => {
    await expect(makeFolder('/proc/x/y')).rejects.toThrow('ENOENT')
  })
})

describe('makePrivateFolder', () => {
  it('lets nobody else in', async () => {
    await makePrivateFolder(join(folder, 'a/b'))
    expect((await stat(join(folder, 'a/b'))).mode & 0o777).toBe(0o700)
    await chmod(join(folder, 'a/b'), 0o755)
    await makePrivateFolder(join(folder, 'a/b'))
    expect((await stat(join(folder, 'a/b'))).mode & 0o777).toBe(0o700)
  })
})

describe('readIfExists', () => {
  it('knows a missing file from one that cannot be read', async () => {
    expect(await readIfExists(join(folder, 'missing'))).toBeUndefined()
    await expect(readIfExists(join(folder, 'missing\0'))).rejects.toThrow('null bytes')
  })
})

describe('a file that is too large', () => {
  const tooLarge = {
    problem: {
      code: 'file-too-large',
      message: expect.stringContaining('is too large') as string,
      cause: expect.stringContaining('KB') as string,
    },
  }

  it('is refused without reading on', async () => {
    const path = join(folder, 'config.json')
    await writeFile(path, '')
    await truncate(path, 1e12) // takes no room
    await expect(readIfExists(path)).rejects.toMatchObject(tooLarge)
    await expect(readJson(path, z.json())).rejects.toMatchObject(tooLarge)
  })

  it('is known by what is read, not by the size that it says', async () => {
    expect((await stat('/proc/self/maps')).size).toBe(0)
    expect(await readIfExists('/proc/self/maps')).toContain('[stack]')
    await expect(readIfExists('/proc/self/maps', 100)).rejects.toMatchObject(tooLarge)
  })

  it('has more than it may have: as much is read', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'x'.repeat(1000))
    expect(await readIfExists(path, 1000)).toHaveLength(1000)
    await expect(readIfExists(path, 999)).rejects.toMatchObject(tooLarge)
  })
})

it('reads the end of a log, however large it is', async () => {
  const path = join(folder, 'log')
  await writeFile(path, '')
  await truncate(path, 1e12)
  await appendFile(path, 'the last words')
  expect(await readEnd(path, 5)).toBe('words')
  expect(await readEnd(path, 20)).toBe(`${'\0'.repeat(6)}the last words`)
  expect(await readEnd(join(folder, 'missing'), 5)).toBe('')
})

describe('readJson', () => {
  const schema = z.object({ user: z.object({ password: z.string().max(5), age: z.int() }) })
  const path = (): string => join(folder, 'data.json')

  it('reads what writeJson wrote, private by default', async () => {
    await writeJson(path(), { user: { password: 'abc', age: 3 } })
    expect(await readJson(path(), schema)).toEqual({ user: { password: 'abc', age: 3 } })
    expect((await stat(path())).mode & 0o777).toBe(0o600)
    expect(await readJson(join(folder, 'missing'), schema)).toBeUndefined()
  })

  it.each([
    '',
    'canary',
    '{"user": canary}',
    '{"user":{"password":"canary-canary","age":1}}',
    '{"user":{"password":"a","age":"canary"}}',
    '"canary"',
    '{"canary":1}',
    'null',
  ])('refuses %j with a Problem that quotes none of it, and leaves the file', async text => {
    await writeFile(path(), text)
    const error = (await readJson(path(), schema).catch((caught: unknown) => caught)) as ProblemError
    expect(error.problem).toMatchObject({ code: 'file-corrupt', message: expect.stringContaining(path()) as string })
    expect(JSON.stringify(error.problem)).not.toContain('canary')
    expect(await readFile(path(), 'utf8')).toBe(text)
  })

  it('names the key at fault', async () => {
    await writeFile(path(), '{"user":{"password":"a"}}')
    await expect(readJson(path(), schema)).rejects.toMatchObject({
      problem: { cause: expect.stringContaining('user.age') as string },
    })
  })
})
