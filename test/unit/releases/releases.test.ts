import { randomUUID } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { PinnedBase } from '../../../src/main/releases/copy-base'
import { Releases } from '../../../src/main/releases/releases'
import { findUnneeded } from '../../../src/main/releases/unneeded'
import { createRun } from '../../../src/main/system/run'
import { fingerprint } from '../../../src/main/workspace/fingerprint'
import type { Removed } from '../../../src/shared/releases'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

/**
 * Commands that take a moment and count how often they ran, in `installs` and `builds` beside the workspace's releases.
 */
const install: [string, ...string[]] = [
  'sh',
  '-c',
  'mkdir -p node_modules/x && echo package > node_modules/x/index.js && echo . >> "$HOME/installs"',
]
const build: [string, ...string[]] = [
  'sh',
  '-c',
  'mkdir build && cat index.html > build/index.html && head -c 100000 /dev/zero > build/app.js && echo . >> "$HOME/builds"',
]
const commands = {
  server: { install, generate: ['true'] as [string] },
  client: { install: ['true'] as [string], build },
}
let root: string, releases: Releases
const signal = new AbortController().signal
let said = ''
const options = {
  signal,
  report: () => undefined,
  output: (chunk: string) => {
    said += chunk
  },
}

beforeEach(async () => {
  root = await temporary()
  said = ''
  for (const [path, text] of [
    ['server/index.js', 'listen()'],
    ['server/uploads/secret.png', 'x'],
    ['server/.env', 'JWT_SECRET=canary'],
    ['server/package.json', '{}'],
    ['client/package.json', '{}'],
    ['client/index.html', 'page\n'],
  ] as const)
    await write(path, text)
  const run = createRun(randomUUID())
  releases = new Releases(join(root, 'releases'), join(root, 'instances'), (file, args, its) =>
    run(file, args, { ...its, env: { ...its.env, PATH: process.env['PATH'] ?? '', HOME: root } }),
  )
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(root, path, '..'), { recursive: true })
  await writeFile(join(root, path), text)
}
async function base(changes: { server?: object; client?: object } = {}): Promise<PinnedBase> {
  const manifest = manifestSchema.parse({
    server: { ...commands.server, ...changes.server },
    client: { ...commands.client, ...changes.client },
  })
  return { root, manifest, nodeMajor: '20', fingerprint: await fingerprint(root, manifest, '20') }
}
/** What npm needs no registry for. */
const npm = () => base({ server: { install: undefined, generate: undefined }, client: { install: undefined } })
const runsOf = async (what: string): Promise<number> =>
  (await readFile(join(root, what), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean).length
const kept = async (): Promise<string[]> => {
  await releases.kept.discarded()
  return (await readdir(join(root, 'releases')).catch(() => [])).filter(it => it !== 'parts')
}
const parts = async (): Promise<string[]> =>
  (await readdir(join(root, 'releases/parts')).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1))
const place = async (its: PinnedBase, name: string): Promise<string> => {
  const target = join(root, 'instances', name)
  await mkdir(target, { recursive: true })
  await releases.place(its, target, options)
  return target
}
const inode = async (...path: string[]): Promise<number> => (await stat(join(...path))).ino

