/** What comes of an answer of resources/director.cjs that can't be read. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { askDirector } from '../../../src/main/instances/director/script'
import { toProblem } from '../../../src/shared/problem'
import { temporary } from '../temporary'

/** The Problem, if the script prints this. */
async function problemOf(printed: string) {
  const server = await temporary()
  await writeFile(join(server, '.env'), 'DATABASE_URL=postgresql://a:b@127.0.0.1:1/c\n')
  const services = {
    run: (_file: string, _args: readonly string[], { onOutput }: { onOutput?: (chunk: string) => void }) => {
      onOutput?.(`${'x'.repeat(10_000)}Segmentation fault\n`)
      return Promise.resolve(printed)
    },
    node: { path: 'node' },
    directorScript: 'director.cjs',
  }
  const place = { server, env: join(server, '.env'), secrets: [] }
  return askDirector(services, place, { model: 'user', role: '', status: '' }, 'list', {}).then(
    () => undefined,
    toProblem,
  )
}

it('none, or half of one: the client failed, and its last words are told', async () => {
  for (const printed of ['', 'hello', '{"ok":tr']) {
    const { code, details = '' } = (await problemOf(printed)) ?? {}
    expect([code, details.endsWith('xSegmentation fault')]).toEqual(['director-client', true])
    expect(details.length).toBeLessThan(5000)
  }
})

it('a refusal, however long', async () => {
  const message = 'no '.repeat(1000)
  const found = await problemOf(JSON.stringify({ ok: false, code: 'director-model', message }))
  expect([found?.code, found?.message.length]).toEqual(['director-model', 1000])
})
