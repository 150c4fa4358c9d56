/** The schema of what ends a session, apart from the types, so that commands and pages start without zod. */
import { z } from 'zod'
import { sessionEnds, type SessionKey } from './database-activity'

/** Microseconds since 1970. */
const time = z.string().regex(/^\d{1,18}$/)

export const endSessionSchema = z.object({
  session: z.object({
    pid: z.number().int().positive(),
    opened: time,
    query: time,
    transaction: time,
  }) satisfies z.ZodType<SessionKey>,
  how: z.enum(sessionEnds),
})
