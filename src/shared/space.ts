/** Disk space: what is free, what jobs must leave free, what can be freed. All amounts are in bytes. */

/** Of a workspace's disks, the one with the least space to spare. */
export interface DiskSpace {
  readonly path: string
  readonly free: number
  readonly total: number
  /** Must stay free: a full disk stops PostgreSQL, and with it every instance. */
  readonly reserve: number
}

/** Enough to start PostgreSQL and delete an instance: a WAL segment (16 MB) with room to spare, and journals. */
export const spareBytes = 64 * 2 ** 20

export const isLow = ({ free, reserve }: DiskSpace): boolean => free < reserve

/**
 * `releases`: those no instance uses. `logs`: compressed archives, except the newest of each log. `spare`: a file that
 * reserves space for an emergency.
 */
export const freeables = ['releases', 'trash', 'logs', 'spare'] as const
export type FreeableKind = (typeof freeables)[number]

export interface Freeable {
  readonly what: FreeableKind
  readonly count: number
  readonly bytes: number
}

export interface SpaceReport {
  readonly disk: DiskSpace
  /** All kinds, including empty ones. */
  readonly freeable: readonly Freeable[]
}

/** What is freed by default: nothing anyone could miss, which excludes old logs. */
export const harmless = ['releases', 'trash', 'spare'] as const satisfies readonly FreeableKind[]

export const freeableTitle = ({ what, count }: Pick<Freeable, 'what' | 'count'>): string =>
  ({
    releases: count === 1 ? 'One release that no instance uses' : `${count} releases that no instance uses`,
    trash: count === 1 ? 'Files of one deleted instance' : `Files of ${count} deleted instances`,
    logs: count === 1 ? 'One older log archive' : `${count} older log archives`,
    spare: 'Emergency reserve',
  })[what]
