import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Desired } from '../../../src/main/instances/desired'
import { obeyedFlips } from '../flips'

let home: string
let path: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'im-desired-'))
  path = join(home, 'desired.json')
})
afterEach(() => rm(home, { recursive: true, force: true }))

test('many changes at once are all kept, each name once', async () => {
  const desired = new Desired(path)
  await Promise.all([
    ...Array.from({ length: 20 }, (_, it) => desired.add(`school-${it}`)),
    desired.add('school-0'),
    desired.remove('school-7'),
    desired.remove('nobody'),
  ])
  const names = await new Desired(path).names()
  expect(names.toSorted()).toEqual(
    Array.from({ length: 20 }, (_, it) => `school-${it}`)
      .filter(it => it !== 'school-7')
      .toSorted(),
  )
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

test('no flipped bit is obeyed: the file is refused, or the names are the very same', async () => {
  const desired = new Desired(path)
  for (const name of ['school', 'High-School_2']) await desired.add(name)
  expect(await obeyedFlips(path, () => new Desired(path).names())).toEqual([])
})

test('of 0.1, without a check sum, it is read and then kept with one; what is no name is refused', async () => {
  await writeFile(path, '["school"]')
  await new Desired(path).add('other')
  expect(await new Desired(path).names()).toEqual(['school', 'other'])
  expect(await readFile(path, 'utf8')).toContain('"sum"')
  await writeFile(path, '["school", "../other"]')
  await expect(new Desired(path).names()).rejects.toMatchObject({
    problem: { code: 'file-corrupt', hint: expect.stringContaining('a new one will be created') as string },
  })
})

test('closed, it has written what was asked for before, and writes no more', async () => {
  const desired = new Desired(path)
  const adding = desired.add('school')
  await desired.close()
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ content: ['school'] })
  await adding
  await expect(desired.add('other')).rejects.toThrow('closed')
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ content: ['school'] })
})
