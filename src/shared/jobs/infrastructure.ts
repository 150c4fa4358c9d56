/** Jobs on the shared PostgreSQL and PgBouncer. */
import { z } from 'zod'
import { driverKinds } from '../infrastructure'
import { spareBytes } from '../space'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll } from './job'

/** Which services were already running. */
const ranSchema = z.strictObject({ postgres: z.boolean(), pgbouncer: z.boolean() })

const startPlanSchema = z.strictObject({
  driver: z.enum(driverKinds),
  /** False if PgBouncer isn't available. */
  pooled: z.boolean(),
  /** Undo doesn't stop what was already running. */
  ran: ranSchema,
})
export type InfrastructureStartPlan = Readonly<z.infer<typeof startPlanSchema>>

export const infrastructureStartJob = defineJob({
  kind: 'infrastructure-start',
  version: 2,
  input: z.object({}),
  plan: startPlanSchema,
  steps: {
    'provision-postgres': {
      title: 'Prepare PostgreSQL',
      explanation: 'Downloads what is missing and sets up its data.',
    },
    'start-postgres': { title: 'Start PostgreSQL', explanation: 'Done when it answers a query.' },
    'secure-postgres': { title: 'Secure PostgreSQL', explanation: 'Passwords only, loopback only, no shared access.' },
    'provision-pgbouncer': {
      title: 'Prepare PgBouncer',
      explanation: 'Downloads what is missing and writes its configuration.',
      when: ({ pooled }) => pooled,
    },
    'start-pgbouncer': {
      title: 'Start PgBouncer',
      explanation: 'Done when it passes a query to PostgreSQL.',
      when: ({ pooled }) => pooled,
    },
  },
  recovery: 'resume',
  about: () => things.infrastructure,
  // It doesn't own the infrastructure: an operation that got stuck because PostgreSQL went down must not block its
  // restart.
  claims: () => [uses(things.infrastructure), owns(things.services)],
  again: () => ({}),
  words: () => ({
    asking: 'Start the infrastructure',
    running: 'Starting the infrastructure',
    done: 'The infrastructure is running',
    failed: 'The infrastructure was not started',
  }),
  cancel: undoesAll,
  space: spareBytes / 2,
  prints: true,
})

const stopPlanSchema = z.strictObject({ driver: z.enum(driverKinds), ran: ranSchema })
export type InfrastructureStopPlan = Readonly<z.infer<typeof stopPlanSchema>>

export const infrastructureStopJob = defineJob({
  kind: 'infrastructure-stop',
  version: 1,
  input: z.object({}),
  plan: stopPlanSchema,
  steps: {
    'stop-pgbouncer': { title: 'Stop PgBouncer', explanation: 'First, so nothing waits for a stopped database.' },
    'stop-postgres': { title: 'Stop PostgreSQL', explanation: 'The data stays where it is.' },
  },
  recovery: 'resume',
  about: () => things.infrastructure,
  claims: () => [owns(things.infrastructure), owns(things.services)],
  again: () => ({}),
  words: () => ({
    asking: 'Stop the infrastructure',
    running: 'Stopping the infrastructure',
    done: 'The infrastructure is stopped',
    failed: 'The infrastructure was not stopped',
  }),
  cancel: undoesAll,
})

export const infrastructureJobs = [infrastructureStartJob, infrastructureStopJob] as const
