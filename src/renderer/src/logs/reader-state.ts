/** What a view of a log shows. */
import type { LogPosition, LogProgress } from '../../../shared/log'
import type { Problem } from '../../../shared/problem'
import type { Loaded } from './pages'

/** Where the rows are to be scrolled to. A new object for each wish. */
export interface ScrollTarget {
  readonly position?: LogPosition
  readonly to: 'top' | 'middle' | 'bottom'
  /** Pixels from there. */
  readonly by?: number
}

export interface ReaderState {
  readonly mode: 'follow' | 'history'
  /** The rows of the history. */
  readonly loaded?: Loaded
  readonly target?: ScrollTarget
  /** The first lines are on their way; and how far a look through a filtered log has come, 0 to 1. */
  readonly opening: boolean
  readonly looked?: number
  /** Why it cannot be read. */
  readonly problem?: Problem
  /** What is wrong with the search. */
  readonly searchProblem?: Problem
  /** Nothing was found to follow, so far. */
  readonly blank: boolean
  /** Lines that came since following stopped. */
  readonly fresh: number
  /** Milliseconds since 1970: the file was emptied or replaced. */
  readonly restartedAt?: number
  readonly count?: LogProgress
  /** The match that one is at, and which of all it is, once that is known. */
  readonly current?: LogPosition
  readonly rank?: number
  /** Nothing more is found in that direction. */
  readonly ended?: 'next' | 'previous'
  readonly searching: boolean
}

export const nothingRead: ReaderState = { mode: 'follow', opening: true, blank: false, fresh: 0, searching: false }
