/** Jobs on the shared PostgreSQL and PgBouncer. */
import { z } from 'zod'
import { capital } from '../amounts'
import { driverKinds, serviceNames, serviceTitle, type ServiceName } from '../infrastructure'
import { nameSchema, runningOf, type InstanceView, type KnownInstances } from '../instance'
import { spareBytes } from '../space'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll, type Telling, type Words } from './job'

/** Which services were already running. */
const ranSchema = z.strictObject({ postgres: z.boolean(), pgbouncer: z.boolean() })

const serviceSchema = z.enum(serviceNames)
/** Fields of every plan. */
const common = {
  driver: z.enum(driverKinds),
  /** The service that was asked for; absent: both. */
  only: serviceSchema.optional(),
  /** Those that the job starts or stops. */
  services: z.array(serviceSchema).min(1),
  /** Undo doesn't stop what was already running, nor start what wasn't. */
  ran: ranSchema,
}

/** Absent: both. */
const service = serviceSchema.optional()

type AboutServices = Readonly<{ only?: ServiceName | undefined; services: readonly ServiceName[] }>
const withPostgres = ({ services }: AboutServices): boolean => services.includes('postgres')
const withPgbouncer = ({ services }: AboutServices): boolean => services.includes('pgbouncer')

const words =
  (asking: string, running: string, done: string) =>
  <Plan extends AboutServices>({ plan }: Telling<Plan>): Words => {
    const what = plan?.only === undefined ? 'the infrastructure' : serviceTitle[plan.only]
    return {
      asking: `${asking} ${what}`,
      running: `${running} ${what}`,
      done: `${capital(what)} ${done}`,
    }
  }

const bringsUp = {
  'provision-postgres': {
    title: 'Prepare PostgreSQL',
    explanation: 'Downloads what is missing and sets up its data.',
    when: withPostgres,
  },
  'start-postgres': { title: 'Start PostgreSQL', explanation: 'Done when it answers a query.', when: withPostgres },
  'secure-postgres': {
    title: 'Secure PostgreSQL',
    explanation: 'Passwords only, loopback only, no shared access.',
    when: withPostgres,
  },
  'provision-pgbouncer': {
    title: 'Prepare PgBouncer',
    explanation: 'Downloads what is missing and writes its configuration.',
    when: withPgbouncer,
  },
  'start-pgbouncer': {
    title: 'Start PgBouncer',
    explanation: 'Done when it passes a query to PostgreSQL.',
    when: withPgbouncer,
  },
} as const
export type BringUpStep = keyof typeof bringsUp

const takesDown = {
  'stop-pgbouncer': {
    title: 'Stop PgBouncer',
    explanation: 'First, so nothing waits for a stopped database.',
    when: withPgbouncer,
  },
  'stop-postgres': { title: 'Stop PostgreSQL', explanation: 'The data stays where it is.', when: withPostgres },
} as const

const startPlanSchema = z.strictObject({
  ...common,
  /** Instances exist, but PostgreSQL's data is gone, and the operator asked for an empty PostgreSQL. */
  newData: z.boolean().optional(),
  /** Marks the new data, so that undo removes it and nothing else. Absent if no data is missing. */
  token: z.uuid().optional(),
  /** Afterwards nothing is left stopped. */
  complete: z.boolean(),
  /** Stopped together with the services, and started again after them. */
  instances: z.array(nameSchema),
})
export type InfrastructureStartPlan = Readonly<z.infer<typeof startPlanSchema>>

/** Converts a plan of version 1 or 2: always both services, or PostgreSQL alone where there is no PgBouncer. */
export const earlierStartPlan = z
  .strictObject({ driver: common.driver, pooled: z.boolean(), ran: ranSchema })
  .transform(({ driver, pooled, ran }): InfrastructureStartPlan => {
    const services: ServiceName[] = pooled ? [...serviceNames] : ['postgres']
    return { driver, ran, services, complete: true, instances: [] }
  })

export const infrastructureStartJob = defineJob({
  kind: 'infrastructure-start',
  version: 3,
  input: z.object({
    service,
    /** Also start the instances that were stopped together with the services. */
    instances: z.boolean().default(true),
    /** If PostgreSQL's data is gone although instances exist, create an empty one. Existing data is never touched. */
    newData: z.boolean().optional(),
  }),
  plan: startPlanSchema,
  steps: {
    ...bringsUp,
    'start-instances': {
      title: 'Start the instances that were stopped first',
      explanation: 'In a separate job that continues on its own.',
      when: ({ instances }) => instances.length > 0,
    },
  },
  recovery: 'resume',
  about: () => things.infrastructure,
  // It doesn't own the infrastructure: an operation that got stuck because PostgreSQL went down must not block its
  // restart.
  claims: () => [uses(things.infrastructure), owns(things.services)],
  again: ({ only }) => ({ service: only }),
  words: words('Start', 'Starting', 'is running'),
  cancel: undoesAll,
  space: spareBytes / 2,
  prints: true,
})

/** Stopping it ends what other operations do with it; so does a restart. */
const ownsAll = [owns(things.infrastructure), owns(things.services)]

const stopPlanSchema = z.strictObject({
  ...common,
  /** The running instances to be stopped first. */
  instances: z.array(z.strictObject({ name: nameSchema, port: z.int() })),
})
export type InfrastructureStopPlan = Readonly<z.infer<typeof stopPlanSchema>>

