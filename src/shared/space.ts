/** Space on the disk: what is free, what jobs must leave, what can be freed. Amounts are bytes. */
import { z } from 'zod'

/** The disk of a workspace that has the least to spare. */
export interface DiskSpace {
  readonly path: string
  readonly free: number
  readonly total: number
  /** What must stay free: a full disk stops PostgreSQL, and with it every instance. */
  readonly reserve: number
}

/** Enough for PostgreSQL to start and delete an instance: a segment of its log (16 MB) with room, and journals. */
export const spareBytes = 64 * 2 ** 20

export const isLow = ({ free, reserve }: DiskSpace): boolean => free < reserve

/**
 * `releases`: those that no instance uses. `logs`: their rotated, compressed parts but for the newest of each. `spare`:
 * a file that takes up space for this moment.
 */
export const freeables = ['releases', 'trash', 'logs', 'spare'] as const
export type FreeableKind = (typeof freeables)[number]
export const freeInputSchema = z.object({ what: z.array(z.enum(freeables)).min(1) })

export interface Freeable {
  readonly what: FreeableKind
  readonly count: number
  readonly bytes: number
}

export interface ReleaseView {
  readonly fingerprint: string
  readonly prepared: string
  /** Names of the instances that came from it. */
  readonly instances: readonly string[]
  /** The next instance is made of it. */
  readonly current: boolean
}

export interface SpaceReport {
  readonly disk: DiskSpace
  /** Newest first. */
  readonly releases: readonly ReleaseView[]
  /** What they take together, without what instances share with them. */
  readonly releaseBytes: number
  /** All kinds, those too of which there is nothing. */
  readonly freeable: readonly Freeable[]
}

/** What is freed unless something else is asked for: nothing that anyone could miss. Old log lines are. */
export const harmless = ['releases', 'trash', 'spare'] as const satisfies readonly FreeableKind[]

export const freeableTitle = ({ what, count }: Pick<Freeable, 'what' | 'count'>): string =>
  ({
    releases: count === 1 ? 'One release that no instance uses' : `${count} releases that no instance uses`,
    trash: count === 1 ? 'Files of one deleted instance' : `Files of ${count} deleted instances`,
    logs: count === 1 ? 'One older part of a log' : `${count} older parts of logs`,
    spare: 'Emergency reserve',
  })[what]
