/** For applications that never answer, and aren't to be waited for as long as usual. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfExists } from '../../src/main/system/files'

/** While the work takes, the base application's manifest says that instances answer within so many seconds. */
export async function withBootSeconds<T>(root: string, bootSeconds: number, work: () => Promise<T>): Promise<T> {
  const path = join(root, 'instance-manager.json')
  const before = await readIfExists(path)
  const manifest = JSON.parse(before ?? '{}') as { server?: object }
  await writeFile(path, JSON.stringify({ ...manifest, server: { ...manifest.server, bootSeconds } }))
  try {
    return await work()
  } finally {
    await (before === undefined ? rm(path) : writeFile(path, before))
  }
}
