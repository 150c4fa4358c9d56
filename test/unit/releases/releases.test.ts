import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Base } from '../../../src/main/releases/copy-base'
import { Releases } from '../../../src/main/releases/releases'
import { createRun } from '../../../src/main/system/run'
import { fingerprint } from '../../../src/main/workspace/fingerprint'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

/** Commands that take a moment and count how often they ran, in `../installs` beside the workspace's releases. */
const install: [string, ...string[]] = ['sh', '-c', 'mkdir -p node_modules/x && echo package > node_modules/x/index.js && echo . >> "$HOME/installs"']
const commands = {
  server: { install, generate: ['true'] as [string] },
  client: { install: ['true'] as [string], build: ['sh', '-c', 'mkdir build && echo page > build/index.html'] as [string, ...string[]] },
}
let root: string, releases: Releases
const signal = new AbortController().signal
const silent = { signal, report: () => undefined, output: () => undefined }

beforeEach(async () => {
  root = await temporary()
  for (const [path, text] of [['server/index.js', 'listen()'], ['server/uploads/secret.png', 'x'], ['server/.env', 'JWT_SECRET=canary'], ['client/package.json', '{}']] as const) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const run = createRun(randomUUID())
  releases = new Releases(join(root, 'releases'), (file, args, options) => run(file, args, { ...options, env: { ...options.env, HOME: root } }))
})

async function base(changes: { server?: object; client?: object } = {}): Promise<Base> {
  const manifest = manifestSchema.parse({ server: { ...commands.server, ...changes.server }, client: { ...commands.client, ...changes.client } })
  return { root, manifest, nodeMajor: '20', fingerprint: await fingerprint(root, manifest, '20') }
}
const installs = async (): Promise<number> => (await readFile(join(root, 'installs'), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean).length
const kept = (): Promise<string[]> => readdir(join(root, 'releases')).catch(() => [])

describe('prepare', () => {
  it('makes the release once, for those who come at once too', async () => {
    const its = await base()
    await Promise.all([1, 2, 3].map(() => releases.prepare(its, silent)))
    await releases.prepare(its, silent)
    expect(await installs()).toBe(1)
    expect(await kept()).toEqual([its.fingerprint])
    expect(await releases.has(its.fingerprint)).toBe(true)
    const files = await readdir(join(root, 'releases', its.fingerprint), { recursive: true })
    expect(files).toEqual(expect.arrayContaining(['server/index.js', 'server/node_modules/x/index.js', 'client/build/index.html', 'release.json']))
    expect(files.filter(it => /\.env|secret\.png|client\/package/.test(it))).toEqual([])
  })

  it.each([
    ['install', { server: { install: ['sh', '-c', 'echo broken >&2; exit 1'] } }, 'command-failed'],
    ['build', { client: { build: ['false'] } }, 'command-failed'],
    ['output', { client: { build: ['true'] } }, 'client-build-missing'],
  ])('leaves nothing when the %s fails', async (_, changes, code) => {
    const its = await base(changes)
    await expect(releases.prepare(its, silent)).rejects.toMatchObject({ problem: { code } })
    expect(await kept()).toEqual([])
    expect(await releases.has(its.fingerprint)).toBe(false)
  })

  it('makes one anew that lost a part', async () => {
    const its = await base()
    await releases.prepare(its, silent)
    await rm(join(root, 'releases', its.fingerprint, 'release.json'))
    await releases.prepare(its, silent)
    expect(await releases.has(its.fingerprint)).toBe(true)
    expect(await kept()).toEqual([its.fingerprint])
  })

  it('refuses a base that is not the one that was planned', async () => {
    const its = await base()
    await writeFile(join(root, 'server/index.js'), 'changed()')
    await expect(releases.prepare(its, silent)).rejects.toMatchObject({ problem: { code: 'base-changed' } })
    expect(await kept()).toEqual([])
  })

  it('lets the next one try when the first is cancelled', async () => {
    const its = await base({ client: { build: ['sh', '-c', 'test -e "$HOME/second" || { : > "$HOME/began"; sleep 1000; }; mkdir build'] } })
    const cancel = new AbortController()
    const first = releases.prepare(its, { ...silent, signal: cancel.signal }).catch((error: unknown) => error)
    while (!await stat(join(root, 'began')).catch(() => undefined)) await new Promise(setImmediate)
    const second = releases.prepare(its, silent)
    await writeFile(join(root, 'second'), '')
    cancel.abort(new Error('cancelled'))
    expect(await first).toEqual(new Error('cancelled'))
    await second
    expect(await kept()).toEqual([its.fingerprint])
  })

  it('has its leftovers removed after a crash', async () => {
    const its = await base()
    await releases.prepare(its, silent)
    await mkdir(join(root, 'releases/.half/server'), { recursive: true })
    await releases.tidy()
    expect(await kept()).toEqual([its.fingerprint])
  })
})

describe('place', () => {
  it('copies the code, links the packages, and a change in an instance changes no release', async () => {
    const its = await base()
    await releases.prepare(its, silent)
    const target = join(root, 'instance')
    await mkdir(target)
    await releases.place(its.fingerprint, its.manifest, target, signal)
    const inode = async (...path: string[]): Promise<number> => (await stat(join(...path))).ino
    const release = join(root, 'releases', its.fingerprint)
    expect(await inode(target, 'server/node_modules/x/index.js')).toBe(await inode(release, 'server/node_modules/x/index.js'))
    expect(await inode(target, 'server/index.js')).not.toBe(await inode(release, 'server/index.js'))
    expect(await readFile(join(target, 'client/build/index.html'), 'utf8')).toBe('page\n')
    await rm(target, { recursive: true })
    expect(await readFile(join(release, 'server/node_modules/x/index.js'), 'utf8')).toBe('package\n')
  })

  it('copies the packages to another disk, where nothing can be linked', async () => {
    const its = await base()
    await releases.prepare(its, silent)
    const target = await mkdtemp('/dev/shm/im-unit-') // always a file system of its own
    try {
      await releases.place(its.fingerprint, its.manifest, target, signal)
      expect(await readFile(join(target, 'server/node_modules/x/index.js'), 'utf8')).toBe('package\n')
    } finally { await rm(target, { recursive: true }) }
  })
})

describe('schema', () => {
  it('is kept with the release', async () => {
    const its = await base()
    await releases.prepare(its, silent)
    expect(await releases.schema(its.fingerprint)).toBeUndefined()
    await releases.keepSchema(its.fingerprint, 'CREATE TABLE a ();')
    expect(await releases.schema(its.fingerprint)).toBe('CREATE TABLE a ();')
  })
})
