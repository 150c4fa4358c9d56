/** How the base application differs from a release: commits, packages, Prisma schema files. */
import { join } from 'node:path'
import type { CodeChanges } from '../../../shared/rebuild-review'
import type { Manifest } from '../../../shared/workspace'
import type { Release } from '../../releases/kept'
import { packageChanges, readLockFile } from '../../releases/lock-files'
import type { Releases } from '../../releases/releases'
import { isFolder, readIfExists } from '../../system/files'
import type { Run } from '../../system/run'
import { commitsSince } from '../../workspace/git'
import type { InstancePaths, WorkspacePaths } from '../../workspace/paths'

export interface ChangesServices {
  readonly paths: WorkspacePaths
  readonly run: Run
  readonly releases: Pick<Releases, 'kept'>
}

/** The code to compare with: a release that is kept, else the files of an instance that has it. */
interface Before {
  /** Absent if the release is unknown or not kept. */
  readonly release?: Release | undefined
  /** ISO 8601; where there is no release, when the instance was created. */
  readonly time: string
  readonly instance: Pick<InstancePaths, 'server' | 'client'>
}

/** Milliseconds. */
const timeout = 10_000

export async function codeChanges(
  { paths: { root }, run, releases: { kept } }: ChangesServices,
  manifest: Manifest,
  { release, time, instance }: Before,
  signal?: AbortSignal,
): Promise<CodeChanges> {
  const [baseServer, baseClient] = [manifest.server, manifest.client].map(it => join(root, it.folder)) as [
    string,
    string,
  ]
  const whole = release && (await isFolder(kept.serverOf(release.fingerprint)))
  const server = whole ? kept.serverOf(release.fingerprint) : instance.server
  const changed = async (before: Promise<string | undefined>, folder: string) =>
    packageChanges(...(await Promise.all([before, readLockFile(folder)])))
  const [commits, serverChanges, clientChanges, schema] = await Promise.all([
    commitsSince({ run, root, manifest, signal }, { commit: release?.commit, time: release?.prepared ?? time }),
    changed(readLockFile(server), baseServer).catch(() => undefined),
    changed(whole ? kept.clientLock(release.fingerprint) : readLockFile(instance.client), baseClient).catch(
      () => undefined,
    ),
    changedSchemaFiles({ run, manifest, signal }, server, baseServer),
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

/** Relative to the server folder; not those of packages or in data folders. */
async function schemaFiles({ run, manifest, signal }: Looking, folder: string): Promise<string[]> {
  const skipped = ['node_modules', ...manifest.server.dataFolders].flatMap(it => ['-path', `./${it}`, '-prune', '-o'])
  const wanted = ['-type', 'f', '-name', '*.prisma', '-printf', '%P\\0']
  return (await run('find', ['.', ...skipped, ...wanted], { cwd: folder, timeout, signal })).split('\0').slice(0, -1)
}
