/** How full disks are. */
import { stat, statfs } from 'node:fs/promises'
import type { DiskSpace } from '../../shared/space'

const gigabyte = 2 ** 30

/**
 * Bytes that must stay free for PostgreSQL, logs and journals: a twentieth of the disk, but at most 1 GB, the size to
 * which PostgreSQL's write-ahead log grows between two checkpoints (`max_wal_size` by default).
 */
export const reserveOf = (total: number): number => Math.min(total / 20, gigabyte)

/** Of the disks that hold these folders, the one with the least to spare. Folders that don't exist yet don't count. */
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
