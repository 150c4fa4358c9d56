/** Exchanges of an instance's code, on real folders. */
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeReplaced, releasedIn, settleOwn, switchBack, switchIn } from '../../../src/main/instances/rebuild/exchange'
import { exists } from '../../../src/main/system/files'
import { createRun } from '../../../src/main/system/run'
import { pathsIn, type InstancePaths } from '../../../src/main/workspace/paths'
import { manifestSchema } from '../../../src/shared/workspace'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'im-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const run = createRun('exchange')
const manifest = manifestSchema.parse({
  server: { folder: 'apps/api', dataFolders: ['data'] },
  client: { folder: 'apps/web' },
})
const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

/** Old code in an instance, new code in its slot *next*. */
async function layOut(): Promise<InstancePaths> {
  const paths = pathsIn(root, manifest)
  for (const [slot, text] of [
    [paths, 'old'],
    [paths.slots.next, 'new'],
  ] as const) {
    await write(join(slot.server, 'index.js'), text)
    await write(join(slot.client, 'build/index.html'), text)
  }
  await write(paths.env, 'PORT=1')
  await write(join(paths.server, 'data/seed.json'), 'changed')
  await write(join(paths.server, 'state.json'), 'old')
  await makeReplaced(paths, manifest, ['index.js', 'data', 'data/seed.json', '.env'])
  return paths
}
const code = (paths: InstancePaths): Promise<string[]> =>
  Promise.all([join(paths.server, 'index.js'), join(paths.client, 'build/index.html')].map(it => readFile(it, 'utf8')))

describe('folders inside others', () => {
  it('are exchanged and taken back', async () => {
    const paths = await layOut()
    const released = await releasedIn(paths, manifest)
    await switchIn(run, paths, released)
    expect(await code(paths)).toEqual(['new', 'new'])
    await switchBack(run, paths, released)
    expect(await code(paths)).toEqual(['old', 'old'])
  })
})

it('a data folder and .env are the instance’s, even if a release has files there', async () => {
  const paths = await layOut()
  await write(paths.slots.next.env, 'PORT=2')
  await switchIn(run, paths, await releasedIn(paths, manifest))
  expect(await readFile(join(paths.server, 'data/seed.json'), 'utf8')).toBe('changed')
  expect(await readFile(paths.env, 'utf8')).toBe('PORT=1')
  expect(await exists(join(paths.slots.replaced.server, 'data'))).toBe(false)
})

describe('while a process runs in the old code', () => {
  const now = Date.now() / 1000

  it('a file that both have written is the newer one, when it has ended', async () => {
    const paths = await layOut()
    const released = await releasedIn(paths, manifest)
    await switchIn(run, paths, released, true)
    const [own, old] = [join(paths.server, 'state.json'), join(paths.slots.replaced.server, 'state.json')]
    await rm(old) // as a program that saves by renaming does with our link
    for (const [newer, older, expected] of [
      [own, old, 'by new code'],
      [old, own, 'by old code'],
    ] as const) {
      await write(old, 'by old code')
      await write(own, 'by new code')
      await utimes(older, now, now - 10)
      await utimes(newer, now, now)
      await settleOwn(run, paths, paths.slots.replaced, released)
      expect(await readFile(own, 'utf8')).toBe(expected)
    }
  })

  it('taken back, what it has written stays', async () => {
    const paths = await layOut()
    const released = await releasedIn(paths, manifest)
    await switchIn(run, paths, released, true)
    await utimes(join(paths.server, 'state.json'), now, now - 10)
    const old = join(paths.slots.replaced.server, 'state.json')
    await rm(old)
    await write(old, 'by old code')
    await switchBack(run, paths, released, true)
    expect(await readFile(join(paths.server, 'state.json'), 'utf8')).toBe('by old code')
    await write(join(paths.slots.next.server, 'late.json'), 'by new code')
    await writeFile(join(paths.slots.next.server, 'data/upload'), 'by new code') // through a link
    await settleOwn(run, paths, paths.slots.next, released)
    for (const it of ['late.json', 'data/upload'])
      expect(await readFile(join(paths.server, it), 'utf8')).toBe('by new code')
    expect(await readFile(paths.env, 'utf8')).toBe('PORT=1')
    expect(await readdir(paths.slots.next.server)).toEqual(['index.js'])
  })
})
