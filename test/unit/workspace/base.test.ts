import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { baseFiles, checkWorkspace, readManifest, requireWorkspace } from '../../../src/main/workspace/base'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

async function workspace(...files: string[]): Promise<string> {
  const root = await temporary()
  for (const it of files) {
    await mkdir(join(root, it, '..'), { recursive: true })
    await writeFile(
      join(root, it),
      it === 'instance-manager.json' ? '{"server":{"folder":"api","entry":"main.js"}}' : '',
    )
  }
  return root
}
const whole = ['server/package.json', 'server/index.js', 'server/prisma/schema.prisma', 'client/package.json']

describe('checkWorkspace', () => {
  it('finds a whole one usable and counts its instances', async () => {
    const root = await workspace(
      ...whole,
      'instances/one/config.json',
      'instances/two/config.json',
      'instances/note.txt',
    )
    expect(await checkWorkspace(root)).toMatchObject({ path: root, usable: true, instances: 2 })
  })

  it.each(whole)('says that %s is missing, and why it matters', async missing => {
    const { usable, checks } = await checkWorkspace(await workspace(...whole.filter(it => it !== missing)))
    expect(usable).toBe(false)
    expect(checks.filter(it => !it.found)).toEqual([
      { item: missing, found: false, hint: expect.any(String) as string },
    ])
  })

  it('looks where the manifest says', async () => {
    const root = await workspace(
      'instance-manager.json',
      'api/package.json',
      'api/main.js',
      'api/prisma/schema.prisma',
      'client/package.json',
    )
    expect((await checkWorkspace(root)).usable).toBe(true)
  })

  it('refuses a path that npm and containers cannot work in', async () => {
    const root = join(await temporary(), 'a:b')
    await mkdir(root)
    expect(await checkWorkspace(root)).toMatchObject({
      usable: false,
      checks: [{ item: 'A path without “:”', found: false }],
    })
  })

  it('tells a missing folder from a file', async () => {
    const root = await workspace('file')
    expect(await checkWorkspace(join(root, 'nowhere'))).toMatchObject({
      usable: false,
      checks: [{ found: false, hint: 'There is no such folder.' }],
    })
    expect(await checkWorkspace(join(root, 'file'))).toMatchObject({
      usable: false,
      checks: [{ found: false, hint: 'This is a file.' }],
    })
  })

  it('names an unknown key in the manifest, and the nearest known one', async () => {
    const root = await workspace(...whole)
    await writeFile(join(root, 'instance-manager.json'), '{"server":{"entri":"main.js"}}')
    await expect(checkWorkspace(root)).rejects.toMatchObject({
      problem: { code: 'file-corrupt', cause: 'server.entri isn’t a known key; did you mean server.entry?' },
    })
  })

  it('refuses a broken manifest and does not quote it', async () => {
    const root = await workspace(...whole)
    await writeFile(join(root, 'instance-manager.json'), '{"server": canary')
    await expect(checkWorkspace(root)).rejects.toMatchObject({
      problem: { code: 'file-corrupt', cause: 'It isn’t valid JSON.' },
    })
    await writeFile(join(root, 'instance-manager.json'), '{"server":{"folder":"../elsewhere"}}')
    await expect(checkWorkspace(root)).rejects.toMatchObject({
      problem: { code: 'file-corrupt', cause: expect.stringContaining('server.folder') as string },
    })
  })
})

describe('requireWorkspace', () => {
  it('gives the real path', async () => {
    const root = await workspace(...whole)
    const link = join(await temporary(), 'link')
    await symlink(root, link)
    expect(await requireWorkspace(link)).toBe(root)
  })

  it('names all that is missing', async () => {
    await expect(requireWorkspace(await workspace('server/index.js'))).rejects.toMatchObject({
      problem: {
        code: 'workspace-unusable',
        field: 'path',
        cause: 'Missing: server/package.json, server/prisma/schema.prisma, client/package.json.',
      },
    })
  })
})

describe('baseFiles', () => {
  it('lists files and links sorted, and does not walk into a linked folder', async () => {
    const root = await workspace(
      'server/b.js',
      'server/a.js',
      'client/c.js',
      'outside/secret.txt',
      'server/uploads/x.png',
      'server/.env',
    )
    await symlink('../outside', join(root, 'server/linked'))
    expect(await baseFiles(root, await readManifest(root))).toEqual([
      'client/c.js',
      'server/a.js',
      'server/b.js',
      'server/linked',
    ])
  })

  it('leaves out every data folder of the manifest', async () => {
    const root = await workspace('server/a.js', 'server/reports/r.pdf', 'server/uploads/u.png', 'client/c.js')
    expect(await baseFiles(root, manifestSchema.parse({ server: { dataFolders: ['reports', 'uploads'] } }))).toEqual([
      'client/c.js',
      'server/a.js',
    ])
  })
})

describe('the manifest’s smoke tests', () => {
  const refusal = (smoke: object): string =>
    manifestSchema.safeParse({ smoke: [smoke] }).error?.issues[0]?.message ?? ''
  it.each([
    { url: '/' },
    { url: '/api/health?deep=1', status: 503, text: 'ok' },
    { command: ['node', 'smoke.mjs', '--fast'] },
  ])('may be %o', smoke => {
    expect(refusal(smoke)).toBe('')
  })
  it.each([
    [{}, 'Either'],
    [{ url: '/', command: ['true'] }, 'Either'],
    [{ command: ['true'], status: 200 }, 'go with'],
    [{ url: 'http://elsewhere.example/' }, 'own port'],
    [{ url: 'api' }, 'own port'],
    [{ url: '/a b' }, 'own port'],
    [{ url: '/a\r\nx: y' }, 'own port'],
    [{ url: '/', status: 99 }, '100'],
    [{ url: '/', status: '200' }, 'number'],
    [{ url: '/', text: '' }, '1 character'],
    [{ command: 'npm test' }, 'tuple'],
    [{ command: [] }, ''],
    [{ url: '/', body: 'x' }, 'Unrecognized'],
  ])('can’t be %o', (smoke, message) => {
    expect(refusal(smoke)).toMatch(message || /./)
  })
})
