import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Desired } from '../../../src/main/instances/desired'

let home: string
let path: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'im-desired-'))
  path = join(home, 'desired.json')
})
afterEach(() => rm(home, { recursive: true, force: true }))

test('many changes at once are all kept, each name once', async () => {
  const desired = new Desired(path)
  await Promise.all([...Array.from({ length: 20 }, (_, it) => desired.add(`school-${it}`)), desired.add('school-0'), desired.remove('school-7'), desired.remove('nobody')])
  const names = await new Desired(path).names()
  expect(names.toSorted()).toEqual(Array.from({ length: 20 }, (_, it) => `school-${it}`).filter(it => it !== 'school-7').toSorted())
})

test('what changes nothing writes nothing', async () => {
  const desired = new Desired(path)
  await desired.add('school')
  const { ino } = await stat(path)
  await desired.add('school')
  await desired.remove('nobody')
  expect((await stat(path)).ino).toBe(ino) // every write makes a new file
})

test('a corrupt file is refused and left alone', async () => {
  await writeFile(path, '["school"')
  const desired = new Desired(path)
  await expect(desired.add('other')).rejects.toMatchObject({ problem: { code: 'file-corrupt' } })
  await expect(desired.names()).rejects.toMatchObject({ problem: { code: 'file-corrupt' } })
  expect(await readFile(path, 'utf8')).toBe('["school"')
})

test('closed, it has written what was asked for before, and writes no more', async () => {
  const desired = new Desired(path)
  const adding = desired.add('school')
  await desired.close()
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(['school'])
  await adding
  await expect(desired.add('other')).rejects.toThrow('closed')
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(['school'])
})
