/** A folder of its own for one test, removed after it. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export async function temporary(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'im-unit-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