/** Converts a plan of version 1: always both services, and no instances. */
export const earlierStopPlan = z
  .strictObject({ driver: common.driver, ran: ranSchema })
  .transform((plan): InfrastructureStopPlan => ({ ...plan, services: [...serviceNames], instances: [] }))

export const infrastructureStopJob = defineJob({
  kind: 'infrastructure-stop',
  version: 2,
  input: z.object({
    service,
    /** Stop the running instances first; the next start of the infrastructure starts them again. */
    stopInstances: z.boolean().default(false),
  }),
  plan: stopPlanSchema,
  steps: {
    'stop-instances': {
      title: 'Stop the running instances',
      explanation: 'Four at a time. They are started again with the infrastructure.',
      when: ({ instances }) => instances.length > 0,
    },
    ...takesDown,
  },
  recovery: 'resume',
  about: () => things.infrastructure,
  claims: ({ instances }) => [
    ...ownsAll,
    ...instances.flatMap(({ name, port }) => [owns(things.instance(name)), owns(things.port(port))]),
  ],
  again: ({ only, instances }) => ({ service: only, stopInstances: instances.length > 0 }),
  guards: ({ service: only }, known) => cutOff(known, only).map(it => it.name),
  words: words('Stop', 'Stopping', 'is stopped'),
  cancel: undoesAll,
})

const restartPlanSchema = z.strictObject(common)
export type InfrastructureRestartPlan = Readonly<z.infer<typeof restartPlanSchema>>

export const infrastructureRestartJob = defineJob({
  kind: 'infrastructure-restart',
  version: 1,
  input: z.object({ service }),
  plan: restartPlanSchema,
  steps: { ...takesDown, ...bringsUp },
  recovery: 'resume',
  about: () => things.infrastructure,
  claims: () => ownsAll,
  again: ({ only }) => ({ service: only }),
  words: words('Restart', 'Restarting', 'is running again'),
  cancel: { meaning: 'What was running before is started again.', confirm: 'Cancel the restart' },
  space: spareBytes / 2,
  prints: true,
})

const changedValues = z.record(z.string(), z.number().nullable())

const settingsPlanSchema = z.strictObject({
  driver: common.driver,
  /** The one whose settings change. */
  of: serviceSchema,
  /** The services whose configuration must be rewritten: those that run, and `of` if it should. */
  services: z.array(serviceSchema),
  /** Those of them that are restarted. The others reload it, if they are running. */
  restarts: z.array(serviceSchema),
  ran: ranSchema,
  /** Settings of the workspace by key; null: the default. */
  before: changedValues,
  after: changedValues,
})
export type InfrastructureSettingsPlan = Readonly<z.infer<typeof settingsPlanSchema>>

const restarted =
  (name: ServiceName) =>
  ({ restarts }: InfrastructureSettingsPlan): boolean =>
    restarts.includes(name)
const applied =
  (name: ServiceName) =>
  ({ services, ran }: InfrastructureSettingsPlan): boolean =>
    services.includes(name) && ran[name]

export const infrastructureSettingsJob = defineJob({
  kind: 'infrastructure-settings',
  version: 1,
  input: z.object({
    service: serviceSchema,
    /** By key, e.g. `postgres.maxConnections`. Null: back to the default. */
    values: changedValues,
  }),
  plan: settingsPlanSchema,
  steps: {
    'stop-pgbouncer': { ...takesDown['stop-pgbouncer'], when: restarted('pgbouncer') },
    'stop-postgres': { ...takesDown['stop-postgres'], when: restarted('postgres') },
    'write-settings': { title: 'Record the settings', explanation: 'In settings.json.' },
    'provision-postgres': { ...bringsUp['provision-postgres'], title: 'Configure PostgreSQL' },
    'start-postgres': {
      title: 'Apply them to PostgreSQL',
      explanation: 'Done when it answers a query.',
      when: applied('postgres'),
    },
    'secure-postgres': { ...bringsUp['secure-postgres'], when: restarted('postgres') },
    'provision-pgbouncer': { ...bringsUp['provision-pgbouncer'], title: 'Configure PgBouncer' },
    'start-pgbouncer': {
      title: 'Apply them to PgBouncer',
      explanation: 'Done when it passes a query to PostgreSQL.',
      when: applied('pgbouncer'),
    },
  },
  recovery: 'resume',
  about: () => things.infrastructure,
  claims: () => ownsAll,
  words: ({ plan }) => {
    const what = plan ? `the settings of ${serviceTitle[plan.of]}` : 'the settings of the infrastructure'
    return {
      asking: `Change ${what}`,
      running: `Changing ${what}`,
      done: `${capital(what)} were changed`,
    }
  },
  cancel: {
    meaning: 'The old settings are put back, and what was running is started with them.',
    confirm: 'Put them back',
  },
  space: spareBytes / 2,
  prints: true,
})

export const infrastructureJobs = [
  infrastructureStartJob,
  infrastructureStopJob,
  infrastructureRestartJob,
  infrastructureSettingsJob,
] as const

/** The running instances that can't reach their databases while the service is stopped. @param only absent: both */
export const cutOff = (known: KnownInstances, only?: ServiceName): readonly InstanceView[] =>
  runningOf(known).filter(it => only !== 'pgbouncer' || it.pooled)
