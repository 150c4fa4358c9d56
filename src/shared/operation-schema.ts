/** The schemas of journals. Separate from operation.ts so that commands that only show operations needn't load zod. */
import { z } from 'zod'
import type { JournalLine } from './operation'
import { problemSchema } from './problem-schema'
import type { Claim } from './things'

export const claimSchema: z.ZodType<Claim> = z.object({ on: z.string(), how: z.enum(['own', 'use']) })

const base = { id: z.string().min(1), at: z.iso.datetime() }
export const journalLineSchema: z.ZodType<JournalLine> = z.discriminatedUnion('type', [
  z.object({
    ...base,
    type: z.literal('opened'),
    kind: z.string(),
    version: z.int(),
    subject: z.string(),
    plan: z.json(),
    steps: z.array(z.string()).min(1),
    claims: z.array(claimSchema).optional(),
    abreast: z.object({ from: z.int().min(0), most: z.int().min(1) }).optional(),
  }),
  z.object({ ...base, type: z.enum(['doing', 'undoing']), step: z.string() }),
  z.object({ ...base, type: z.literal('undone'), step: z.string(), notes: z.string().optional() }),
  z.object({
    ...base,
    type: z.literal('done'),
    step: z.string(),
    result: z
      .object({
        operation: z.string().optional(),
        problem: problemSchema.optional(),
        figures: z.record(z.string(), z.number()).optional(),
      })
      .optional(),
    notes: z.string().optional(),
  }),
  z.object({
    ...base,
    type: z.literal('turned'),
    reason: z.enum(['failed', 'cancelled', 'asked']),
    problem: problemSchema.optional(),
  }),
  z.object({ ...base, type: z.literal('settled'), outcome: z.enum(['succeeded', 'rolled-back']) }),
])
