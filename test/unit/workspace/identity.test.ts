import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { identify, lookAtIdentity } from '../../../src/main/workspace/identity'
import { exists } from '../../../src/main/system/files'
import { workspacePaths, type WorkspacePaths } from '../../../src/main/workspace/paths'
import { temporary } from '../temporary'

let home: string
const at = (name: string): WorkspacePaths => workspacePaths(join(home, name))
beforeEach(async () => {
  home = await temporary()
  await mkdir(at('a').operations, { recursive: true })
  await writeFile(join(at('a').operations, 'open.jsonl'), 'x')
  await writeFile(at('a').desired, '["school"]')
  await writeFile(at('a').formerPostgres, '{}')
})

it('gets an id once, which it keeps', async () => {
  const first = await identify(at('a'), '0.9.2')
  expect(first).toMatchObject({ path: at('a').root, id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string })
  expect(await identify(at('a'), '0.9.2')).toEqual(first)
})

it('moved, it stays the same, with its operations', async () => {
  const { id } = await identify(at('a'), '0.9.2')
  await rename(at('a').root, at('b').root)
  expect(await identify(at('b'), '0.9.2')).toEqual({ id, path: at('b').root, version: '0.9.2' })
  expect(await readdir(at('b').operations)).toEqual(['open.jsonl'])
  expect(await exists(at('b').formerPostgres)).toBe(true)
})

it('copied, the copy is another one, without the operations, what should run and what a move left; the original stays as it is', async () => {
  const original = await identify(at('a'), '0.9.2')
  await cp(at('a').root, at('b').root, { recursive: true })
  const copy = await identify(at('b'), '0.9.2')
  expect(copy).toMatchObject({ path: at('b').root, copyOf: at('a').root })
  expect(copy.id).not.toBe(original.id)
  expect((await readdir(at('b').state)).toSorted()).toEqual([`operations-of-${original.id}`, 'workspace.json'])
  expect(await identify(at('a'), '0.9.2')).toEqual(original)
  expect(await readdir(at('a').operations)).toEqual(['open.jsonl'])
  await rm(at('a').root, { recursive: true })
  expect(await identify(at('b'), '0.9.2')).toEqual(copy)
})

it('another workspace where it lay before does not make it a copy; one that cannot be read does', async () => {
  const { id } = await identify(at('a'), '0.9.2')
  await cp(at('a').root, at('b').root, { recursive: true })
  await writeFile(at('a').identity, JSON.stringify({ id: '5f0f6f5e-54e2-4b0a-8f11-1d2f0a2b9c3d', path: at('a').root }))
  expect((await identify(at('b'), '0.9.2')).id).toBe(id)
  await cp(at('b').root, at('c').root, { recursive: true })
  await writeFile(at('b').identity, '{')
  expect((await identify(at('c'), '0.9.2')).id).not.toBe(id)
})

it('only looked at, nothing is written', async () => {
  await expect(lookAtIdentity(at('a'), '0.9.2')).resolves.toMatchObject({ path: at('a').root })
  await identify(at('a'), '0.9.2')
  await cp(at('a').root, at('b').root, { recursive: true })
  const before = await readFile(at('b').identity, 'utf8')
  expect((await lookAtIdentity(at('b'), '0.9.2')).id).not.toBe((await lookAtIdentity(at('a'), '0.9.2')).id)
  expect(await readFile(at('b').identity, 'utf8')).toBe(before)
})

it('is refused to an older version, which changes nothing; a newer one is recorded', async () => {
  await identify(at('a'), '0.9.2')
  const { id } = await identify(at('a'), '0.10.0-beta.1')
  const before = await readFile(at('a').identity, 'utf8')
  await rename(at('a').root, at('b').root)
  for (const look of [identify, lookAtIdentity])
    await expect(look(at('b'), '0.9.2')).rejects.toMatchObject({
      problem: { code: 'workspace-newer', cause: 'That was 0.10.0-beta.1; this is 0.9.2.' },
    })
  expect(await readFile(at('b').identity, 'utf8')).toBe(before)
  expect(await identify(at('b'), '0.10.0')).toEqual({ id, path: at('b').root, version: '0.10.0' })
})
