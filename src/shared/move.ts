/** What moving PostgreSQL to another driver does and costs, and why it can’t be done yet, as every client sees it. */
import { bytes, capital, count, enumerate } from './amounts'
import { driverTitle, type DriverKind } from './infrastructure'
import type { Problem } from './problem'

export interface MoveReview {
  readonly from: DriverKind
  readonly to: DriverKind
  /** The image of the new PostgreSQL; absent under the embedded driver. */
  readonly image?: string
  /** Of PostgreSQL now, e.g. `15.18`. */
  readonly version: string
  readonly databases: readonly { readonly name: string; readonly bytes: number }[]
  /** Running instances, which are stopped meanwhile. */
  readonly instances: readonly string[]
  /** Whether the old one can be removed here later: it wasn’t created elsewhere. */
  readonly own: boolean
  /** Settings of PostgreSQL that someone has changed by hand, which the new one won’t have, e.g. `jit`. */
  readonly uncopiedSettings: readonly string[]
  /** Free bytes on the new one's disk, if known. */
  readonly free?: number
  /** Why it can’t be done yet; empty if it can. */
  readonly refused: readonly Problem[]
}

/** The major version that the image's tag names, if it is newer than this one, e.g. 17 for `postgres:17-alpine`. */
export function newerMajor(image: string, version: string): number | undefined {
  const major = Number(/:(\d{2})(?:[.-]|$)/.exec(image)?.[1])
  return major > Number.parseInt(version, 10) ? major : undefined
}

/** Bytes of all databases together. */
export const sizeOf = ({ databases }: { readonly databases: readonly { readonly bytes: number }[] }): number =>
  databases.reduce((sum, it) => sum + it.bytes, 0)

/** In sentences, for the dialog and the command: what changes, and what it costs. */
export function moveSentences(review: MoveReview): { readonly changes: string[]; readonly costs: string[] } {
  const { from, to, image, version, databases, instances, own, uncopiedSettings, free } = review
  const size = bytes(sizeOf(review))
  return {
    changes: [
      from === to
        ? 'A new container replaces PostgreSQL’s. Ports, names and passwords stay the same.'
        : `${driverTitle[to]} runs PostgreSQL and PgBouncer instead of ${driverTitle[from]}. Ports, names and passwords stay the same.`,
      image === undefined
        ? `A new PostgreSQL is created. The current one is ${version}.`
        : `A new PostgreSQL is created from ${image}. The current one is ${version}.`,
      databases.length === 0
        ? 'There are no databases to copy yet.'
        : `${capital(count(databases.length, 'database'))} (${size}) ${databases.length === 1 ? 'is' : 'are'} copied and compared, table by table.`,
    ],
    costs: [
      instances.length > 0
        ? `${capital(count(instances.length, 'running instance'))} ${instances.length === 1 ? 'is' : 'are'} stopped while the databases are copied, then started again: ${enumerate(instances)}. A rehearsal beforehand measures how long that takes.`
        : 'No instance is running, so none is interrupted.',
      'Other programs’ connections to the databases are closed.',
      `About ${size} of disk space${free === undefined ? '' : `; ${bytes(free)} is free`}.`,
      ...(uncopiedSettings.length > 0
        ? [
            `PostgreSQL’s own configuration isn’t copied. If you still need it, set it again afterwards: ${enumerate(uncopiedSettings, 20)}.`,
          ]
        : []),
      own
        ? 'The old PostgreSQL is kept, stopped, until you remove it. It doesn’t receive anything written after the move.'
        : 'The old containers were created elsewhere, so they are kept, stopped.',
    ],
  }
}
