/** Jobs that exchange an instance's code: for the base application's current code, or for its previous code. */
import { z } from 'zod'
import { nameSchema } from '../instance'
import { agreedSchema, renameSchema } from '../schema'
import { owns, things, uses, type Claim } from '../things'
import { manifestSchema } from '../workspace'
import { fingerprintSchema } from './create'
import { defineJob, type Candidate } from './job'
import { smokeTests, startProcess, targetSchema, verifyHealth } from './target'

/** What the operator decides about a schema change. */
const answers = {
  renames: z.array(renameSchema).max(500).default([]),
  /** One SQL statement that makes the rows fit. */
  fix: z.string().trim().min(1).max(20_000).optional(),
}
export const rehearseInputSchema = z.object({ name: nameSchema, ...answers })

/** Changes the database's schema with the code. */
export const pushSchema = z.strictObject({
  ...answers,
  /** Losses that are accepted; what is lost is kept for a rollback. `true`: any loss. */
  acceptLoss: z.union([z.boolean(), z.array(agreedSchema).max(5000)]).default(false),
})

const exchangePlanSchema = z.strictObject({
  /** Identifies what is set aside. */
  token: z.uuid(),
  target: targetSchema,
  /** The instance was running, so it is started again; a stopped one stays stopped. */
  ran: z.boolean(),
  /** The new code takes over without a gap. */
  seamless: z.literal(true).optional(),
  manifest: manifestSchema,
  /** The release that it gets; absent for code placed by the older command line tool. */
  fingerprint: fingerprintSchema.optional(),
  /** Its current release; absent likewise. */
  from: fingerprintSchema.optional(),
  /**
   * The database's schema changes with the code, after a trial on a copy. `dumped`: the database is dumped first,
   * because the driver has pg_dump.
   */
  moves: z.strictObject({ dumped: z.boolean() }).optional(),
  /** The database lacks schema changes that the code expects, afterwards and before. */
  behind: z.boolean().optional(),
  wasBehind: z.boolean().optional(),
  /** Keys added to its `.env` with the code; their values are the base application's. */
  env: z.array(z.string()).optional(),
})
export type ExchangePlan = Readonly<z.infer<typeof exchangePlanSchema>>

const rebuildPlanSchema = exchangePlanSchema.required({ fingerprint: true }).extend({
  /** What the operator agreed to. `id` identifies the change in the database. */
  push: pushSchema.extend({ id: z.uuid() }).optional(),
})
export type RebuildPlan = Readonly<z.infer<typeof rebuildPlanSchema>>

const isFree = ({ group }: Candidate): boolean => group !== 'busy' && group !== 'copy'

/** Once the code is in the slot beside the running code, both jobs are the same. */
const exchange = {
  trial: {
    title: 'Try the code',
    explanation:
      'Runs it on a spare port until it answers, then stops it. If the schema changes, it uses a copy of the database.',
  },
  'dump-database': {
    title: 'Save the database',
    explanation: 'A dump beside the old code, kept as long as that code.',
    when: ({ moves }: ExchangePlan) => moves?.dumped === true,
  },
  switch: {
    title: 'Switch over',
    explanation:
      'Stops the instance (unless it is seamless and its schema stays), changes the schema if asked to, and swaps the folders. Uploads, settings and other files stay.',
  },
  reload: {
    title: 'Hand over',
    explanation: 'Starts the new process beside the old one, which is stopped once the new one answers.',
    when: ({ seamless }: ExchangePlan) => seamless === true,
  },
  'start-process': { ...startProcess, when: ({ ran, seamless }: ExchangePlan) => ran && !seamless },
  'verify-health': { ...verifyHealth, when: ({ ran }: ExchangePlan) => ran },
  'smoke-tests': { ...smokeTests, when: ({ ran }: ExchangePlan) => ran },
  'keep-previous': { title: 'Keep the replaced code', explanation: 'You can roll back to it until the next rebuild.' },
} as const

const claims = ({ target, token, fingerprint, from }: ExchangePlan): Claim[] => [
  ...[things.instance(target.name), things.port(target.port), things.trash(token)].map(owns),
  uses(things.infrastructure),
  ...[...new Set([fingerprint, from])].flatMap(it => (it === undefined ? [] : [uses(things.release(it))])),
]

const cancel = {
  meaning: 'The instance keeps its current code, or gets it back.',
  confirm: 'Cancel and go back',
} as const

export const rebuildJob = defineJob({
  kind: 'rebuild',
  version: 1,
  input: z.object({
    name: nameSchema,
    /** Refused unless the base application is still this release. */
    release: fingerprintSchema.optional(),
    /** Absent: the database keeps its schema. */
    schema: pushSchema.optional(),
    /** Keys of the base application's `.env` that the instance gets as well, unless it has them. */
    env: z
      .array(
        z
          .string()
          .regex(/^[\w.-]+$/)
          .max(200),
      )
      .max(500)
      .optional(),
  }),
  plan: rebuildPlanSchema,
  steps: {
    'prepare-release': {
      title: 'Prepare the new code',
      explanation: 'Installs and builds what changed. The instance keeps running.',
    },
    'fill-slot': { title: 'Place the new code', explanation: 'Beside the running code, which isn’t touched.' },
    'rehearse-schema': {
      title: 'Rehearse the schema change',
      explanation: 'Forward, back and forward again, on a copy of the database with its rows.',
      when: ({ push }: RebuildPlan) => push !== undefined,
    },
    ...exchange,
  },
  pivot: 'keep-previous',
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims,
  name: ({ target }) => target.name,
  again({ target: { name }, push, env }) {
    if (!push) return { name, env }
    const { id: _, ...schema } = push
    return { name, schema, env }
  },
  words: ({ name, plan }) => ({
    asking: `Rebuild “${name}”`,
    running: `Rebuilding “${name}”`,
    done: `“${name}” was rebuilt${plan?.behind ? '; its database keeps the old schema' : ''}`,
  }),
  status: 'Rebuilding…',
  cancel,
  needsInfrastructure: true,
  prints: true,
  keeps: true,
  past: 'rebuilt',
  guards: ({ name }) => [name],
  offer: {
    label: 'Rebuild…',
    when: isFree,
  },
})

export const rollbackJob = defineJob({
  kind: 'rollback',
  version: 1,
  input: z.object({ name: nameSchema }),
  plan: exchangePlanSchema,
  steps: {
    'take-previous': { title: 'Get the previous code', explanation: 'It was kept beside the running code.' },
    ...exchange,
  },
  pivot: 'keep-previous',
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims,
  name: ({ target }) => target.name,
  again: ({ target }) => ({ name: target.name }),
  words: ({ name }) => ({
    asking: `Roll back “${name}”`,
    running: `Rolling back “${name}”`,
    done: `“${name}” was rolled back to its previous code`,
  }),
  status: 'Rolling back…',
  cancel,
  needsInfrastructure: true,
  prints: true,
  keeps: true,
  offer: {
    label: 'Roll back…',
    when: it => isFree(it) && it.previous,
  },
})

export const rebuildJobs = [rebuildJob, rollbackJob] as const
