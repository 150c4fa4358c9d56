/** The filters of a log, as chosen on the screen. */
import type { LogFilter, LogQuery, LogSource } from '../../../shared/log'
import { allTime, type TimeRange } from './moments'

export interface LogChoice {
  readonly source: LogSource
  readonly errorsOnly: boolean
  readonly range: TimeRange
  readonly search: string
  readonly regex: boolean
  readonly matchCase: boolean
  readonly matchesOnly: boolean
  /** Lines shown around each match, with `matchesOnly`. */
  readonly context: number
  readonly reveal: boolean
}

export const everything = (source: LogSource): LogChoice => ({
  source,
  errorsOnly: false,
  range: allTime,
  search: '',
  regex: false,
  matchCase: false,
  matchesOnly: false,
  context: 0,
  reveal: false,
})

export function queryOf({
  source,
  errorsOnly,
  range: { from, to },
  search,
  regex,
  matchCase,
  matchesOnly,
  context,
  reveal,
}: LogChoice): LogQuery {
  const searching = search !== ''
  const filter: LogFilter = {
    errorsOnly,
    from,
    to,
    search: searching ? { text: search, regex, matchCase } : undefined,
    matchesOnly: searching && matchesOnly,
    context: searching && matchesOnly ? context : 0,
  }
  return { source, filter, reveal }
}

/** Whether any lines are hidden. */
export const isFiltered = ({ errorsOnly, range, search, matchesOnly }: LogChoice): boolean =>
  errorsOnly || range.from !== undefined || range.to !== undefined || (search !== '' && matchesOnly)

/** Whether the time range is over, so that no new lines can match. */
export const isPast = ({ range }: LogChoice, now = Date.now()): boolean => range.to !== undefined && range.to < now

export const withoutFilters = (wanted: LogChoice): LogChoice => ({
  ...everything(wanted.source),
  reveal: wanted.reveal,
  regex: wanted.regex,
  matchCase: wanted.matchCase,
})

/** Describes the filters, e.g. "only errors, last hour, only lines with “timeout”". Empty if nothing is filtered. */
export function filterWords(
  { errorsOnly, search, matchesOnly, context }: LogChoice,
  rangeWords: string | undefined,
): string {
  return [
    errorsOnly && 'only errors',
    rangeWords,
    search !== '' && matchesOnly && `only lines with “${search}”${context ? ` and ${context} around each` : ''}`,
  ]
    .filter(Boolean)
    .join(', ')
}
