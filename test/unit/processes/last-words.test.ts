import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lastWords, maskSecrets } from '../../../src/main/processes/last-words'

async function log(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'im-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'it.log'), content)
  return join(folder, 'it.log')
}

test('the last twenty lines, of a long log too', async () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index}`)
  expect(await lastWords(await log(lines.join('\n') + '\n'))).toBe(lines.slice(-20).join('\n'))
})

test('no log, or an empty one, has none', async () => {
  expect(await lastWords('/nowhere/it.log')).toBeUndefined()
  expect(await lastWords(await log(''))).toBeUndefined()
})

test.each([
  ['postgresql://user:p@ss:w/rd@localhost:5432/db', 'postgresql://user:***@localhost:5432/db'],
  ['see http://localhost:5000/ and mail a:b@c.org', 'see http://localhost:5000/ and mail a:b@c.org'],
  ['JWT_SECRET=abc123 PORT=5000', 'JWT_SECRET=*** PORT=5000'],
  ['{ password: "a b\'c", user: "x" }', '{ password: ***, user: "x" }'],
  ['"apiKey": \'k\', "token":"t"', '"apiKey": ***, "token":***'],
  ['DB_PASSWORD = hunter2; next', 'DB_PASSWORD = ***; next'],
  ['the password is wrong', 'the password is wrong'],
])('masks %s', (text, masked) => expect(maskSecrets(text)).toBe(masked))