describe('prepare', () => {
  it('makes the release once, for those who come at once too', async () => {
    const its = await base()
    await Promise.all([1, 2, 3].map(() => releases.prepare(its, options)))
    await releases.prepare(its, options)
    expect(await runsOf('installs')).toBe(1)
    expect(await kept()).toEqual([its.fingerprint])
    expect(await releases.kept.has(its.fingerprint)).toBe(true)
    const files = await readdir(join(root, 'releases'), { recursive: true })
    expect(files.some(it => it.endsWith('content/node_modules/x/index.js'))).toBe(true)
    expect(files.filter(it => /\.env|secret\.png/.test(it))).toEqual([])
    expect(files.filter(it => /(^|\/)\./.test(it))).toEqual([]) // nothing that is half made
  })

  it.each([
    ['install', { server: { install: ['sh', '-c', 'echo broken >&2; exit 1'] } }, 'command-failed'],
    ['build', { client: { build: ['false'] } }, 'command-failed'],
    ['output', { client: { build: ['true'] } }, 'client-build-missing'],
  ])('leaves nothing half made when the %s fails', async (_, changes, code) => {
    const its = await base(changes)
    await expect(releases.prepare(its, options)).rejects.toMatchObject({ problem: { code } })
    expect(await kept()).toEqual([])
    expect((await parts()).filter(it => it.startsWith('.'))).toEqual([])
    expect(await releases.kept.has(its.fingerprint)).toBe(false)
  })

  it('makes anew only what is missing', async () => {
    const its = await base()
    await releases.prepare(its, options)
    await rm(join(root, 'releases', its.fingerprint, 'release.json'))
    for (const it of await parts())
      if (it.startsWith('client-build')) await rm(join(root, 'releases/parts', it, 'part.json'))
    expect(await releases.kept.has(its.fingerprint)).toBe(false)
    await releases.prepare(its, options)
    expect(await releases.kept.has(its.fingerprint)).toBe(true)
    expect([await runsOf('installs'), await runsOf('builds')]).toEqual([1, 2])
    expect(await kept()).toEqual([its.fingerprint])
  })

  it('refuses a base that is not the one that was planned', async () => {
    const its = await base()
    await write('server/index.js', 'changed()')
    await expect(releases.prepare(its, options)).rejects.toMatchObject({ problem: { code: 'base-changed' } })
    expect(await kept()).toEqual([])
  })

  it('lets the next one try when the first is cancelled', async () => {
    const its = await base({
      client: { build: ['sh', '-c', 'test -e "$HOME/second" || { : > "$HOME/began"; sleep 1000; }; mkdir build'] },
    })
    const cancel = new AbortController()
    const first = releases.prepare(its, { ...options, signal: cancel.signal }).catch((error: unknown) => error)
    while (!(await stat(join(root, 'began')).catch(() => undefined))) await new Promise(setImmediate)
    const second = releases.prepare(its, options)
    await writeFile(join(root, 'second'), '')
    cancel.abort(new Error('cancelled'))
    expect(await first).toEqual(new Error('cancelled'))
    await second
    expect(await kept()).toEqual([its.fingerprint])
  })

  it('has its leftovers removed after a crash', async () => {
    const its = await base()
    await releases.prepare(its, options)
    await mkdir(join(root, 'releases/.half/server'), { recursive: true })
    await mkdir(join(root, 'releases/parts/.half'), { recursive: true })
    const before = await parts()
    await releases.kept.tidy()
    expect(await kept()).toEqual([its.fingerprint])
    expect(await parts()).toEqual(before.filter(it => it !== '.half'))
  })
})

