/** How the base application differs from a release: commits, packages, Prisma schema files. */
import { join } from 'node:path'
import type { InstanceConfig } from '../../../shared/instance'
import type { CodeChanges } from '../../../shared/rebuild-review'
import type { Manifest } from '../../../shared/workspace'
import type { KeptReleases, Release } from '../../releases/kept'
import { packageChanges, readLockFile } from '../../releases/lock-files'
import { readIfExists } from '../../system/files'
import type { Run } from '../../system/run'
import { commitsSince } from '../../workspace/git'
import type { InstancePaths } from '../../workspace/paths'

/** The old code, to compare with. */
interface Before {
  readonly server: string
  readonly clientLock: () => Promise<string | undefined>
  /** The commit it was made from, if that is known. */
  readonly commit?: string | undefined
  /** When it was made, ISO 8601. */
  readonly time: string
}

export const releaseBefore = (kept: KeptReleases, { fingerprint, commit, prepared }: Release): Before => ({
  server: kept.serverOf(fingerprint),
  clientLock: () => kept.clientLock(fingerprint),
  commit,
  time: prepared,
})

/** For an instance whose release is unknown or gone. */
export const instanceBefore = (
  { created }: Pick<InstanceConfig, 'created'>,
  { server, client }: Pick<InstancePaths, 'server' | 'client'>,
): Before => ({ server, clientLock: () => readLockFile(client), time: created })

/** Milliseconds. */
const timeout = 10_000

export async function codeChanges(
  { root, run, manifest, signal }: Looking & { readonly root: string },
  { server, clientLock, ...since }: Before,
): Promise<CodeChanges> {
  const how = { run, manifest, signal }
  const [baseServer, baseClient] = [manifest.server, manifest.client].map(it => join(root, it.folder)) as [
    string,
    string,
  ]
  const changed = async (before: Promise<string | undefined>, folder: string) =>
    packageChanges(...(await Promise.all([before, readLockFile(folder)])))
  const [commits, serverChanges, clientChanges, schema] = await Promise.all([
    commitsSince({ root, ...how }, since),
    changed(readLockFile(server), baseServer).catch(() => undefined),
    changed(clientLock(), baseClient).catch(() => undefined),
    changedSchemaFiles(how, server, baseServer),
  ])
  return {
    ...(commits && { commits }),
    ...(serverChanges && { server: serverChanges }),
    ...(clientChanges && { client: clientChanges }),
    schema,
  }
}

interface Looking {
  readonly run: Run
  readonly manifest: Manifest
  readonly signal?: AbortSignal | undefined
}

async function changedSchemaFiles(how: Looking, before: string, after: string): Promise<string[]> {
  const files = new Set((await Promise.all([before, after].map(it => schemaFiles(how, it)))).flat())
  const differs = await Promise.all(
    [...files].map(async it => {
      const [old, now] = await Promise.all(
        [before, after].map(folder => readIfExists(join(folder, it), maxSchemaBytes)),
      )
      return old !== now
    }),
  )
  return [...files].filter((_, index) => differs[index]).toSorted()
}

/** Bytes. A thousand models take 2 MB. */
const maxSchemaBytes = 16 << 20

/** Relative to the server folder, without those in packages or data folders. */
async function schemaFiles({ run, manifest, signal }: Looking, folder: string): Promise<string[]> {
  const skipped = ['node_modules', ...manifest.server.dataFolders].flatMap(it => ['-path', `./${it}`, '-prune', '-o'])
  const wanted = ['-type', 'f', '-name', '*.prisma', '-printf', '%P\\0']
  return (await run('find', ['.', ...skipped, ...wanted], { cwd: folder, timeout, signal })).split('\0').slice(0, -1)
}
