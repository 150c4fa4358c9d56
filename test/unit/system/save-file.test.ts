/** Nothing is saved over what must stay. */
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { openSaveFile } from '../../../src/main/system/save-file'
import { temporary } from '../temporary'

async function save(
  path: string,
  overwrite = false,
  before: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const file = await openSaveFile(path, overwrite)
  try {
    await file.write('one\n')
    await file.write('two\n')
    await before()
    await file.commit()
  } finally {
    await file.close()
  }
}

it("a new file is whole, its user's own, and all that is left", async () => {
  const folder = await temporary()
  await save(join(folder, 'a'))
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('one\ntwo\n')
  expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['a'])
})

it('what exists is replaced only on a yes, also if it came meanwhile', async () => {
  const folder = await temporary()
  const path = join(folder, 'a')
  const refused = { problem: { code: 'file-exists', field: 'path' } }
  await writeFile(path, 'mine')
  await expect(save(path)).rejects.toMatchObject(refused)
  await expect(save(join(folder, 'b'), false, () => writeFile(join(folder, 'b'), 'theirs'))).rejects.toMatchObject(
    refused,
  )
  expect(await readFile(path, 'utf8')).toBe('mine')
  expect(await readFile(join(folder, 'b'), 'utf8')).toBe('theirs')
  await save(path, true)
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\n')
  expect((await readdir(folder)).toSorted()).toEqual(['a', 'b'])
})

it.each([false, true])('links, folders, pipes and devices stay what they are (overwrite: %s)', async overwrite => {
  const folder = await temporary()
  const at = (name: string): string => join(folder, name)
  await writeFile(at('target'), 'precious')
  await Promise.all([
    mkdir(at('folder')),
    symlink('target', at('link')),
    symlink('nowhere', at('dangling')),
    execa('mkfifo', [at('pipe')]),
  ])
  const names = ['folder', 'link', 'dangling', 'pipe']
  if (process.getuid?.() === 0) {
    // as /dev/null
    await execa('mknod', [at('device'), 'c', '1', '3'])
    names.push('device')
  }
  for (const name of names)
    await expect(save(at(name), overwrite)).rejects.toMatchObject({ problem: { code: 'file-not-regular' } })
  await expect(save(at('late'), overwrite, () => symlink('target', at('late')))).rejects.toMatchObject({
    problem: { code: 'file-not-regular' },
  })
  expect(await readFile(at('target'), 'utf8')).toBe('precious')
  expect(await readlink(at('dangling'))).toBe('nowhere')
  expect((await readdir(folder)).toSorted()).toEqual([...names, 'late', 'target'].toSorted())
})

it("a folder may be reached through links of one's own", async () => {
  const folder = await temporary()
  await mkdir(join(folder, 'real/deep'), { recursive: true })
  await symlink('../real', join(folder, 'real/round'))
  await symlink(join(folder, 'real'), join(folder, 'short'))
  await save(join(folder, 'short/round/deep/a'))
  expect(await readFile(join(folder, 'real/deep/a'), 'utf8')).toBe('one\ntwo\n')
})
