/** Logs: what can be read, which lines of it are wanted, and a line as everyone sees it. */
import { z } from 'zod'
import { serviceNames } from './infrastructure'
import { nameSchema } from './instance'
import type { Problem } from './problem'

export const logStreams = ['both', 'out', 'err'] as const

/** One log, whatever files it is made of. `app` is our own. */
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

/** Which lines are wanted; all that is given must hold. Lines of a stack trace go with the line that they belong to. */
export const logFilterSchema = z.object({
  /** The err stream, and what looks like an error in out. */
  errorsOnly: z.boolean().default(false),
  from: time.optional(),
  to: time.optional(),
  search: logSearchSchema.optional(),
  /** Only lines that match the search; else all of them, matches marked. */
  matchesOnly: z.boolean().default(false),
  /** Lines shown before and after each match, with `matchesOnly`. */
  context: z.number().int().min(0).max(20).default(0),
})
export type LogFilter = z.infer<typeof logFilterSchema>

/** A place in a log: opaque, stays true while the log grows and rotates. */
export const logPositionSchema = z.string().regex(/^[0-9.-]{1,64}$/)
export type LogPosition = z.infer<typeof logPositionSchema>
/** Which line a position is of: the rest of it depends on what it was found with. */
export const lineOf = (position: LogPosition): string => position.split('.').slice(0, 2).join('.')

export const logQuerySchema = z.object({
  source: logSourceSchema,
  filter: logFilterSchema.prefault({}),
  /** Show the secrets that we know instead of masking them. */
  reveal: z.boolean().default(false),
})
export type LogQuery = z.infer<typeof logQuerySchema>

/** Where a page lies. `before` and `after` leave the given line out, `around` has it in the middle. */
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

/** The nearest line that matches the search; the given one is left out. */
export const logFindSchema = logQuerySchema.extend({ from: logPositionSchema, direction: z.enum(['next', 'previous']) })
/** `until`: count only up to and with this line. */
export const logCountSchema = logQuerySchema.extend({ until: logPositionSchema.optional() })
/**
 * `after`: the last line that is there already; else from the end as it is now. `drawn`: a view draws them; of more
 * than anyone can see it gets the newest, and the count of the others.
 */
export const logFollowSchema = logQuerySchema.extend({
  after: logPositionSchema.optional(),
  drawn: z.boolean().default(false),
})
export const logDownloadSchema = logQuerySchema.extend({ colours: z.boolean().default(false) })
/** `path`: absolute. `overwrite`: a regular file that is there is replaced. */
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
  /** Which of an instance's streams it was written to. */
  readonly stream?: 'out' | 'err'
  /** When it was written, as far as it says so (or a line before it). */
  readonly at?: number
  /** Safe to draw: text and colours (SGR) only. */
  readonly text: string
  /** Looks like an error, or is on the err stream. */
  readonly error: boolean
  /** Belongs to the line before it, e.g. a frame of a stack trace. */
  readonly continues: boolean
  /** Where the search is found: [start, end) in the text without its colours. */
  readonly matches: readonly (readonly [number, number])[]
  /** Bytes of the whole line, if only its beginning is given. */
  readonly cut?: number
}

export interface LogPage {
  /** Oldest first. */
  readonly lines: readonly LogLine[]
  readonly atStart: boolean
  readonly atEnd: boolean
  /** Where its first and last line lie in the whole, 0 to 1. */
  readonly from: number
  readonly to: number
  /** Bytes of the whole, rotated predecessors included. */
  readonly size: number
  /**
   * The filter wants so few lines that reading stopped before the page was full: go on before it (end, before) or after
   * it (else).
   */
  readonly more?: LogPosition
}

/** How far a count or a save has come; the last one is `done`. Bytes. */
export interface LogProgress {
  readonly hits: number
  readonly scanned: number
  readonly total: number
  readonly done: boolean
}

/** A part of what is saved, in order. */
export interface LogText extends LogProgress {
  readonly text: string
}

/**
 * New lines. `skipped`: so many more came than could be taken; they are in the log all the same. `restarted`: the file
 * was emptied or replaced.
 */
export interface LogNews {
  readonly lines: readonly LogLine[]
  readonly skipped: number
  readonly restarted?: boolean
}

/** A log that can be chosen. */
export interface LogEntry {
  readonly source: LogSource
  /** Bytes on disk, predecessors included. */
  readonly size: number
  /** Absent if nothing was ever written. */
  readonly changedAt?: number
  /** Why it cannot be read now. */
  readonly problem?: Problem
}

/** What an instance's logs take. */
export interface LogUsage {
  /** On disk, archives included. */
  readonly bytes: number
  readonly archives: number
  /** Why they are not kept small. */
  readonly problem?: Problem
}
