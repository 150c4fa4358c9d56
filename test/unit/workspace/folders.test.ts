import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { imageFileEndings } from '../../../src/shared/image-files'
import { foldersLike } from '../../../src/main/workspace/folders'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'folders-'))
  await Promise.all(['school', 'schools-old', 'shop', '.hidden', 'many'].map(it => mkdir(join(home, it))))
  await Promise.all(Array.from({ length: 60 }, (_, index) => mkdir(join(home, 'many', `f${index}`))))
  await writeFile(join(home, 'schedule.txt'), '')
  await symlink(join(home, 'missing'), join(home, 'scholar'))
})
afterAll(() => rm(home, { recursive: true }))

it('lists folders, not files, that begin as typed', async () => {
  expect(await foldersLike(join(home, 'sch'), false)).toEqual([join(home, 'school'), join(home, 'schools-old')])
})

it('lists the files that are wanted, too, by their endings', async () => {
  await Promise.all(['schema.tar', 'schema.tar.gz', 'schema.tart'].map(it => writeFile(join(home, 'many', it), '')))
  expect(await foldersLike(join(home, 'many', 'sch'), false, imageFileEndings)).toEqual(
    ['schema.tar', 'schema.tar.gz'].map(it => join(home, 'many', it)),
  )
})

it('lists what lies in a folder once its path is complete', async () => {
  expect(await foldersLike(home, true)).toEqual(['many', 'school', 'schools-old', 'shop'].map(it => join(home, it)))
})

it('shows hidden ones once their dot is typed, and never endless lists', async () => {
  expect(await foldersLike(join(home, '.h'), false)).toEqual([join(home, '.hidden')])
  expect(await foldersLike(join(home, 'many'), true)).toHaveLength(50)
})

it('has nothing to say of what cannot be read', async () => {
  expect(await foldersLike(join(home, 'nowhere', 'x'), false)).toEqual([])
})
