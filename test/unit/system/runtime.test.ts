/** The copy that outlives an upgrade: made once, complete or not at all, and kept for as long as it is used. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { removeOldRuntimes } from '../../../src/main/processes/old-runtimes'
import { exists, readIfExists } from '../../../src/main/system/files'
import { kill } from '../../../src/main/system/proc'
import { productIn, type Product } from '../../../src/main/system/product'
import { otherRuntimes, removeRuntimes, runtime, runtimeVariable } from '../../../src/main/system/runtime'
import { waitFor } from '../../../src/main/system/wait'
import { temporary } from '../temporary'

let folder: string
const runtimes = (): string => join(folder, 'data/instance-manager/runtime')

beforeEach(async () => {
  folder = await temporary()
  vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'))
  onTestFinished(() => void vi.unstubAllEnvs())
})

/** An installed product, whose Node.js only sleeps. */
async function installed(version: string): Promise<Product> {
  const product = productIn(join(folder, 'installed', version, 'resources/app'))
  const files = {
    'node/bin/node': await readFile('/bin/sleep'),
    'node_modules/pm2/package.json': '{}',
    'node_modules/pm2/lib/Daemon.js': version,
  }
  const lines = []
  for (const [path, content] of Object.entries(files)) {
    const full = join(path.startsWith('node/') ? dirname(product.node) : product.root, path)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, content)
    lines.push(`${createHash('sha256').update(content).digest('hex')}  ${path}\n`)
  }
  await chmod(join(product.node, 'bin/node'), 0o755)
  await writeFile(product.sums, lines.join(''))
  vi.stubEnv('PATH', `${product.node}/bin:/usr/bin:/bin`)
  return product
}

const content = async (product: Product): Promise<string> =>
  await readFile((await runtime(product)).file('pm2/lib/Daemon.js'), 'utf8')

it('a clone runs from its own files, and copies nothing', async () => {
  expect(await runtime()).toMatchObject({ node: process.execPath, path: process.env['PATH'] })
  expect(await exists(join(folder, 'data'))).toBe(false)
})

it('an installed product is copied once, by however many at the same time', async () => {
  const product = await installed('1')
  const all = await Promise.all(Array.from({ length: 4 }, () => runtime(product)))
  const { copy } = all[0] ?? {}
  expect(new Set(all.map(it => it.copy)).size).toBe(1)
  expect(all[0]).toMatchObject({ node: `${copy}/node/bin/node`, path: `${copy}/node/bin:/usr/bin:/bin` })
  expect(new Set(await readdir(runtimes()))).toEqual(new Set([basename(copy ?? ''), 'lock']))
  expect(await content(product)).toBe('1')
})

it('the operator’s own Node.js is used where it is', async () => {
  const product = await installed('1')
  const own = join(folder, 'own')
  await mkdir(own)
  await copyFile('/bin/sleep', join(own, 'node'))
  vi.stubEnv('PATH', `${own}:${process.env['PATH']}`)
  const { node, path, copy } = await runtime(product)
  expect([node, path]).toEqual([join(own, 'node'), `${own}:${copy}/node/bin:/usr/bin:/bin`])
})

it('a copy that was cut short is never used, and makes room for a whole one', async () => {
  const product = await installed('1')
  const tools = join(folder, 'tools')
  await mkdir(tools)
  await writeFile(join(tools, 'sync'), `#!/bin/sh\necho $$ > ${folder}/syncing; exec sleep 60\n`)
  await chmod(join(tools, 'sync'), 0o755)
  const code = `import { runtime } from ${JSON.stringify(resolve('src/main/system/runtime.ts'))}
await runtime(${JSON.stringify(product)})`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    env: { ...process.env, PATH: `${tools}:${process.env['PATH']}` },
    stdio: 'inherit',
  })
  const syncing = await waitFor(async () => (await readIfExists(join(folder, 'syncing')))?.trim() || undefined, {
    timeout: 15_000,
    every: 20,
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  kill(Number(syncing))
  expect((await readdir(runtimes())).filter(it => it.endsWith('.tmp'))).toHaveLength(1)
  expect(await content(product)).toBe('1')
  expect((await readdir(runtimes())).filter(it => it.endsWith('.tmp'))).toEqual([])
})

it('files that are being exchanged by an upgrade aren’t mistaken for a version', async () => {
  const product = await installed('1')
  await writeFile(join(product.packages, 'pm2/lib/Daemon.js'), '2')
  await expect(runtime(product)).rejects.toMatchObject({ problem: { code: 'runtime-not-copied' } })
  expect(await readdir(runtimes())).toEqual(['lock'])
})

it('old copies go, but not one that a process runs, was started with, or that PM2 would start', async () => {
  const copies = Object.fromEntries(
    await Promise.all(
      ['running', 'started-with', 'dumped', 'dumped-elsewhere', 'unused'].map(
        async it => [it, (await runtime(await installed(it))).copy ?? ''] as const,
      ),
    ),
  )
  const home = async (name: string, copy = ''): Promise<string> => {
    await mkdir(join(folder, name))
    await writeFile(join(folder, name, 'dump.pm2'), JSON.stringify([{ exec_interpreter: `${copy}/node/bin/node` }]))
    return join(folder, name)
  }
  const start = (program: string, env: Readonly<Record<string, string | undefined>> = {}): void => {
    const child = spawn(program, ['60'], { env, stdio: 'ignore' })
    onTestFinished(() => void child.kill())
  }
  start(`${copies['running']}/node/bin/node`)
  start('/bin/sleep', {
    [runtimeVariable]: copies['started-with'],
    PM2_HOME: await home('elsewhere', copies['dumped-elsewhere']),
  })
  await removeOldRuntimes(await home('own', copies['dumped']))
  const left = await readdir(runtimes())
  expect(Object.keys(copies).filter(it => left.includes(basename(copies[it] ?? '')))).toEqual([
    'running',
    'started-with',
    'dumped',
    'dumped-elsewhere',
  ])
})

it('the installed version’s own copy isn’t an old one', async () => {
  const [first, second] = [await installed('1'), await installed('2')]
  const { copy: old } = await runtime(first)
  await runtime(second)
  expect(await otherRuntimes(second)).toEqual([old])
  await removeRuntimes(await otherRuntimes(second))
  expect(await content(second)).toBe('2')
})