describe('parts', () => {
  beforeEach(async () => {
    await write('server/package.json', '{"name":"s","version":"1.0.0"}')
    await write(
      'server/package-lock.json',
      '{"name":"s","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"s","version":"1.0.0"}}}',
    )
    await write('client/package.json', '{"name":"c","version":"1.0.0"}')
    await write(
      'client/package-lock.json',
      '{"name":"c","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"c","version":"1.0.0"}}}',
    )
    await write('server/prisma/schema.prisma', 'model User { id Int @id }')
    const bin = join(root, 'bin') // npm and Prisma themselves are tested with the sample application
    await mkdir(bin)
    await writeFile(join(bin, 'npm'), '#!/bin/sh\nmkdir -p node_modules/x\n', { mode: 0o755 })
    await writeFile(
      join(bin, 'npx'),
      '#!/bin/sh\nmkdir -p node_modules/.prisma && cat prisma/schema.prisma > node_modules/.prisma/client.js && echo . >> "$HOME/generated"\n',
      { mode: 0o755 },
    )
    const run = createRun(randomUUID())
    releases = new Releases(join(root, 'releases'), join(root, 'instances'), (file, args, its) =>
      run(file, args, { ...its, env: { ...its.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: root } }),
    )
    await releases.prepare(await npm(), options)
    said = ''
  })
  /** The commands that ran, without their arguments. */
  const ran = (): string[] =>
    [...said.matchAll(/\[(\w+)\] \$ (npm ci|npx prisma generate|sh)/g)].map(it => `${it[1]} ${it[2]}`).toSorted()
  const installed = (): string[] => ran().flatMap(it => /(\w+) npm ci/.exec(it)?.[1] ?? [])

  it.each([
    ['server/index.js', 'listen() // and a newline\n', []],
    ['server/prisma/schema.prisma', 'model User { id Int @id name String }', ['server npx prisma generate']],
    ['client/index.html', 'another page\n', ['client sh']],
    ['client/.env', 'REACT_APP_SCHOOL=Ada', ['client sh']],
    [
      'server/package-lock.json',
      '{"name":"s","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"s","version":"1.0.0"}}}',
      ['server npm ci', 'server npx prisma generate'],
    ],
    [
      'client/package-lock.json',
      '{"name":"c","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"c","version":"1.0.0"}}}',
      ['client npm ci', 'client sh'],
    ],
  ])('of another %s are reused as far as it does not go into them', async (path, text, expected) => {
    await write(path, text)
    const its = await npm()
    await releases.prepare(its, options)
    expect(ran()).toEqual(expected)
    const instance = await place(its, 'one')
    expect(await readFile(join(instance, 'server/index.js'), 'utf8')).toBe(
      await readFile(join(root, 'server/index.js'), 'utf8'),
    )
    expect(await readFile(join(instance, 'server/node_modules/.prisma/client.js'), 'utf8')).toBe(
      await readFile(join(root, 'server/prisma/schema.prisma'), 'utf8'),
    )
    expect(await readFile(join(instance, 'client/build/index.html'), 'utf8')).toBe(
      await readFile(join(root, 'client/index.html'), 'utf8'),
    )
  })

  it.each([
    [
      'a script of its own',
      'server/package.json',
      '{"name":"s","version":"1.0.0","scripts":{"postinstall":"node index.js"}}',
    ],
    ['a package beside it', 'server/package.json', '{"name":"s","version":"1.0.0","workspaces":["lib"]}'],
  ])('that are installed with %s are of all files', async (_, path, text) => {
    await write(path, text)
    await write('server/index.js', '// first')
    await releases.prepare(await npm(), options)
    said = ''
    await write('server/index.js', '// second')
    await releases.prepare(await npm(), options)
    expect(installed()).toEqual(['server'])
  })

  it('of a client that takes code from the server are of all files', async () => {
    await write('client/src/roles.js', 'export * from "../../server/index.js"')
    await releases.prepare(await npm(), options)
    expect(await runsOf('builds')).toBe(2)
    await write('server/index.js', '// another')
    await releases.prepare(await npm(), options)
    expect(await runsOf('builds')).toBe(3)
  })

  it('are kept for the next try when a later one fails', async () => {
    await write('server/package.json', '{"name":"s","version":"2.0.0"}')
    await write(
      'server/package-lock.json',
      '{"name":"s","version":"2.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"s","version":"2.0.0"}}}',
    )
    const failing = await base({ server: { install: undefined, generate: ['false'] }, client: { install: undefined } })
    await expect(releases.prepare(failing, options)).rejects.toMatchObject({ problem: { code: 'command-failed' } })
    await releases.prune(() => Promise.resolve(new Set()), 'old', signal)
    said = ''
    await releases.prepare(await npm(), options)
    expect(installed()).toEqual([])
  })
})

describe('caches of the client’s build', () => {
  /** A builder that takes a file of its cache for the time of index.html, and says whether it was there. */
  const caching = (then = 'true') =>
    base({
      client: {
        install: undefined,
        build: [
          'sh',
          '-c',
          `mkdir -p build node_modules/.cache && stat -c '%n %Y' "$PWD/index.html" > time
          { cmp -s time node_modules/.cache/time && echo hit || { [ -e node_modules/.cache/time ] && echo stale || echo none; } } >> "$HOME/caches"
          rm -f node_modules/.cache/time && cp time node_modules/.cache/time && cp index.html build && ${then}`,
        ],
      },
    })
  const prepare = async (text: string, then?: string): Promise<void> => {
    await write('client/other.js', text)
    await releases.prepare(await caching(then), options)
  }
  const found = async (): Promise<string[]> => (await readFile(join(root, 'caches'), 'utf8')).trim().split('\n')
  const packages = async (): Promise<string> => {
    const [name = ''] = (await parts()).filter(it => it.startsWith('client-packages'))
    return join(root, 'releases/parts', name)
  }

  it('are found by the next build at the same path, with times that follow from the content', async () => {
    await prepare('1')
    await utimes(join(root, 'client/index.html'), 5, 5)
    await prepare('2')
    await write('client/index.html', 'later')
    await utimes(join(root, 'client/index.html'), 5, 5) // as in an archive where all files have the same
    await prepare('3')
    expect(await found()).toEqual(['none', 'hit', 'stale'])
  })

  it('never reach an instance or the packages that are shared', async () => {
    await prepare('1')
    await prepare('2')
    const instance = await place(await caching(), 'one')
    const all = await readdir(instance, { recursive: true })
    expect(all.filter(it => it.includes('.cache'))).toEqual([])
    expect(await readdir(join(await packages(), 'content'), { recursive: true })).not.toContain('node_modules/.cache')
    expect((await stat(join(await packages(), 'cache/time'))).nlink).toBe(1)
  })

  it('begin anew after a build that failed', async () => {
    await prepare('1')
    await expect(prepare('2', 'false')).rejects.toMatchObject({ problem: { code: 'command-failed' } })
    await prepare('3')
    expect(await found()).toEqual(['none', 'hit', 'none'])
  })
})

