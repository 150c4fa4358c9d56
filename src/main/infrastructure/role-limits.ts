/** The SQL of a role's limits. */
import { escapeIdentifier } from 'pg'
import type { OwnLimits } from '../../shared/limits'

/** Null: not limited any more. Absent: unchanged. */
export type RoleLimits = {
  readonly [Name in keyof Omit<OwnLimits, 'connections' | 'pool'>]?: number | null | undefined
} & {
  readonly connections?: number | undefined
}

/** PostgreSQL's settings, and the units of our values. `temp_file_limit` can only be set by a superuser. */
const settings = [
  ['statementSeconds', 'statement_timeout', 's'],
  ['idleTransactionSeconds', 'idle_in_transaction_session_timeout', 's'],
  ['tempFileMB', 'temp_file_limit', 'MB'],
] as const

/** One transaction if sent as one query. Empty if nothing changes. */
export function limitSql(role: string, limits: RoleLimits): string {
  const alter = (what: string): string => `ALTER ROLE ${escapeIdentifier(role)} ${what};`
  return [
    ...(limits.connections === undefined ? [] : [alter(`CONNECTION LIMIT ${limits.connections}`)]),
    ...settings.flatMap(([name, setting, unit]) => {
      const value = limits[name]
      if (value === undefined) return []
      return [alter(value === null ? `RESET ${setting}` : `SET ${setting} = '${value}${unit}'`)]
    }),
  ].join('\n')
}
