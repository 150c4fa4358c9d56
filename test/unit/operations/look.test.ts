/** Who only looks sees what the journals say, beside the engine that writes them, and changes nothing. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { owns } from '../../../src/shared/things'
import type { Operation } from '../../../src/main/operations/operation'

import { memorySecrets } from '../../support/memory-secrets'
import { engineOf } from '../../support/engine'

type Plan = { readonly name: string }

it('an operation that another engine runs is shown as it stands, not walked on, and nothing can be started', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'im-look-'))
  let done = 0
  let go = (): void => undefined
  const operation: Operation<Plan, Plan> = {
    kind: 'make',
    version: 1,
    recovery: 'resume',
    about: it => `thing/${it.name}`,
    claims: it => [owns(`thing/${it.name}`)],
    plan: it => Promise.resolve(it),
    planSchema: z.object({ name: z.string() }),
    steps: () => [
      {
        name: 'wait',
        verify: () => Promise.resolve(false),
        do: () => {
          done++
          return new Promise<void>(resolve => {
            go = resolve
          })
        },
      },
    ],
  }
  const engine = engineOf({ folder, secrets: memorySecrets(), operations: [operation] })
  onTestFinished(async () => {
    await engine.close()
    await rm(folder, { recursive: true })
  })
  await engine.open()
  const id = await engine.start('make', { name: 'a' })
  const journal = join(folder, `${id}.jsonl`)
  await expect.poll(() => readFile(journal, 'utf8')).toContain('"doing"')
  const before = [await readdir(folder), await readFile(journal, 'utf8')]

  const looker = engineOf({ folder, secrets: memorySecrets(), operations: [operation] })
  await looker.look()
  expect(looker.list()).toMatchObject([{ id, phase: 'running', steps: [{ name: 'wait', status: 'doing' }] }])
  expect(looker.running()).toBe(false) // not here
  expect(looker.holders('thing/a')).toMatchObject([{ id }]) // so it isn't shown as broken, nor its release as spare
  expect([...looker.held('thing').keys()]).toEqual(['a'])
  await expect(looker.start('make', { name: 'b' })).rejects.toThrow('read-only')
  expect(() => looker.cancel(id)).toThrow('has already ended')
  await looker.close()
  expect([await readdir(folder), await readFile(journal, 'utf8')]).toEqual(before)
  expect(done).toBe(1)

  go()
  expect(await engine.settled(id)).toMatchObject({ phase: 'succeeded' })
})

it('a folder that is not there yet is empty, and is not made', async () => {
  const folder = join(tmpdir(), 'im-look-never')
  const looker = engineOf({ folder, secrets: memorySecrets(), operations: [] })
  await looker.look()
  expect(looker.list()).toEqual([])
  await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' })
})
