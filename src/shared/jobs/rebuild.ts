/** Jobs that exchange an instance's code: for the base application as it is now, or for what it had before. */
import { z } from 'zod'
import { nameSchema } from '../instance'
import { renameSchema } from '../schema'
import { owns, things, uses, type Claim } from '../things'
import { manifestSchema } from '../workspace'
import { fingerprintSchema } from './create'
import { defineJob, type Candidate } from './job'
import { smokeTests, startProcess, targetSchema, verifyHealth } from './target'

/** What the operator says about a change of the schema. */
const answers = {
  renames: z.array(renameSchema).max(500).default([]),
  /** One SQL statement that makes the rows fit. */
  mend: z.string().trim().min(1).max(20_000).optional(),
}
export const rehearseInputSchema = z.object({ name: nameSchema, ...answers })

/** The database's schema is to change with the code. */
const pushSchema = z.strictObject({
  ...answers,
  /** Values or rows may be lost; they are kept for the way back. */
  acceptLoss: z.boolean().default(false),
})

const exchangePlanSchema = z.strictObject({
  /** Names what is set aside. */
  token: z.uuid(),
  target: targetSchema,
  /** It was running, so it's started again; a stopped instance stays stopped. */
  ran: z.boolean(),
  /** The new code takes over without a gap. */
  seamless: z.literal(true).optional(),
  manifest: manifestSchema,
  /** The release that it gets; absent: code that the replaced tool placed. */
  fingerprint: fingerprintSchema.optional(),
  /** The release that it has; absent as above. */
  from: fingerprintSchema.optional(),
  /**
   * The database's schema changes with the code: it is tried on a copy. `dumped`: the database is saved first, because
   * its services come with the tool for that.
   */
  moves: z.strictObject({ dumped: z.boolean() }).optional(),
  /** The database lacks changes of the schema that the code expects: afterwards, and before. */
  behind: z.boolean().optional(),
  wasBehind: z.boolean().optional(),
  /** Keys of its `.env` that it gets with the code, with the values that the base application's has. */
  env: z.array(z.string()).optional(),
})
export type ExchangePlan = Readonly<z.infer<typeof exchangePlanSchema>>

const rebuildPlanSchema = exchangePlanSchema.required({ fingerprint: true }).extend({
  /** What the operator agreed to. `id` names the change in the database. */
  push: pushSchema.extend({ id: z.uuid() }).optional(),
})
export type RebuildPlan = Readonly<z.infer<typeof rebuildPlanSchema>>

const isFree = ({ group }: Candidate): boolean => group !== 'busy' && group !== 'copy'

/** From the code in the slot beside the running one on, both jobs are the same. */
const exchange = {
  trial: {
    title: 'Try it',
    explanation:
      'It runs on a spare port until it answers. Then it is ended. If the schema changes, it runs on a copy of the database.',
  },
  'dump-database': {
    title: 'Save the database',
    explanation: 'Beside the old code, where it stays as long as that.',
    when: ({ moves }: ExchangePlan) => moves?.dumped === true,
  },
  switch: {
    title: 'Switch over',
    explanation:
      'Stops the old code (a seamless rebuild with an unchanged schema doesn’t), changes the database’s schema if asked to, and exchanges the folders. Uploads, settings and other files stay.',
  },
  reload: {
    title: 'Hand over to the new code',
    explanation: 'It starts beside the old code, which ends once the new code answers.',
    when: ({ seamless }: ExchangePlan) => seamless === true,
  },
  'start-process': { ...startProcess, when: ({ ran, seamless }: ExchangePlan) => ran && !seamless },
  'verify-health': { ...verifyHealth, when: ({ ran }: ExchangePlan) => ran },
  'smoke-tests': { ...smokeTests, when: ({ ran }: ExchangePlan) => ran },
  'keep-previous': { title: 'Keep the old code', explanation: 'You can roll back to it until the next rebuild.' },
} as const

const claims = ({ target, token, fingerprint, from }: ExchangePlan): Claim[] => [
  ...[things.instance(target.name), things.port(target.port), things.trash(token)].map(owns),
  uses(things.infrastructure),
  ...[...new Set([fingerprint, from])].flatMap(it => (it === undefined ? [] : [uses(things.release(it))])),
]

const cancel = {
  meaning: 'The instance keeps the code it has, or gets it back.',
  confirm: 'Cancel and go back',
} as const

export const rebuildJob = defineJob({
  kind: 'rebuild',
  version: 1,
  input: z.object({
    name: nameSchema,
    /** Refused unless the base application is still this release. */
    release: fingerprintSchema.optional(),
    /** Absent: the database keeps the schema that it has. */
    schema: pushSchema.optional(),
    /** Keys of the base application's `.env` that the instance gets too, unless it has them. */
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
    'fill-slot': { title: 'Place it beside the running code', explanation: 'Nothing that runs is touched.' },
    'rehearse-schema': {
      title: 'Rehearse the change of the schema',
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
    done: `“${name}” has the new code${plan?.behind ? '; its database keeps the schema it had' : ''}`,
    failed: `“${name}” was not rebuilt`,
  }),
  status: 'Rebuilding…',
  cancel,
  needsInfrastructure: true,
  prints: true,
  keeps: true,
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
    'take-previous': { title: 'Take the previous code', explanation: 'It was kept beside the running code.' },
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
    done: `“${name}” has its previous code`,
    failed: `“${name}” was not rolled back`,
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
  command: {
    description: 'Bring back the code that an instance had before its last rebuild.',
    example: 'once more: back to the newer code',
  },
})

export const rebuildJobs = [rebuildJob, rollbackJob] as const
