/**
 * One instance's limits on what it takes from PostgreSQL, so that it can't use up the others'. config.json holds the
 * ones set for it; the others are the defaults. The dialog, the command and its help are generated from these words.
 */
import { z } from 'zod'

/** PgBouncer's connections to PostgreSQL for an instance without a pool size of its own, unless a setting says otherwise. */
export const defaultPoolSize = 5

interface LimitWords {
  readonly title: string
  readonly explanation: string
  readonly unit: string
  /** The command's option. */
  readonly option: string
  readonly from: number
  readonly to: number
  /** Has no default: unlimited unless set. */
  readonly open?: true
}

export const limitWords = {
  connections: {
    title: 'Connections',
    explanation:
      'How many connections its role may have to PostgreSQL: its pool’s, and direct ones for migrations and a console.',
    unit: 'connections',
    option: 'connections',
    from: 6,
    to: 1000,
  },
  pool: {
    title: 'Pool size',
    explanation: 'How many queries PgBouncer runs for it at the same time. Further queries wait their turn.',
    unit: 'connections',
    option: 'pool',
    from: 1,
    to: 200,
  },
  statementSeconds: {
    title: 'Statement timeout',
    explanation: 'A statement that takes longer is cancelled. The application can override it (SET statement_timeout).',
    unit: 'seconds',
    option: 'statement-timeout',
    from: 1,
    to: 86_400,
    open: true,
  },
  idleTransactionSeconds: {
    title: 'Idle transaction timeout',
    explanation:
      'A connection that leaves a transaction open and idle for longer is closed. The application can override it (SET idle_in_transaction_session_timeout).',
    unit: 'seconds',
    option: 'idle-transaction-timeout',
    from: 1,
    to: 86_400,
    open: true,
  },
  tempFileMB: {
    title: 'Temporary files',
    explanation: 'Disk space that one connection may use for sorting. The application can’t override it.',
    unit: 'MB',
    option: 'temp-files',
    from: 1,
    to: 1_000_000,
    open: true,
  },
} as const satisfies Readonly<Record<string, LimitWords>>

export type LimitName = keyof typeof limitWords
export const limitNames = Object.keys(limitWords) as LimitName[]
export const wordsOfLimit = (name: LimitName): LimitWords => limitWords[name]

const within = (name: LimitName) => {
  const { from, to } = limitWords[name]
  const message = `Enter a whole number from ${from} to ${to.toLocaleString('en')}.`
  return z.int(message).min(from, message).max(to, message)
}
/** The range of each. */
export const limitSchemas = {
  connections: within('connections'),
  pool: within('pool'),
  statementSeconds: within('statementSeconds'),
  idleTransactionSeconds: within('idleTransactionSeconds'),
  tempFileMB: within('tempFileMB'),
}

/** Those that were set for an instance. */
export const ownLimitsSchema = z.object(limitSchemas).partial()
export type OwnLimits = Readonly<z.infer<typeof ownLimitsSchema>>

/** Null: back to the default. Absent: unchanged. */
export const limitChangesSchema = z.object({
  connections: limitSchemas.connections.nullish(),
  pool: limitSchemas.pool.nullish(),
  statementSeconds: limitSchemas.statementSeconds.nullish(),
  idleTransactionSeconds: limitSchemas.idleTransactionSeconds.nullish(),
  tempFileMB: limitSchemas.tempFileMB.nullish(),
})
export type LimitChanges = Readonly<z.infer<typeof limitChangesSchema>>

/** An absent one is unlimited. */
export interface Limits extends OwnLimits {
  readonly connections: number
  readonly pool: number
}

export interface InstanceLimits {
  /** Those in force. */
  readonly limits: Limits
  /** Those of them that were set for this instance. */
  readonly own: OwnLimits
  /** What each would be without. */
  readonly standard: Limits
  /** PgBouncer was created elsewhere, so its pool sizes are set in its own configuration. */
  readonly foreignPool: boolean
  /** What all running instances may take together, and what PostgreSQL has for them; absent while it can't be asked. */
  readonly together?: { readonly used: number; readonly available: number }
}

/** E.g. `20`, `30 s`, `500 MB`, `none`. */
export function limitText(name: LimitName, value: number | undefined): string {
  if (value === undefined) return 'none'
  const { unit } = limitWords[name]
  return unit === 'connections' ? String(value) : `${value} ${unit === 'seconds' ? 's' : unit}`
}
