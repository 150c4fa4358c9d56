/**
 * What real npm says about lock files, and the way out. Needs no registry: all packages lie in the base application.
 */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { PinnedBase } from '../../../src/main/releases/copy-base'
import { Releases } from '../../../src/main/releases/releases'
import { createRun } from '../../../src/main/system/run'
import { fingerprint } from '../../../src/main/workspace/fingerprint'
import { manifestSchema } from '../../../src/shared/workspace'

const roots: string[] = []
let root: string, releases: Releases, said: string
const options = {
  signal: new AbortController().signal,
  report: () => undefined,
  output: (chunk: string) => {
    said += chunk
  },
}

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'im-npm-')))
  roots.push(root)
  said = ''
  releases = new Releases(join(root, 'releases'), join(root, 'instances'), createRun(root))
  await write('server/package.json', { name: 'server', version: '1.0.0', dependencies: { one: 'file:one' } })
  await write('server/one/package.json', { name: 'one', version: '1.0.0' })
  await write('server/two/package.json', { name: 'two', version: '1.0.0' })
  await write('client/package.json', { name: 'client', version: '1.0.0' })
  for (const folder of ['server', 'client'])
    await execa('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
      cwd: join(root, folder),
      input: '',
    })
})
afterAll(() => Promise.all(roots.map(it => rm(it, { recursive: true, force: true }))))

async function write(path: string, content: object): Promise<void> {
  await mkdir(join(root, path, '..'), { recursive: true })
  await writeFile(join(root, path), JSON.stringify(content))
}
async function base(install: PinnedBase['install'] = 'ci'): Promise<PinnedBase> {
  const manifest = manifestSchema.parse({ server: { generate: ['true'] }, client: { build: ['mkdir', 'build'] } })
  return { root, manifest, nodeMajor: '20', fingerprint: await fingerprint(root, manifest, '20'), install }
}

it("names what the lock file lacks, with npm's words from the first on, and offers npm install", async () => {
  await write('server/package.json', {
    name: 'server',
    version: '1.0.0',
    dependencies: { one: 'file:one', two: 'file:two' },
  })
  const failed = await releases.prepare(await base(), options).catch((error: unknown) => error)
  expect(failed).toMatchObject({
    problem: {
      code: 'lock-file-differs',
      action: 'use-npm-install',
      message: 'server/package-lock.json doesn’t match server/package.json.',
      cause: 'Missing: two@1.0.0 from lock file',
      details: expect.stringContaining('npm error code EUSAGE') as string,
    },
  })
})

it('installs with npm install when asked to; the release is the same by name, and has the lock file that npm made', async () => {
  await write('server/package.json', {
    name: 'server',
    version: '1.0.0',
    dependencies: { one: 'file:one', two: 'file:two' },
  })
  await expect(releases.prepare(await base(), options)).rejects.toMatchObject({
    problem: { code: 'lock-file-differs' },
  })
  const its = await base('install')
  expect(its.fingerprint).toBe((await base()).fingerprint)
  const target = join(root, 'instances/one')
  await mkdir(target, { recursive: true })
  await releases.place(its, target, options)
  expect(said).toContain('[server] $ npm install')
  expect(await readFile(join(target, 'server/node_modules/two/package.json'), 'utf8')).toContain('"two"')
  expect(await readFile(join(target, 'server/package-lock.json'), 'utf8')).toContain('"node_modules/two"')
  // the base application is read only to us
  expect(await readFile(join(root, 'server/package-lock.json'), 'utf8')).not.toContain('"node_modules/two"')
})

it('says that there is no lock file, which is why packages are newer', async () => {
  await rm(join(root, 'server/package-lock.json'))
  await releases.prepare(await base(), options)
  expect(said).toContain('server has no package-lock.json: npm takes the newest packages that its package.json allows.')
  expect(said).not.toContain('client has no package-lock.json')
})

it("gives npm's own reason for other failures", async () => {
  await write('server/package.json', {
    name: 'server',
    version: '1.0.0',
    scripts: { postinstall: 'echo no such luck >&2; exit 7' },
    dependencies: { one: 'file:one' },
  })
  await expect(releases.prepare(await base(), options)).rejects.toMatchObject({
    problem: {
      code: 'command-failed',
      cause: expect.stringContaining('no such luck') as string,
      details: expect.stringContaining('no such luck') as string,
    },
  })
})
