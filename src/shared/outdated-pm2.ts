/** A process manager of another version than the app's. */

/** PM2's daemon isn't the one that this version of the app would start. */
export interface OutdatedPm2 {
  /** PM2's versions. They may be the same: then the daemon runs from another copy of the app's files. */
  readonly running: string
  readonly installed: string
}

export const outdatedWords = ({ running, installed }: OutdatedPm2): string =>
  running === installed
    ? 'PM2 still runs from the previous version’s files.'
    : `PM2 ${running} is still running; ${installed} is installed.`
