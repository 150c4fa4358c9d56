/** Estimates the disk space that a new instance will take. */
import { join } from 'node:path'
import { readIfExists } from '../system/files'
import type { PinnedBase } from './copy-base'
import type { KeptReleases, Release } from './kept'
import { maxLockFileBytes } from './lock-files'

/** Measured on the sample application: 150 packages, 180 MB. */
const bytesPerPackage = 1_200_000

/**
 * Bytes that a new instance needs for its files, and for its release if that isn't prepared yet: as much as the newest
 * release took, and again as much while it is made; for the first one, estimated from the number of packages in the
 * lock files.
 */
export async function bytesNeeded(
  kept: KeptReleases,
  { root, fingerprint, manifest }: Pick<PinnedBase, 'root' | 'fingerprint' | 'manifest'>,
): Promise<number> {
  const [newest] = await kept.list()
  const known = (await kept.whole(fingerprint)) ?? (newest && (await kept.whole(newest.fingerprint)))
  if (known) {
    const placed = await unshared(kept, known)
    if (known.fingerprint === fingerprint) return placed
    const parts = [...Object.values(known.parts), known.clientPackages]
    return placed + 2 * (await kept.sizeOf([known.fingerprint], parts))
  }
  const locks = await Promise.all(
    [manifest.server, manifest.client].map(it =>
      readIfExists(join(root, it.folder, 'package-lock.json'), maxLockFileBytes),
    ),
  )
  return 2 * bytesPerPackage * (locks.join('').match(/^ {4}"node_modules\//gm)?.length ?? 0)
}

/** Bytes that an instance doesn't share: code, generated files, small files. */
async function unshared(kept: KeptReleases, { fingerprint, parts }: Release): Promise<number> {
  const infos = await Promise.all(Object.values(parts).map(it => kept.parts.info(it)))
  return infos.reduce((sum, it) => sum + (it?.ownBytes ?? 0), await kept.sizeOf([fingerprint], []))
}
