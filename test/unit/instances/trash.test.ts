import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Trash } from '../../../src/main/instances/trash'

let home: string
let trash: Trash
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'im-trash-'))
  trash = new Trash(home, () => Promise.resolve(0))
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function folder(name: string, text = name): Promise<string> {
  const path = join(home, name)
  await mkdir(path)
  await writeFile(join(path, 'file'), text)
  return path
}

test('what is thrown away is gone at once and can be brought back, both as often as a crash asks', async () => {
  const path = await folder('school')
  await trash.put(path, 'token', true)
  await trash.put(path, 'token', true)
  expect(await readdir(home)).toEqual(['.trash-token'])
  await trash.restore('token', path)
  await trash.restore('token', path)
  expect(await readFile(join(path, 'file'), 'utf8')).toBe('school')
})

test('emptied of all but what open operations have', async () => {
  await trash.put(await folder('one'), 'kept', true)
  await trash.put(await folder('two'), 'freed', true)
  await trash.empty(new Set(['kept']))
  expect(await readdir(home)).toEqual(['.trash-kept'])
  await trash.empty(new Set())
  expect(await readdir(home)).toEqual([])
  await trash.empty(new Set())
})

test('thrown away while it is emptied, nothing is missed', async () => {
  const paths = await Promise.all(Array.from({ length: 30 }, (_, it) => folder(`folder-${it}`)))
  await Promise.all(paths.flatMap((path, it) => [trash.put(path, `token-${it}`, true), trash.empty(new Set())]))
  await trash.empty(new Set())
  expect(await readdir(home)).toEqual([])
})

test('a link is freed with the folder that it leads to, a link to nowhere alone', async () => {
  const disk = await folder('disk')
  await symlink(disk, join(home, 'linked'))
  await symlink(join(home, 'nowhere'), join(home, 'dangling'))
  await trash.put(join(home, 'linked'), 'linked', true)
  expect((await stat(disk)).isDirectory()).toBe(true) // not before it is freed
  await trash.put(join(home, 'dangling'), 'dangling', true)
  await trash.empty(new Set())
  expect(await readdir(home)).toEqual([])
})

test('a link that somebody laid into the trash goes, and what it leads to stays', async () => {
  await mkdir(join(home, 'precious'))
  await symlink(join(home, 'precious'), join(home, '.trash-planted'))
  await trash.empty(new Set())
  expect((await readdir(home)).filter(it => it !== 'precious' && it.startsWith('.trash-'))).toEqual([])
  expect((await stat(join(home, 'precious'))).isDirectory()).toBe(true)
})

test("a link whose target is not the instance's own goes alone", async () => {
  const disk = await folder('disk')
  await symlink(disk, join(home, 'linked'))
  await trash.put(join(home, 'linked'), 'linked', false)
  await trash.free('linked')
  expect(await readdir(home)).toEqual(['disk'])
  expect(await readdir(disk)).toEqual(['file'])
})

test('what a link in it leads to stays', async () => {
  const shared = await folder('shared')
  await symlink(shared, join(await folder('school'), 'uploads'))
  await trash.put(join(home, 'school'), 'school', true)
  await trash.free('school')
  expect(await readdir(home)).toEqual(['shared'])
  expect(await readdir(shared)).toEqual(['file'])
})

test('where nobody knows whose the tokens are, all of it stays', async () => {
  await trash.put(await folder('school'), 'token', true)
  await trash.empty(undefined)
  expect(await readdir(home)).toEqual(['.trash-token'])
  expect(await trash.sizes(undefined)).toEqual([])
  await trash.empty(new Set())
  expect(await readdir(home)).toEqual([])
})

test('in a copied workspace, a link that was thrown away in the original goes alone', async () => {
  const disk = await folder('disk', 'the original can bring it back')
  await symlink(disk, join(home, 'school'))
  await trash.put(join(home, 'school'), 'token', true)
  await new Trash(home, () => Promise.resolve(0), true).empty(new Set())
  expect(await readdir(home)).toEqual(['disk'])
  expect(await readFile(join(disk, 'file'), 'utf8')).toBe('the original can bring it back')
})
