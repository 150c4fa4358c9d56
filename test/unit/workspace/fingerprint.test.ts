import { chmod, cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { fingerprint } from '../../../src/main/workspace/fingerprint'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

const manifest = manifestSchema.parse({})
let root: string
const write = async (path: string, text: string): Promise<void> => {
  await mkdir(join(root, path, '..'), { recursive: true })
  await writeFile(join(root, path), text)
}
const print = (): Promise<string> => fingerprint(root, manifest, '20')

beforeEach(async () => {
  root = await temporary()
  await write('server/index.js', 'listen()')
  await write('server/src/a.js', 'a')
  await write('client/package.json', '{}')
  await symlink('index.js', join(root, 'server/link.js'))
})

describe('fingerprint', () => {
  it('is 32 hex digits, and the same again', async () => {
    expect(await print()).toMatch(/^[0-9a-f]{32}$/)
    expect(await print()).toBe(await print())
  })

  it.each<[string, () => Promise<unknown>]>([
    ["a file's content", () => write('server/src/a.js', 'b')],
    ['a new file', () => write('client/src/new.js', '')],
    ['a missing file', () => rm(join(root, 'server/src/a.js'))],
    [
      "a file's name",
      async () => {
        await rm(join(root, 'server/src/a.js'))
        await write('server/src/b.js', 'a')
      },
    ],
    ['the executable bit', () => chmod(join(root, 'server/index.js'), 0o755)],
    [
      "a link's target",
      async () => {
        await rm(join(root, 'server/link.js'))
        await symlink('src/a.js', join(root, 'server/link.js'))
      },
    ],
    [
      'a link become a file of that text',
      async () => {
        await rm(join(root, 'server/link.js'))
        await write('server/link.js', 'index.js')
      },
    ],
    ['a folder called build in the server', () => write('server/build/x.js', '')],
    ['an .env in the client', () => write('client/.env', 'A=1')],
  ])('changes with %s', async (_, change) => {
    const before = await print()
    await change()
    expect(await print()).not.toBe(before)
  })

  it.each([
    'server/node_modules/x/index.js',
    'client/node_modules/x/index.js',
    'server/src/node_modules/x.js',
    'client/build/index.html',
    'server/.env',
    'server/uploads/a.png',
    'server/.git/HEAD',
    'instances/one/server/index.js',
    'notes.txt',
  ])('does not change with %s', async path => {
    const before = await print()
    await write(path, 'something')
    expect(await print()).toBe(before)
  })

  it("changes with the commands and with Node's major version, not with what places no file", async () => {
    const before = await print()
    expect(await fingerprint(root, manifest, '22')).not.toBe(before)
    expect(
      await fingerprint(root, manifestSchema.parse({ client: { build: ['npm', 'run', 'production'] } }), '20'),
    ).not.toBe(before)
    expect(await fingerprint(root, manifestSchema.parse({ director: { role: 'admin' } }), '20')).toBe(before)
  })

  it('reads big files too, to their end', async () => {
    await write('server/dump.sql', 'x'.repeat(5_000_000))
    const before = await print()
    await write('server/dump.sql', `${'x'.repeat(4_999_999)}y`)
    expect(await print()).not.toBe(before)
    await write('server/dump.sql', 'x'.repeat(5_000_000))
    expect(await print()).toBe(before)
  })

  it('does not depend on where it lies or in which order the files were made', async () => {
    const copy = join(await temporary(), 'copy')
    await mkdir(join(copy, 'client'), { recursive: true })
    await cp(join(root, 'client'), join(copy, 'client'), { recursive: true })
    await mkdir(join(copy, 'server/src'), { recursive: true })
    for (const it of ['src/a.js', 'link.js', 'index.js'])
      await cp(join(root, 'server', it), join(copy, 'server', it), { verbatimSymlinks: true })
    expect(await fingerprint(copy, manifest, '20')).toBe(await print())
  })
})
