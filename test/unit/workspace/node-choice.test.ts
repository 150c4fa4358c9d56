/** Which Node.js is chosen. Stand-ins on PATH only print a version; the real one is the one that runs this test. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createRun } from '../../../src/main/system/run'
import { chooseNode, preferOnPath, requireUsable } from '../../../src/main/workspace/node-choice'
import { temporary } from '../temporary'

const run = createRun('test')
const path = process.env['PATH']
let folder: string
beforeEach(async () => {
  folder = await temporary()
  await mkdir(join(folder, 'server'))
})
afterEach(() => {
  process.env['PATH'] = path
})

/** @returns its path */
async function standIn(prints: string): Promise<string> {
  const node = join(folder, prints.replaceAll(/\W/g, '_'), 'node')
  await mkdir(join(node, '..'))
  await writeFile(node, `#!/bin/sh\necho '${prints}'\n`, { mode: 0o755 })
  return node
}
const onPath = (...nodes: string[]): void => {
  process.env['PATH'] = [...nodes.map(it => join(it, '..')), '/usr/bin', '/bin'].join(':')
}
const requires = (range: unknown): Promise<void> =>
  writeFile(join(folder, 'server/package.json'), JSON.stringify({ engines: { node: range } }))
const choose = (wanted?: string) => chooseNode(run, folder, wanted)

it('the first on PATH that fits the application', async () => {
  const [older, newer] = [await standIn('v20.19.2'), await standIn('v24.1.0')]
  onPath(older, newer)
  expect(await choose()).toEqual({ path: older, version: '20.19.2', fits: true })
  await requires('>=22')
  expect(await choose()).toEqual({ path: newer, version: '24.1.0', fits: true, required: '>=22' })
})

it('the first that can be used where none fits; never one that is too old, or isn’t Node', async () => {
  const [tooOld, other, usable] = [await standIn('v18.20.4'), await standIn('hello'), await standIn('v20.19.2')]
  onPath(tooOld, other, usable)
  await requires('^18')
  expect(await choose()).toEqual({ path: usable, version: '20.19.2', fits: false, required: '^18' })
})

it.each([['nonsense'], [5], [undefined]])('a requirement that is no range, %j, is none', async range => {
  const node = await standIn('v20.19.2')
  onPath(node)
  await requires(range)
  expect(await choose()).toEqual({ path: node, version: '20.19.2', fits: true })
})

it('the chosen one before all others, whether it fits or not', async () => {
  const [first, chosen] = [await standIn('v24.1.0'), await standIn('v22.1.0')]
  onPath(first)
  await requires('>=24')
  expect(await choose(chosen)).toEqual({ path: chosen, version: '22.1.0', fits: false, required: '>=24' })
})

it('another if the chosen one can’t be used, which is said', async () => {
  const node = await standIn('v20.19.2')
  onPath(node)
  const gone = join(folder, 'gone/node')
  expect(await choose(gone)).toEqual({ path: node, version: '20.19.2', fits: true, unusable: gone })
})

it('only one that can be used can be chosen', async () => {
  const [old, good] = [await standIn('v18.20.4'), await standIn('v22.1.0')]
  const refused = { problem: { code: 'input', field: 'node.path' } }
  await expect(requireUsable(run, undefined, old)).rejects.toMatchObject(refused)
  await expect(requireUsable(run, undefined, '/bin/false')).rejects.toMatchObject(refused)
  await requireUsable(run, undefined, good)
  await requireUsable(run, old, old) // it was there before: other settings can still be changed
})

it('is what commands find first, until the workspace is closed', async () => {
  const [first, chosen] = [await standIn('v24.1.0'), await standIn('v22.1.0')]
  onPath(first)
  const node = async (): Promise<string> => (await run('node', ['--version'], { timeout: 10_000 })).trim()
  const end = await preferOnPath(chosen)
  expect(await node()).toBe('v22.1.0')
  end()
  expect(await node()).toBe('v24.1.0')
})

it('of two workspaces, one of which replaces the other, each has its own', async () => {
  const [first, one, other] = [await standIn('v24.1.0'), await standIn('v22.1.0'), await standIn('v22.2.0')]
  onPath(first)
  const given = process.env['PATH']
  const node = async (): Promise<string> => (await run('node', ['--version'], { timeout: 10_000 })).trim()
  const endOne = await preferOnPath(one)
  expect((await choose()).path).toBe(first) // not what the workspace before it had chosen
  const endOther = await preferOnPath(other)
  endOne()
  expect(await node()).toBe('v22.2.0')
  const endFirst = await preferOnPath(first)
  expect(await node()).toBe('v24.1.0')
  endOther()
  endFirst()
  expect(process.env['PATH']).toBe(given)
})
