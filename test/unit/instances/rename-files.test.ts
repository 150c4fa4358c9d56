import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { beforeEach, expect, it } from 'vitest'
import { renameFiles, restoreFiles, type Named } from '../../../src/main/instances/rename-files'
import { createRun } from '../../../src/main/system/run'
import { instancePaths, workspacePaths } from '../../../src/main/workspace/paths'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

const run = createRun('test')
let before: Named
let after: Named
let env: Record<string, string>

const read = async ({ paths }: Named) => [
  JSON.parse(await readFile(paths.config, 'utf8')) as unknown,
  JSON.parse(await readFile(paths.databaseConfig, 'utf8')) as unknown,
  parse(await readFile(paths.env)),
]

beforeEach(async () => {
  const root = await temporary()
  const named = (name: string): Named => ({
    name,
    paths: instancePaths(workspacePaths(root), manifestSchema.parse({}), name),
  })
  ;[before, after] = [named('one'), named('two')]
  const { folder, server, client } = before.paths
  const url = (port: number): string => `postgresql://one_user:x@127.0.0.1:${port}/one_db`
  const database = {
    name: 'one_db',
    user: 'one_user',
    password: 'x',
    host: '127.0.0.1',
    port: 16432,
    directPort: 15432,
  }
  const urls = { url: url(16432), directUrl: url(15432) }
  env = {
    INSTANCE_NAME: 'one',
    DATABASE_URL: urls.url,
    DIRECT_URL: urls.directUrl,
    OTHER_SERVER: url(5432),
    OTHER_KIND: 'redis://one_user:x@127.0.0.1:15432/one_db',
    HOME_DIR: folder,
    UPLOAD_DIR: `${server}/uploads`,
    SIBLING: `${folder}-2/uploads`,
  }
  await mkdir(server, { recursive: true })
  await writeFile(
    before.paths.config,
    JSON.stringify({
      name: 'one',
      port: 5001,
      database: { ...database, ...urls },
      paths: { instance: folder, server, client, uploads: join(server, 'uploads') },
      created: '2025-01-17T10:30:00.000Z',
    }),
  )
  await writeFile(before.paths.databaseConfig, JSON.stringify({ ...database, ...urls }))
  await writeFile(
    before.paths.env,
    Object.entries(env)
      .map(([key, value]) => `${key}="${value}"\n`)
      .join(''),
  )
})

it('changes its own logins and paths in .env only, and back', async () => {
  const whole = await read(before)
  await renameFiles(run, before, after)
  expect((await read(after))[2]).toEqual({
    INSTANCE_NAME: 'two',
    DATABASE_URL: 'postgresql://two_user:x@127.0.0.1:16432/two_db',
    DIRECT_URL: 'postgresql://two_user:x@127.0.0.1:15432/two_db',
    OTHER_SERVER: env['OTHER_SERVER'],
    OTHER_KIND: env['OTHER_KIND'],
    HOME_DIR: after.paths.folder,
    UPLOAD_DIR: `${after.paths.server}/uploads`,
    SIBLING: env['SIBLING'],
  })
  await restoreFiles(run, before, after)
  expect(await read(before)).toEqual(whole)
  expect(await readdir(join(before.paths.folder, '..'))).toEqual(['one'])
})

it('an old folder that something made again is in the way of putting it back', async () => {
  await renameFiles(run, before, after)
  const whole = await read(after)
  await mkdir(join(before.paths.server, 'uploads'), { recursive: true })
  await renameFiles(run, before, after) // repeated after a crash
  await expect(restoreFiles(run, before, after)).rejects.toMatchObject({
    problem: { code: 'name-taken', message: `The folder ${before.paths.folder} already exists.` },
  })
  expect(await read(after)).toEqual(whole)
})

it('absolute links to its own files lead to them again, and back; a crash leaves none of ours', async () => {
  const uploads = ({ paths }: Named): string => join(paths.server, 'uploads')
  const { folder } = before.paths
  const links: Record<string, string> = {
    absolute: `${uploads(before)}/photo 1.jpg`,
    folder,
    relative: 'photo 1.jpg',
    sibling: `${folder}-2/photo.jpg`,
    'line\nbreak': `${uploads(before)}/gone`,
  }
  await mkdir(uploads(before), { recursive: true })
  for (const [name, target] of Object.entries(links)) await symlink(target, join(uploads(before), name))
  const linksOf = async (its: Named) => {
    const names = await readdir(uploads(its))
    return Object.fromEntries(await Promise.all(names.map(async it => [it, await readlink(join(uploads(its), it))])))
  }
  await symlink(`${uploads(after)}/photo 1.jpg`, join(uploads(before), '.0123456789ab.tmp'))
  await renameFiles(run, before, after)
  expect(await linksOf(after)).toEqual({
    ...links,
    absolute: `${uploads(after)}/photo 1.jpg`,
    folder: after.paths.folder,
    'line\nbreak': `${uploads(after)}/gone`,
  })
  await restoreFiles(run, before, after)
  expect(await linksOf(before)).toEqual(links)
})
