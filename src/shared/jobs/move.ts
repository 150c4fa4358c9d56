/** The jobs that move PostgreSQL with all its databases to another driver or version, and remove what was left behind. */
import { z } from 'zod'
import { driverKinds, driverTitle, type FormerPostgres } from '../infrastructure'
import { nameSchema } from '../instance'
import { spareBytes } from '../space'
import { owns, things } from '../things'
import { imageSchema } from './images'
import { defineJob, undoesAll } from './job'

const driver = z.enum(driverKinds)
const port = z.int().min(1).max(65_535)
const containerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/)

/** By the settings' keys. Null: the default. */
const changes = z.strictObject({
  driver: driver.nullable().optional(),
  'containers.postgres': containerName.nullable().optional(),
  'containers.postgresImage': imageSchema.nullable().optional(),
})

/** Where PostgreSQL is, or will be. The container and its image only matter to Podman and Docker. */
const sideSchema = z.strictObject({ driver, container: containerName, image: imageSchema })
export type MoveSide = Readonly<z.infer<typeof sideSchema>>

const movePlanSchema = z.strictObject({
  from: sideSchema,
  to: sideSchema,
  /** The settings that differ: the workspace’s own values before the move, and the values after it. */
  before: changes,
  after: changes,
  /** Marks the new place, so that undo removes only what this operation created. */
  token: z.string().regex(/^[0-9a-f]{32}$/),
  /** The new PostgreSQL's port until it takes over the old one's. */
  spare: port,
  /** Whether PgBouncer runs now, and whether there is one afterwards. */
  pooled: z.strictObject({ before: z.boolean(), after: z.boolean() }),
  /** Whether Instance Manager created the old one, and may remove it later. */
  own: z.boolean(),
  /** The old one's. */
  version: z.string().max(100),
  /** Connections that each database accepts (-1: any number), and its size in bytes. */
  databases: z.array(
    z.strictObject({ name: z.string().min(1).max(63), connections: z.int(), bytes: z.number().min(0) }),
  ),
  /** The running ones, which are stopped meanwhile. */
  instances: z.array(z.strictObject({ name: nameSchema, port })),
  /** Whether the databases are analyzed at the end. Absent in plans of version 1, which had no such step. */
  analyze: z.literal(true).optional(),
})
export type MovePlan = Readonly<z.infer<typeof movePlanSchema>>

const inContainer = ({ to }: MovePlan): boolean => to.driver !== 'embedded'
const anyRuns = ({ instances }: MovePlan): boolean => instances.length > 0

export const moveJob = defineJob({
  kind: 'infrastructure-move',
  version: 2,
  input: z.object({
    driver,
    /** PostgreSQL's, for Podman and Docker; absent: the one in the settings. */
    image: imageSchema.optional(),
  }),
  plan: movePlanSchema,
  steps: {
    'pull-images': {
      title: 'Pull the images',
      explanation: 'Those that aren’t on this machine yet. Nothing is interrupted.',
      when: inContainer,
    },
    'create-cluster': {
      title: 'Create the new PostgreSQL',
      explanation: 'Empty, beside the old one, on another port. Nothing is interrupted.',
    },
    rehearse: {
      title: 'Rehearse the copy',
      explanation: 'While instances run, to find out what can’t be copied and how long it takes.',
    },
    'stop-instances': {
      title: 'Stop the running instances',
      explanation: 'Four at a time. From here on they are down.',
      when: anyRuns,
    },
    'stop-pgbouncer': {
      title: 'Stop PgBouncer',
      explanation: 'So that nothing waits for a database.',
      when: ({ pooled }) => pooled.before,
    },
    'close-databases': {
      title: 'Close the databases',
      explanation: 'Remaining connections are closed, so that nothing more is written.',
    },
    'copy-databases': {
      title: 'Copy the databases',
      explanation: 'Roles, passwords and rights, then each database with pg_dump and pg_restore.',
    },
    'compare-databases': {
      title: 'Compare the databases',
      explanation: 'Every table’s rows, by count and hash; sequences, roles and rights.',
    },
    'stop-postgres': { title: 'Stop both', explanation: 'The new one takes over the old one’s port.' },
    'write-settings': { title: 'Record the new location', explanation: 'In settings.json.' },
    'start-postgres': { title: 'Start the new PostgreSQL', explanation: 'On the port that the instances use.' },
    'start-pgbouncer': {
      title: 'Start PgBouncer',
      explanation: 'Done when it passes a query to PostgreSQL.',
      when: ({ pooled }) => pooled.after,
    },
    'open-databases': {
      title: 'Open the databases',
      explanation: 'From here on, the move can’t be undone. The old PostgreSQL stays as it was, stopped.',
    },
    'start-instances': {
      title: 'Start the instances again',
      explanation: 'Those that were running.',
      when: anyRuns,
    },
    'analyze-databases': {
      title: 'Analyze the databases',
      explanation: 'So that PostgreSQL plans queries well from the start. Instances can be used meanwhile.',
      when: ({ analyze }) => analyze === true,
    },
  },
  recovery: 'resume',
  about: () => things.infrastructure,
  claims: ({ spare, instances }) => [
    owns(things.infrastructure),
    owns(things.services),
    owns(things.formerPostgres),
    owns(things.port(spare)),
    ...instances.flatMap(it => [owns(things.instance(it.name)), owns(things.port(it.port))]),
  ],
  again: ({ to, after }) => ({ driver: to.driver, image: after['containers.postgresImage'] ?? undefined }),
  words: ({ plan }) => {
    if (plan && plan.from.driver === plan.to.driver)
      return {
        asking: `Upgrade PostgreSQL to ${plan.to.image}`,
        running: `Upgrading PostgreSQL to ${plan.to.image}`,
        done: `PostgreSQL was upgraded to ${plan.to.image}`,
      }
    const where = plan ? driverTitle[plan.to.driver] : 'another driver'
    return {
      asking: `Move PostgreSQL to ${where}`,
      running: `Moving PostgreSQL to ${where}`,
      done: `PostgreSQL was moved to ${where}`,
    }
  },
  cancel: undoesAll,
  space: spareBytes,
  pivot: 'open-databases',
  prints: true,
})

/** As it is recorded. */
export const formerSchema = z.strictObject({
  driver,
  container: containerName,
  version: z.string().max(100),
  bytes: z.number().min(0),
  at: z.number(),
}) satisfies z.ZodType<FormerPostgres>

export const removeFormerJob = defineJob({
  kind: 'infrastructure-remove-old',
  version: 1,
  input: z.object({}),
  plan: z.strictObject({ former: formerSchema }),
  steps: {
    remove: { title: 'Remove the old PostgreSQL', explanation: 'With its databases, as they were before the move.' },
  },
  recovery: 'resume',
  about: () => things.formerPostgres,
  claims: () => [owns(things.formerPostgres)],
  again: () => ({}),
  words: () => ({
    asking: 'Remove the old PostgreSQL',
    running: 'Removing the old PostgreSQL',
    done: 'The old PostgreSQL was removed',
  }),
  cancel: { meaning: 'Whatever hasn’t been removed yet stays.', confirm: 'Cancel' },
  pivot: 'remove',
})
