import { linkSync, writeFileSync } from 'node:fs'
import { type lstat as realLstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { measure, removeTree } from '../../../src/main/system/tree'
import { temporary } from '../temporary'

const world = vi.hoisted(() => ({ inFlight: 0, most: 0, looks: 0 }))
vi.mock('node:fs/promises', async original => {
  const real = await original<{ lstat: typeof realLstat }>()
  const lstat = async (path: string) => {
    world.looks++
    world.most = Math.max(world.most, ++world.inFlight)
    try {
      return await real.lstat(path)
    } finally {
      world.inFlight--
    }
  }
  return { ...real, lstat }
})

let folder: string
beforeEach(async () => {
  folder = join(await temporary(), 'instance')
  await mkdir(folder)
  Object.assign(world, { inFlight: 0, most: 0, looks: 0 })
})
/** Links to one file: creating 20,000 others takes a busy disk longer than the test. */
function fill(path: string, count: number): void {
  writeFileSync(join(path, 'photo-0'), 'x')
  for (let it = 1; it < count; it++) linkSync(join(path, 'photo-0'), join(path, `photo-${it}`))
}

it('20,000 files are measured and removed a few at a time, and others get their turn between', async () => {
  fill(folder, 20_000)
  let turns = 0
  let going = true
  const turn = (): void => {
    turns++
    if (going) setImmediate(turn)
  }
  setImmediate(turn)
  expect(await measure(folder)).toEqual({ bytes: 20_000, files: 20_000, complete: true, links: [] })
  expect(world.most).toBeLessThanOrEqual(32)
  expect(turns).toBeGreaterThan(20_000 / 32)
  ;[world.most, turns] = [0, 0]
  await removeTree(folder)
  expect(world.most).toBeLessThanOrEqual(32)
  expect(turns).toBeGreaterThan(20_000 / 32)
  going = false
  expect(await readdir(join(folder, '..'))).toEqual([])
}, 60_000)

it('counts so many and no more, and says so', async () => {
  fill(folder, 500)
  const { files, complete } = await measure(folder, { maxFiles: 100 })
  expect(complete).toBe(false)
  expect(files).toBeGreaterThan(100)
  expect(world.looks).toBeLessThan(200)
})

it('ends when it is cancelled', async () => {
  fill(folder, 500)
  const asking = new AbortController()
  const measured = measure(folder, { signal: asking.signal })
  asking.abort(new Error('closed'))
  await expect(measured).rejects.toThrow('closed')
  expect(world.looks).toBeLessThan(100)
})

it('follows no link: what it leads to is neither counted nor removed', async () => {
  const shared = join(folder, '../shared')
  await mkdir(join(folder, 'server/deep'), { recursive: true })
  await mkdir(shared)
  fill(shared, 3)
  await symlink(shared, join(folder, 'server/uploads'))
  await symlink('../../shared/photo-1', join(folder, 'server/one'))
  await symlink('deep', join(folder, 'server/inside'))
  await writeFile(join(folder, 'server/deep/file'), 'four')
  const found = await measure(folder)
  expect({ ...found, links: found.links.toSorted((a, b) => (a.path < b.path ? -1 : 1)) }).toEqual({
    bytes: 4,
    files: 1,
    complete: true,
    links: [
      { path: join(folder, 'server/one'), target: join(folder, '../shared/photo-1') },
      { path: join(folder, 'server/uploads'), target: join(folder, '../shared') },
    ],
  })
  expect(await measure(join(folder, 'server/uploads'))).toMatchObject({ files: 0 })
  await removeTree(join(folder, 'server/inside'))
  expect(await readdir(join(folder, 'server/deep'))).toEqual(['file'])
  await removeTree(folder)
  await removeTree(folder)
  expect((await readdir(join(folder, '..'))).concat(await readdir(shared))).toEqual([
    'shared',
    'photo-0',
    'photo-1',
    'photo-2',
  ])
})

it('leaves out what is skipped, by name and by path', async () => {
  for (const it of ['node_modules', 'server/node_modules', 'server/uploads', 'uploads']) {
    await mkdir(join(folder, it), { recursive: true })
    await writeFile(join(folder, it, 'file'), 'x')
  }
  expect(await measure(folder, { skipped: ['node_modules', join(folder, 'server/uploads')] })).toMatchObject({
    files: 1,
  })
})
