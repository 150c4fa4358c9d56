/**
 * Instances share files on the disk, and nothing that one of them does changes another's: with real npm and Prisma, and
 * as another user.
 */
import { createHash } from 'node:crypto'
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PinnedBase } from '../../../src/main/releases/copy-base'
import { Releases } from '../../../src/main/releases/releases'
import { baseEnvironment } from '../../../src/main/system/environment'
import { createRun } from '../../../src/main/system/run'
import { readManifest } from '../../../src/main/workspace/base'
import { fingerprint } from '../../../src/main/workspace/fingerprint'
import { createSample } from '../../../src/main/workspace/sample'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, secondUser, whyNoUsers } from '../../support/second-user'
import { resources } from '../../support/workspace'

let models = 0
let root: string, base: PinnedBase, releases: Releases
let before: ReadonlyMap<string, string>
const options = { signal: new AbortController().signal, report: () => undefined, output: () => undefined }
const instance = (name: string, ...path: string[]): string => join(root, 'instances', name, ...path)

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'im-sharing-')))
  await createSample(join(resources, 'sample-app'), join(root, 'base'))
  await mkdir(join(root, 'base/client/public'), { recursive: true })
  await writeFile(join(root, 'base/client/public/big.bin'), Buffer.alloc(100_000, 'x'))
  const manifest = await readManifest(join(root, 'base'))
  const major = process.versions.node.split('.')[0] ?? ''
  base = {
    root: join(root, 'base'),
    manifest,
    nodeMajor: major,
    fingerprint: await fingerprint(join(root, 'base'), manifest, major),
  }
  releases = new Releases(join(root, 'releases'), join(root, 'instances'), createRun(root))
  await place('one')
  await place('two')
  before = await contents(instance('two'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function place(name: string): Promise<void> {
  await releases.prepare(base, options)
  await mkdir(instance(name), { recursive: true })
  await releases.place(base, instance(name), options)
}

/** Every file's content by its path. */
async function contents(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter(it => it.isFile())
    .map(it => join(it.parentPath, it.name))
    .toSorted((a, b) => (a < b ? -1 : 1))
  const found = new Map<string, string>()
  for (const it of files)
    found.set(
      it.slice(folder.length),
      createHash('sha256')
        .update(await readFile(it))
        .digest('hex'),
    )
  return found
}

const tool = (name: string, file: string, args: readonly string[]) =>
  execa(file, args, {
    cwd: instance(name, 'server'),
    env: baseEnvironment(),
    extendEnv: false,
    input: '',
    timeout: 240_000,
  })

it('shares the packages and big files of the client: an instance takes little space', async () => {
  for (const path of [
    'server/node_modules/express/package.json',
    'server/node_modules/prisma/package.json',
    'client/build/big.bin',
  ]) {
    expect((await stat(instance('one', path))).ino).toBe((await stat(instance('two', path))).ino)
  }
})

describe("another instance's files stay as they are", () => {
  it.each([
    ['npx', ['prisma', 'generate']],
    ['npm', ['rebuild']],
    ['npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--no-save', './local']],
    ['npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', './local']],
    ['npm', ['uninstall', '--no-audit', '--no-fund', '--prefer-offline', 'local']],
    ['npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline']],
    ['npx', ['prisma', 'generate']],
  ])('after %s %j in this one', async (file, args) => {
    await mkdir(instance('one', 'server/local'), { recursive: true })
    await writeFile(instance('one', 'server/local/package.json'), '{"name":"local","version":"1.0.0"}')
    if (file === 'npx')
      await appendFile(instance('one', 'server/prisma/schema.prisma'), `\nmodel More${models++} {\n  id Int @id\n}\n`)
    await tool('one', file, args)
    expect(await contents(instance('two'))).toEqual(before)
  })

  it('and a new instance has what was prepared', async () => {
    await place('three')
    const [two, three] = [before, await contents(instance('three'))]
    expect(three).toEqual(two)
  })
})

describeWhere(canMakeUsers, whyNoUsers)('an application that runs as a user of its own', () => {
  it('cannot write into any file that it shares, nor make it writable', async () => {
    await place('four')
    const user = await secondUser()
    try {
      await chmod(root, 0o755)
      for (const folder of ['instances', 'instances/four']) await chmod(join(root, folder), 0o755)
      const answer = await user.run(
        `
        import { readdirSync, statSync, openSync, chmodSync } from 'node:fs'
        const folder = process.argv[2]
        const shared = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(it => it.isFile()).map(it => it.parentPath + '/' + it.name).filter(it => statSync(it).nlink > 1)
        const tries = [it => openSync(it, 'w'), it => openSync(it, 'a'), it => openSync(it, 'r+'), it => chmodSync(it, 0o666)]
        const open = shared.filter(it => tries.some(tried => { try { tried(it); return true } catch (error) { if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error } }))
        console.log(JSON.stringify({ shared: shared.length, open }))`,
        instance('four'),
      )
      const { shared, open } = JSON.parse(answer) as { shared: number; open: string[] }
      expect(shared).toBeGreaterThan(3000)
      expect(open).toEqual([])
    } finally {
      await user.remove()
    }
  })
})
