/** The state of a log view. */
import type { LogPosition, LogProgress } from '../../../shared/log'
import type { Problem } from '../../../shared/problem'
import type { Loaded } from './pages'

/** Where to scroll the rows. A new object for each request. */
export interface ScrollTarget {
  readonly position?: LogPosition
  readonly to: 'top' | 'middle' | 'bottom'
  /** Offset in pixels. */
  readonly by?: number
}

export interface ReaderState {
  readonly mode: 'follow' | 'history'
  /** The rows of the history. */
  readonly loaded?: Loaded
  readonly target?: ScrollTarget
  /** Whether the first lines are still loading, and how much of a filtered log has been searched, 0 to 1. */
  readonly opening: boolean
  readonly looked?: number
  /** Why the log can't be read. */
  readonly problem?: Problem
  /** What is wrong with the search. */
  readonly searchProblem?: Problem
  /** Following, but no lines so far. */
  readonly blank: boolean
  /** Number of lines that arrived since following stopped. */
  readonly fresh: number
  /** When the file was truncated or replaced, in milliseconds since 1970. */
  readonly restartedAt?: number
  readonly count?: LogProgress
  /** The current match, and its rank among all matches once known. */
  readonly current?: LogPosition
  readonly rank?: number
  /** There are no more matches in that direction. */
  readonly ended?: 'next' | 'previous'
  readonly searching: boolean
}

export const nothingRead: ReaderState = { mode: 'follow', opening: true, blank: false, fresh: 0, searching: false }
