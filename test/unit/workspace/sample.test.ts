import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { createSample } from '../../../src/main/workspace/sample'
import { temporary } from '../temporary'

let folder: string, sample: string
beforeEach(async () => {
  folder = await temporary()
  sample = join(folder, 'sample')
  for (const it of [
    'server/index.js',
    'server/node_modules/x/y.js',
    'server/uploads/u.png',
    'client/build/index.html',
    'client/src/build.js',
  ]) {
    await mkdir(join(sample, it, '..'), { recursive: true })
    await writeFile(join(sample, it), it)
  }
})
const files = async (of: string): Promise<string[]> => (await readdir(of, { recursive: true })).toSorted()
const copied = ['client', 'client/src', 'client/src/build.js', 'server', 'server/index.js']

describe('createSample', () => {
  it("copies the application's own files into a new folder, its parents too", async () => {
    const target = join(folder, 'a/b c/workspace')
    await createSample(sample, target)
    expect(await files(target)).toEqual(copied)
    expect(await readdir(join(folder, 'a/b c'))).toEqual(['workspace'])
  })

  it('makes nothing where a workspace could not work', async () => {
    const target = join(folder, 'parents/a:b/workspace')
    await expect(createSample(sample, target)).rejects.toMatchObject({
      problem: { code: 'workspace-unusable', field: 'path', cause: 'It needs a path without “:”.' },
    })
    expect(await readdir(folder)).toEqual(['sample'])
  })

  it('takes an empty folder', async () => {
    await mkdir(join(folder, 'empty'))
    await createSample(sample, join(folder, 'empty'))
    expect(await files(join(folder, 'empty'))).toEqual(copied)
  })

  it('copies a sample that itself lies in a folder called build or node_modules', async () => {
    const inside = join(folder, 'node_modules/build')
    await createSample(sample, inside)
    await createSample(inside, join(folder, 'again'))
    expect(await files(join(folder, 'again'))).toEqual(copied)
  })

  it('refuses a folder with something in it and changes nothing', async () => {
    await mkdir(join(folder, 'full'))
    await writeFile(join(folder, 'full/.hidden'), '')
    await expect(createSample(sample, join(folder, 'full'))).rejects.toMatchObject({
      problem: { code: 'folder-not-empty', field: 'path' },
    })
    expect(await readdir(join(folder, 'full'))).toEqual(['.hidden'])
  })

  it('refuses a file, and a path below one', async () => {
    await writeFile(join(folder, 'file'), '')
    for (const it of ['file', 'file/below']) {
      await expect(createSample(sample, join(folder, it))).rejects.toMatchObject({
        problem: { code: 'folder-not-writable', field: 'path' },
      })
    }
  })

  it('refuses a place where the system lets nobody make anything', async () => {
    await expect(createSample(sample, '/proc/x/y')).rejects.toMatchObject({
      problem: { code: 'folder-not-writable', field: 'path' },
    })
  })

  it('leaves nothing when it fails in the middle', async () => {
    await createSample(join(folder, 'missing'), join(folder, 'target')).then(
      () => expect.unreachable(),
      (error: unknown) => {
        expect(error).toMatchObject({ problem: { code: 'folder-not-writable' } })
      },
    )
    expect((await readdir(folder)).toSorted()).toEqual(['sample'])
  })
})
