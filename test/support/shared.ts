/**
 * What the test processes of one run share: a folder, removed at its end, for what takes long to make and is never
 * changed afterwards. `npm test` has one for all its stages.
 */
import { mkdir, mkdtemp, rename, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { exists } from '../../src/main/system/files'
import { leaveCertificatesToNpm } from './certificates'

const variable = 'INSTANCE_MANAGER_TEST_SHARED'

/** Global set-up of both test runners: their processes inherit the variable. @returns the end of it */
export default async function makeShared(): Promise<(() => Promise<void>) | undefined> {
  const given = process.env[variable]
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'im-shared-')))
  process.env[variable] = folder
  await leaveCertificatesToNpm(folder)
  return given === undefined ? () => rm(folder, { recursive: true, force: true }) : undefined
}

/**
 * A folder that whoever comes first fills, while others wait for it. A failed attempt leaves nothing: the next one
 * tries again.
 */
export async function madeOnce(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const shared = process.env[variable]
  if (!shared) throw new Error('only in a test runner')
  const folder = join(shared, name)
  const unfinished = `${folder}.unfinished`
  for (; ; await delay(100)) {
    if (await exists(folder)) return folder
    if (!(await claim(unfinished))) continue
    try {
      if (await exists(folder))
        await rmdir(unfinished) // finished between the two looks
      else {
        await fill(unfinished)
        await rename(unfinished, folder)
      }
      return folder
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true })
      throw error
    }
  }
}

/** @returns false if somebody else has it */
const claim = (folder: string): Promise<boolean> =>
  mkdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
