import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lastLines } from '../../../src/main/processes/last-lines'

async function log(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'im-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'it.log'), content)
  return join(folder, 'it.log')
}

test('the last twenty lines, of a long log too', async () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index}`)
  expect(await lastLines(await log(lines.join('\n') + '\n'))).toBe(lines.slice(-20).join('\n'))
})

test('no log, or an empty one, has none', async () => {
  expect(await lastLines('/nowhere/it.log')).toBeUndefined()
  expect(await lastLines(await log(''))).toBeUndefined()
})

test('with the secrets masked', async () => {
  expect(await lastLines(await log('refused: DB_PASS=hunter2 at postgresql://u:p@ss@host/db\n'))).toBe(
    'refused: DB_PASS=*** at postgresql://u:***@host/db',
  )
})
