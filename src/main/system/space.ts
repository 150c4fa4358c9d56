/** How full disks are. */
import { stat, statfs } from 'node:fs/promises'
import type { DiskSpace } from '../../shared/space'

const gigabyte = 2 ** 30

/**
 * What must stay free for PostgreSQL, logs and journals: a twentieth of the disk, and at most 1 GB, which is what
 * PostgreSQL's write-ahead log grows to between two checkpoints (`max_wal_size`, its default).
 */
export const reserveOf = (total: number): number => Math.min(total / 20, gigabyte)

/**
 * The disk with the least to spare, of those that these folders lie on. Folders that are not there yet do not count.
 */
export async function tightestDisk(folders: readonly string[]): Promise<DiskSpace> {
  const disks = new Map<number, DiskSpace>()
  for (const path of folders) {
    const info = await stat(path).catch(() => undefined)
    if (!info || disks.has(info.dev)) continue
    const { bavail, blocks, bsize } = await statfs(path)
    disks.set(info.dev, { path, free: bavail * bsize, total: blocks * bsize, reserve: reserveOf(blocks * bsize) })
  }
  const [tightest] = [...disks.values()].toSorted((a, b) => a.free - a.reserve - (b.free - b.reserve))
  if (!tightest) throw new Error(`none of these folders is there: ${folders.join(', ')}`)
  return tightest
}