describe('place', () => {
  it('shares packages and big files of the client, read-only, and copies the rest', async () => {
    const its = await base()
    const [one, two] = [await place(its, 'one'), await place(its, 'two')]
    const same = async (path: string): Promise<boolean> => (await inode(one, path)) === (await inode(two, path))
    expect(
      await Promise.all(
        ['server/node_modules/x/index.js', 'client/build/app.js', 'client/build/index.html', 'server/index.js'].map(
          same,
        ),
      ),
    ).toEqual([true, true, false, false])
    const modes = await Promise.all(
      ['server/node_modules/x/index.js', 'client/build/app.js', 'client/build/index.html', 'server/index.js'].map(
        async it => (await stat(join(one, it))).mode & 0o222,
      ),
    )
    expect(modes.map(Boolean)).toEqual([false, false, true, true])
    expect(await readFile(join(one, 'client/build/index.html'), 'utf8')).toBe('page\n')
    await rm(one, { recursive: true })
    expect(await readFile(join(two, 'server/node_modules/x/index.js'), 'utf8')).toBe('package\n')
  })

  it.each(['server/node_modules/x/index.js', 'client/build/app.js'])(
    'gives no new instance what was written into %s of another, and names both',
    async path => {
      const its = await base()
      const one = await place(its, 'one')
      const two = await place(its, 'two')
      await chmod(join(one, path), 0o644) // its owner may; root need not
      const file = await open(join(one, path), 'r+')
      await file.write('evil')
      await file.utimes(1, 1) // another second than that in which it was made
      await file.close()
      expect(await readFile(join(two, path), 'utf8')).toMatch(/^evil/) // what a link means
      const third = await place(its, 'third')
      expect(await readFile(join(third, path), 'utf8')).not.toMatch(/^evil/)
      expect(said).toContain(path)
      expect(said).toContain('These instances have the changed files: one, two.')
    },
  )

  it('copies everything to another disk, where nothing can be linked', async () => {
    const its = await base()
    const target = await mkdtemp('/dev/shm/im-unit-') // always a file system of its own
    try {
      await releases.place(its, target, options)
      expect(await readFile(join(target, 'server/node_modules/x/index.js'), 'utf8')).toBe('package\n')
      expect((await stat(join(target, 'server/node_modules/x/index.js'))).mode & 0o200).toBe(0o200)
    } finally {
      await rm(target, { recursive: true })
    }
  })

  it('overlays what generating changed and removed in the packages', async () => {
    const its = await base({
      server: {
        install: [
          'sh',
          '-c',
          'mkdir -p node_modules/x node_modules/y && echo package > node_modules/x/index.js && echo stub > node_modules/y/stub.js && echo old > node_modules/y/client.js',
        ],
        generate: [
          'sh',
          '-c',
          'rm node_modules/y/stub.js && echo new > node_modules/y/client.js && mkdir generated && echo more > generated/it.js',
        ],
      },
    })
    const [one, two] = [await place(its, 'one'), await place(its, 'two')]
    expect(await readdir(join(one, 'server/node_modules/y'))).toEqual(['client.js'])
    expect(await readFile(join(one, 'server/node_modules/y/client.js'), 'utf8')).toBe('new\n')
    expect(await readFile(join(one, 'server/generated/it.js'), 'utf8')).toBe('more\n')
    expect(await inode(one, 'server/node_modules/y/client.js')).not.toBe(
      await inode(two, 'server/node_modules/y/client.js'),
    )
    expect(await inode(one, 'server/node_modules/x/index.js')).toBe(await inode(two, 'server/node_modules/x/index.js'))
  })
})

