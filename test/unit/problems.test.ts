/** docs/problems.md lists every code, and no code that is gone. */
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..', '..')

async function codesIn(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter(it => /\.(ts|tsx)$/.test(it))
  const texts = await Promise.all(files.map(it => readFile(join(folder, it), 'utf8')))
  return texts.flatMap(text => [...text.matchAll(/\bcode: '([a-z0-9]+(?:-[a-z0-9]+)*)'/g)].map(it => it[1] ?? ''))
}

test('every problem code is documented, and every documented code exists', async () => {
  const script = await readFile(join(root, 'resources', 'director.cjs'), 'utf8')
  const used = new Set([
    ...(await codesIn(join(root, 'src'))),
    ...[...script.matchAll(/director-[a-z]+(?:-[a-z]+)*/g)].map(it => it[0]),
  ])
  used.delete('director-client.cjs')
  const documented = new Set(
    [...(await readFile(join(root, 'docs', 'problems.md'), 'utf8')).matchAll(/^\|.*$/gm)].flatMap(row =>
      [...(row[0].split('|')[1] ?? '').matchAll(/`([a-z0-9-]+)`/g)].map(it => it[1] ?? ''),
    ),
  )
  expect([...documented].toSorted()).toEqual([...used].toSorted())
})
