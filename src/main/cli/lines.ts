/**
 * What `--json` prints, one object per line. Scripts rely on it, and tests check every line against it. Not loaded by
 * any command.
 */
import { z } from 'zod'
import type { OperationState, Transient } from '../../shared/operation'
import { claimSchema, journalLineSchema } from '../../shared/operation-schema'
import { problemSchema } from '../../shared/problem-schema'
import { exitCodes } from './exit-codes'

const base = { id: z.string().min(1), at: z.iso.datetime() }
const step = z.string().min(1)

/** Events that are shown but not journaled. */
export const transientLineSchema: z.ZodType<Transient & { readonly id: string; readonly at: string }> =
  z.discriminatedUnion('type', [
    z.strictObject({
      ...base,
      type: z.literal('progress'),
      step,
      fraction: z.number().min(0).max(1).optional(),
      text: z.string().optional(),
    }),
    z.strictObject({ ...base, type: z.literal('output'), step, chunk: z.string(), offset: z.int().nonnegative() }),
    z.strictObject({ ...base, type: z.literal('stuck'), step, problem: problemSchema }),
    z.strictObject({ ...base, type: z.literal('retrying'), step }),
  ])

const stepState = z.strictObject({
  name: step,
  status: z.enum(['waiting', 'doing', 'done', 'undoing', 'undone', 'stuck']),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  attempts: z.int().optional(),
  fraction: z.number().optional(),
  text: z.string().optional(),
  problem: problemSchema.optional(),
  result: z.strictObject({ operation: z.string().optional(), problem: problemSchema.optional() }).optional(),
  notes: z.string().optional(),
})

/** An operation that was already running when we began to follow it, or whose events were missed. */
export const snapshotLineSchema: z.ZodType<{ readonly type: 'snapshot'; readonly operation: OperationState }> =
  z.strictObject({
    type: z.literal('snapshot'),
    operation: z.strictObject({
      id: base.id,
      kind: z.string(),
      subject: z.string(),
      plan: z.json(),
      claims: z.array(claimSchema),
      phase: z.enum(['running', 'undoing', 'stuck', 'succeeded', 'rolled-back']),
      openedAt: z.iso.datetime(),
      settledAt: z.iso.datetime().optional(),
      turned: z
        .strictObject({ reason: z.enum(['failed', 'cancelled', 'asked']), problem: problemSchema.optional() })
        .optional(),
      steps: z.array(stepState),
      abreast: z.strictObject({ from: z.int(), most: z.int() }).optional(),
    }),
  })

/** A line of a log. */
export const logLineSchema = z.strictObject({
  type: z.literal('line'),
  position: z.string(),
  stream: z.enum(['out', 'err']).optional(),
  at: z.number().optional(),
  text: z.string(),
  error: z.boolean(),
  continues: z.boolean(),
  matches: z.array(z.tuple([z.number(), z.number()])),
  cut: z.number().optional(),
})

/** `serve` in the foreground: the pages' address. */
export const servingLineSchema = z.strictObject({
  type: z.literal('serving'),
  address: z.string(),
  port: z.int(),
  link: z.url(),
})

/** Always the last line. `data` depends on the command. */
export const resultLineSchema = z
  .strictObject({
    type: z.literal('result'),
    ok: z.boolean(),
    exit: z.literal(Object.values(exitCodes)),
    problem: problemSchema.optional(),
    data: z.json().optional(),
  })
  .refine(it => it.ok === (it.exit === exitCodes.done), '`ok` is exit 0')
  .refine(it => it.ok || it.problem !== undefined, 'a failure needs a problem')

export const lineSchema = z.union([
  journalLineSchema,
  transientLineSchema,
  snapshotLineSchema,
  logLineSchema,
  servingLineSchema,
  resultLineSchema,
])