describe('prune', () => {
  const prune = (used: readonly string[], which: 'old' | 'all' = 'old'): Promise<Removed> =>
    releases.prune(() => Promise.resolve(new Set(used)), which, signal)

  it('keeps what is used and the newest two, with their parts; instances keep their files', async () => {
    const made: PinnedBase[] = []
    for (const text of ['1', '2', '3', '4', '5']) {
      await write('server/index.js', text)
      await write('client/index.html', text)
      made.push(await base())
      await releases.prepare(made.at(-1) as PinnedBase, options)
    }
    await write('server/index.js', '2')
    await write('client/index.html', '2')
    const [, second, , fourth, fifth] = made as [PinnedBase, PinnedBase, PinnedBase, PinnedBase, PinnedBase]
    const instance = await place(second, 'one')
    const unneeded = await findUnneeded(releases.kept, new Set([second.fingerprint]), 'old')
    expect(unneeded.releases).toHaveLength(2)
    expect(await releases.kept.sizeOf(unneeded.releases, unneeded.parts)).toBeGreaterThan(2 * 100_000)
    await prune([second.fingerprint])
    expect((await kept()).toSorted()).toEqual([second, fourth, fifth].map(it => it.fingerprint).toSorted())
    expect((await parts()).filter(it => it.startsWith('client-build'))).toHaveLength(3)
    for (const it of [second, fourth, fifth]) expect(await releases.kept.has(it.fingerprint)).toBe(true)
    await prune([fourth.fingerprint], 'all')
    expect(await kept()).toEqual([fourth.fingerprint])
    expect((await parts()).filter(it => it.startsWith('client-build'))).toHaveLength(1)
    expect(await readFile(join(instance, 'client/build/app.js'))).toHaveLength(100_000)
  })

  it('removes releases of an older layout, which cannot be placed', async () => {
    await mkdir(join(root, 'releases/0123/server/node_modules'), { recursive: true })
    await writeFile(
      join(root, 'releases/0123/release.json'),
      JSON.stringify({ fingerprint: '0123', nodeMajor: '20', prepared: new Date().toISOString() }),
    )
    expect(await releases.kept.has('0123')).toBe(false)
    await prune(['0123'])
    expect(await kept()).toEqual([])
  })

  it('has ended before the workspace is another process’s', async () => {
    let go = (): void => undefined
    const used = new Promise<ReadonlySet<string>>(resolve => (go = () => resolve(new Set())))
    const pruning = releases.prune(() => used, 'old', signal)
    let over = false
    const ended = releases.ended().then(() => (over = true))
    await new Promise(setImmediate)
    expect(over).toBe(false)
    go()
    await Promise.all([pruning, ended])
  })

  it('waits for a preparation, and leaves no listener on the signal with which it waited', async () => {
    const its = await base({
      client: {
        build: ['sh', '-c', ': > "$HOME/began"; while ! test -e "$HOME/go"; do sleep 0.05; done; mkdir build'],
      },
    })
    const preparing = releases.prepare(its, options)
    while (!(await stat(join(root, 'began')).catch(() => undefined))) await new Promise(setImmediate)
    const pruning = prune([])
    expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(0)
    await writeFile(join(root, 'go'), '')
    await preparing
    await pruning
    await releases.kept.discarded()
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(await releases.kept.has(its.fingerprint)).toBe(true)
  })
})

describe('schema', () => {
  it('is kept with the release', async () => {
    const its = await base()
    await releases.prepare(its, options)
    expect(await releases.kept.schema(its.fingerprint)).toBeUndefined()
    await releases.kept.keepSchema(its.fingerprint, 'CREATE TABLE a ();')
    expect(await releases.kept.schema(its.fingerprint)).toBe('CREATE TABLE a ();')
  })
})
