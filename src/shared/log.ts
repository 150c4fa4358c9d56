/** Logs: their sources, filters, positions and lines. */
import { z } from 'zod'
import { serviceNames } from './infrastructure'
import { nameSchema } from './instance'
import type { Problem } from './problem'

export const logStreams = ['both', 'out', 'err'] as const

/** One log, regardless of how many files it consists of. `app` is Instance Manager's own. */
export const logSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('instance'), name: nameSchema, stream: z.enum(logStreams).default('both') }),
  z.object({ kind: z.literal('service'), name: z.enum(serviceNames) }),
  z.object({ kind: z.literal('operation'), id: z.string().min(1).max(100) }),
  z.object({ kind: z.literal('app') }),
])
export type LogSource = z.infer<typeof logSourceSchema>

/** Milliseconds since 1970. */
const time = z.number().int().nonnegative()

export const logSearchSchema = z.object({
  text: z.string().min(1).max(1000),
  regex: z.boolean().default(false),
  matchCase: z.boolean().default(false),
})
export type LogSearch = z.infer<typeof logSearchSchema>

/** Which lines to show; all given conditions must hold. Lines of a stack trace follow the line they belong to. */
export const logFilterSchema = z.object({
  /** The err stream, plus lines of out that look like errors. */
  errorsOnly: z.boolean().default(false),
  from: time.optional(),
  to: time.optional(),
  search: logSearchSchema.optional(),
  /** Show only lines that match the search. False: show all lines, with matches marked. */
  matchesOnly: z.boolean().default(false),
  /** Lines shown before and after each match, with `matchesOnly`. */
  context: z.number().int().min(0).max(20).default(0),
})
export type LogFilter = z.infer<typeof logFilterSchema>

/** An opaque position in a log, which stays valid while the log grows and rotates. */
export const logPositionSchema = z.string().regex(/^[0-9.-]{1,64}$/)
export type LogPosition = z.infer<typeof logPositionSchema>
/** The part of a position that identifies the line; the rest depends on how it was found. */
export const lineOf = (position: LogPosition): string => position.split('.').slice(0, 2).join('.')

export const logQuerySchema = z.object({
  source: logSourceSchema,
  filter: logFilterSchema.prefault({}),
  /** Show known secrets instead of masking them. */
  reveal: z.boolean().default(false),
})
export type LogQuery = z.infer<typeof logQuerySchema>

/** Where a page is. `before` and `after` exclude the given line; `around` has it in the middle. */
export const logAnchorSchema = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['start', 'end']) }),
  z.object({ type: z.literal('time'), time }),
  z.object({ type: z.literal('fraction'), fraction: z.number().min(0).max(1) }),
  z.object({ type: z.enum(['before', 'after', 'around']), position: logPositionSchema }),
])
export type LogAnchor = z.infer<typeof logAnchorSchema>

export const logPageInputSchema = logQuerySchema.extend({
  anchor: logAnchorSchema,
  count: z.number().int().min(1).max(1000),
})

/** Finds the nearest line that matches the search, excluding `from`. */
export const logFindSchema = logQuerySchema.extend({ from: logPositionSchema, direction: z.enum(['next', 'previous']) })
/** `until`: count only up to and including this line. */
export const logCountSchema = logQuerySchema.extend({ until: logPositionSchema.optional() })
/**
 * `after`: the last line the caller has; absent: from the current end. `drawn`: the lines are for a view, which gets
 * only the newest if there are more than anyone could see, and the number skipped.
 */
export const logFollowSchema = logQuerySchema.extend({
  after: logPositionSchema.optional(),
  drawn: z.boolean().default(false),
})
export const logDownloadSchema = logQuerySchema.extend({ colours: z.boolean().default(false) })
/** `path`: absolute. `overwrite`: replace an existing regular file. */
export const logSaveSchema = logDownloadSchema.extend({
  path: z
    .string()
    .min(2)
    .max(4000)
    .regex(/^\/[^\0]*$/, 'Enter the full path, starting with /.'),
  overwrite: z.boolean().default(false),
})

export interface LogLine {
  readonly position: LogPosition
  /** The stream of an instance that it was written to. */
  readonly stream?: 'out' | 'err'
  /** When it was written, according to its timestamp or the last one before it. */
  readonly at?: number
  /** Safe to draw: contains only text and colours (SGR). */
  readonly text: string
  /** Looks like an error or is on the err stream. */
  readonly error: boolean
  /** Belongs to the line before it, e.g. a stack frame. */
  readonly continues: boolean
  /** Where the search matches: [start, end) in the text without colours. */
  readonly matches: readonly (readonly [number, number])[]
  /** Size of the whole line in bytes, if `text` is only its beginning. */
  readonly cut?: number
}

export interface LogPage {
  /** Oldest first. */
  readonly lines: readonly LogLine[]
  readonly atStart: boolean
  readonly atEnd: boolean
  /** Positions of its first and last line in the whole log, 0 to 1. */
  readonly from: number
  readonly to: number
  /** Size of the whole log in bytes, including rotated files. */
  readonly size: number
  /**
   * So few lines match the filter that reading stopped before the page was full. Continue before this position (for
   * `end` and `before`) or after it.
   */
  readonly more?: LogPosition
}

/** Progress of a count or save, in bytes; the last one is `done`. */
export interface LogProgress {
  readonly hits: number
  readonly scanned: number
  readonly total: number
  readonly done: boolean
}

/** A chunk of a saved log, in order. */
export interface LogText extends LogProgress {
  readonly text: string
}

/**
 * New lines. `skipped`: how many lines were left out because too many arrived at once; they are still in the log.
 * `restarted`: the file was truncated or replaced.
 */
export interface LogNews {
  readonly lines: readonly LogLine[]
  readonly skipped: number
  readonly restarted?: boolean
}

/** A log that can be opened. */
export interface LogEntry {
  readonly source: LogSource
  /** Bytes on disk, including rotated files. */
  readonly size: number
  /** Absent if nothing has ever been written. */
  readonly changedAt?: number
  /** Why it can't be read right now. */
  readonly problem?: Problem
}

/** Disk space used by an instance's logs. */
export interface LogUsage {
  /** Including archives. */
  readonly bytes: number
  readonly archives: number
  /** Why they aren't being rotated. */
  readonly problem?: Problem
}
