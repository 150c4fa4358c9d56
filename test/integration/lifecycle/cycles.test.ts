/** Creating and deleting over and over leaves nothing: no port, role, database, file, PM2 entry or log. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until, mustSucceed, type TestWorkspace } from '../../support/workspace'
import { world } from '../../support/world'
import { mustDo, tinyWorkspace } from './lifecycle'

/** `LIFECYCLE_CYCLES=200` for the whole proof, which takes minutes. */
const cycles = Number(process.env['LIFECYCLE_CYCLES'] ?? 8)
const atOnce = 2

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
})
afterAll(() => workspace.remove())

async function cycle(name: string): Promise<void> {
  const { id } = mustSucceed(await workspace.create({ name }))
  await workspace.services.instances.takePassword(id)
  await mustDo(workspace, 'delete', { name, confirm: 'DELETE' })
}

it(`${cycles} times`, { timeout: cycles * 30_000 }, async () => {
  await cycle('first') // prepares the release, which stays, and starts PM2
  const settled = () =>
    until(async () => !(await readdir(join(workspace.root, 'instances'))).some(it => it.startsWith('.trash')))
  await settled()
  const before = await world(workspace)
  for (let done = 0; done < cycles; done += atOnce)
    await Promise.all(Array.from({ length: atOnce }, (_, it) => cycle(`cycle-${it}`)))
  await settled()
  expect(await world(workspace)).toEqual(before)
})
