/** Jobs that create an instance: from the base application, or from a copy of another instance. */
import { z } from 'zod'
import { adoptInputSchema, createInputSchema, nameSchema, portSchema } from '../instance'
import { owns, things, uses } from '../things'
import { manifestSchema } from '../workspace'
import { batchLimit, batchPlanSchema, defineBatch, haveOwnNames } from './batch'
import { defineJob, undoesAll, type Several, type StepDescription } from './job'
import { smokeTests, startProcess, verifyHealth } from './target'

/** A release's fingerprint, which becomes part of a path. */
export const fingerprintSchema = z.string().regex(/^[\w-]+$/)

const createPlanSchema = z.strictObject({
  /** Marks everything this operation creates: folder, role. */
  token: z.uuid(),
  name: nameSchema,
  port: portSchema,
  url: z.string(),
  database: z.string(),
  role: z.string(),
  /** The ports of PostgreSQL and PgBouncer in the connection URLs. */
  directPort: z.int(),
  pooledPort: z.int(),
  pooled: z.boolean(),
  /** What occupies its port now, as text; absent if the instance will be started. */
  heldBy: z.string().optional(),
  fingerprint: fingerprintSchema,
  /** How to install packages if the release isn't prepared yet. */
  install: createInputSchema.shape.install.unwrap().optional(),
  /** Folders of the base application without a lock file, so a new release may get newer packages than the last. */
  unlocked: z.array(z.string()).optional(),
  manifest: manifestSchema,
  director: z.object({ name: z.string(), email: z.string() }),
  jwtSecret: createInputSchema.shape.jwtSecret.unwrap(),
  host: createInputSchema.shape.host,
  systemUser: z.boolean().optional(),
  /** Its smoke tests are run. Absent if it isn't started, and in version 2 journals. */
  tested: z.literal(true).optional(),
})
export type CreatePlan = Readonly<z.infer<typeof createPlanSchema>>

const steps = {
  reserve: { title: 'Reserve the name and port', explanation: 'So nothing else can take them.' },
  'prepare-release': {
    title: 'Prepare the application',
    explanation: 'Installs its packages and builds the client. The next instance reuses this.',
  },
  'create-database': {
    title: 'Create the database',
    explanation: 'With its own role; no other instance has access.',
  },
  'place-files': {
    title: 'Place the files',
    explanation: 'The application, its configuration and its upload folders.',
  },
  'push-schema': { title: 'Set up the tables', explanation: 'Applies the application’s schema to the new database.' },
  'create-director': {
    title: 'Create the director',
    explanation: 'The administrator account, added through the application’s own Prisma client.',
  },
  'switch-to-pool': {
    title: 'Connect through the pool',
    explanation: 'From now on the instance uses the database through PgBouncer.',
    when: ({ pooled }) => pooled,
  },
} as const satisfies Readonly<Record<string, StepDescription<CreatePlan>>>

export const createJob = defineJob({
  kind: 'create',
  version: 3,
  input: createInputSchema,
  plan: createPlanSchema,
  steps: {
    ...steps,
    'start-process': {
      ...startProcess,
      when: ({ heldBy, systemUser }) => heldBy === undefined || systemUser === true,
    },
    'verify-health': verifyHealth,
    'smoke-tests': { ...smokeTests, when: ({ tested }) => tested === true },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  // If another instance is running on its port, this one isn't started and doesn't claim the port.
  claims: ({ name, port, heldBy, fingerprint }) => [
    owns(things.instance(name)),
    ...(heldBy === undefined ? [owns(things.port(port))] : []),
    uses(things.infrastructure),
    uses(things.release(fingerprint)),
  ],
  name: ({ name }) => name,
  words: ({ name, plan }) => ({
    asking: `Create “${name}”`,
    running: `Creating “${name}”`,
    done: plan?.heldBy === undefined ? `“${name}” is ready` : `“${name}” was created but isn’t running`,
  }),
  status: 'Creating…',
  cancel: {
    meaning:
      'Everything created so far will be removed: the database and its role, the files, the process, and the reserved name and port. Nothing else is touched.',
    confirm: 'Cancel and undo',
  },
  prints: true,
  past: 'created',
})

/** The fingerprint in an adoption's plan if the copy's config.json names no release. */
export const unknownRelease = 'unknown'

/** A creation's choices for whatever the copy lacks; `from` is the copy's current name. */
const adoptPlanSchema = createPlanSchema.extend({ from: nameSchema })
export type AdoptPlan = Readonly<z.infer<typeof adoptPlanSchema>>

export const adoptJob = defineJob({
  kind: 'adopt',
  version: 2,
  input: adoptInputSchema,
  plan: adoptPlanSchema,
  steps: {
    'create-database': steps['create-database'],
    'adopt-files': {
      title: 'Write its own settings',
      explanation: 'Name, port, database login and secrets. Uploads and everything else stay.',
    },
    'push-schema': steps['push-schema'],
    'create-director': steps['create-director'],
    'switch-to-pool': steps['switch-to-pool'],
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ from, name, port, fingerprint, token }) => [
    ...[...new Set([from, name].map(things.instance)), things.port(port), things.trash(token)].map(owns),
    uses(things.infrastructure),
    ...(fingerprint === unknownRelease ? [] : [uses(things.release(fingerprint))]),
  ],
  name: ({ name }) => name,
  words: ({ name, plan }) => {
    const was = plan?.from ?? name
    const as = was === name ? '' : ` as “${name}”`
    return {
      asking: `Adopt “${was}”${as}`,
      running: `Adopting “${was}”${as}`,
      done: `“${was}” was adopted${as}`,
    }
  },
  status: 'Adopting…',
  cancel: undoesAll,
  keeps: true,
  past: 'adopted',
  offer: { label: 'Adopt…', when: ({ group }) => group === 'copy' },
})

export const creatingWords: Several = { doing: 'Creating', done: 'created' }

export const createManyJob = defineBatch({
  kind: 'create-many',
  input: z.object({
    items: z.array(createInputSchema).min(1).max(batchLimit).refine(haveOwnNames, 'Two of them have the same name.'),
  }),
  plan: batchPlanSchema,
  about: '(creations)',
  atOnce: 2, // as with rebuilds, a creation is mostly waiting for the application to boot
  several: creatingWords,
  needsDatabase: true,
  words: (those, were) => ({
    asking: `Create ${those}`,
    running: `Creating ${those}`,
    done: `${those} ${were} created`,
  }),
})

export const createJobs = [createJob, adoptJob] as const

/** @param folders folders of the base application that have no lock file */
export const unlockedText = (folders: readonly string[]): string =>
  `${folders.join(' and ')} ${folders.length > 1 ? 'have' : 'has'} no package-lock.json, so packages may be newer than those of earlier instances.`
