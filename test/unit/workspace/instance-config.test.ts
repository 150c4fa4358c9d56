import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { removeTemporary } from '../../../src/main/system/files'
import {
  changeInstanceConfig,
  readInstanceConfig,
  requireInstanceConfig,
  writeInstanceConfig,
} from '../../../src/main/workspace/instance-config'
import { temporary } from '../temporary'

/** As the command line tool left it, with keys of its own and a mode of its own. */
const guides = {
  name: 'school',
  port: 5001,
  theirs: { kept: [1, null] },
  database: {
    name: 'school_db',
    user: 'school_user',
    password: 'pässword',
    host: '127.0.0.1',
    port: 6432,
    directPort: 5432,
    url: 'postgresql://pooled',
    directUrl: 'postgresql://direct',
    ssl: false,
  },
  paths: { instance: '/w/i/school', server: '/w/i/school/server', client: '/c', uploads: '/u', backups: '/b' },
  created: '2025-01-31T10:00:00.000Z',
}

let folder: string
let path: string
beforeEach(async () => {
  folder = await temporary()
  path = join(folder, 'config.json')
  await writeFile(path, JSON.stringify(guides), { mode: 0o644 })
  await chmod(path, 0o644)
})
const content = async (): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'))

it('changes one key and keeps all others, unknown ones too; then only we can read it', async () => {
  await changeInstanceConfig(path, it => ({ ...it, port: 5002 }))
  expect(await content()).toEqual({ ...guides, port: 5002 })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

it('a key that is undefined is removed', async () => {
  await changeInstanceConfig(path, it => ({ ...it, bootSeconds: 90 }))
  expect(await requireInstanceConfig(path)).toMatchObject({ bootSeconds: 90 })
  await changeInstanceConfig(path, it => ({ ...it, bootSeconds: undefined }))
  expect(await content()).toEqual(guides)
})

it('changes made at the same time are all there afterwards', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      changeInstanceConfig(path, it => ({ ...it, [`key${index}`]: index, port: it.port + 1 })),
    ),
  )
  const all = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`key${index}`, index]))
  expect(await content()).toEqual({ ...guides, ...all, port: guides.port + 20 })
})

it('a new file written during a change replaces what the change wrote', async () => {
  for (let port = 6000; port < 6010; port++) {
    let written: Promise<void> | undefined
    await changeInstanceConfig(path, it => {
      written = writeInstanceConfig(path, { ...guides, port })
      return { ...it, port: 5002 }
    })
    await written
    expect(await content()).toEqual({ ...guides, port })
  }
})

it('a missing or a damaged file is left as it is, and the next change works', async () => {
  await writeFile(path, '{"name": "school"')
  await expect(changeInstanceConfig(path, it => it)).rejects.toMatchObject({ problem: { code: 'file-corrupt' } })
  expect(await readFile(path, 'utf8')).toBe('{"name": "school"')
  const absent = join(folder, 'absent.json')
  await expect(changeInstanceConfig(absent, it => it)).rejects.toMatchObject({ problem: { code: 'config-missing' } })
  expect(await readInstanceConfig(absent)).toBeUndefined()
  expect(await readdir(folder)).toEqual(['config.json'])
  await writeInstanceConfig(path, guides)
  await changeInstanceConfig(path, it => ({ ...it, port: 5002 }))
  expect(await requireInstanceConfig(path)).toMatchObject({ port: 5002 })
})

it('what a crash left behind of an earlier change does no harm, and can be removed', async () => {
  const left = join(folder, '.0123456789ab.tmp')
  await writeFile(left, '{"name":')
  await changeInstanceConfig(path, it => ({ ...it, port: 5002 }))
  expect((await readdir(folder)).toSorted()).toEqual(['.0123456789ab.tmp', 'config.json'])
  await removeTemporary(folder)
  expect(await readdir(folder)).toEqual(['config.json'])
  expect(await requireInstanceConfig(path)).toMatchObject({ port: 5002 })
})
