/** Starts PostgreSQL, then PgBouncer, and makes first what is missing. Undone, it leaves running what ran before. */
import { z } from 'zod'
import { driverKinds, type ServiceName } from '../../shared/infrastructure'
import { things } from '../../shared/things'
import { owns, uses } from '../operations/claims'
import type { Operations } from '../operations/engine'
import type { Context, Operation, Step } from '../operations/operation'
import type { DriverContext } from './drivers/driver'
import type { Infrastructure, InfrastructureUser } from './infrastructure'

export const subjectContradiction = (_plan: unknown, subject: string): string | undefined =>
  subject === things.infrastructure ? undefined : `its subject is ${JSON.stringify(subject)}.`

/** The open operations that have claimed it. */
export const infrastructureUsers = (operations: Operations): InfrastructureUser[] =>
  operations.holders(things.infrastructure).map(({ kind, subject, claims }) => ({
    text: `${kind} ${subject}`,
    changesIt: claims.some(({ on }) => on === things.services),
  }))

/** Which of them ran before. */
export const ranSchema = z.strictObject({ postgres: z.boolean(), pgbouncer: z.boolean() })
/** `pooled` false: PgBouncer can't be had. What ran before is not stopped by undo. */
const planSchema = z.strictObject({ driver: z.enum(driverKinds), pooled: z.boolean(), ran: ranSchema })
export type InfrastructureStartPlan = z.infer<typeof planSchema>
type StartStep = Step<InfrastructureStartPlan>

export const startInfrastructure = (to: Infrastructure): Operation<void, InfrastructureStartPlan> => ({
  kind: 'infrastructure-start',
  version: 2,
  recovery: 'resume',
  planSchema,
  about: () => things.infrastructure,
  // It doesn't own the infrastructure: an operation that got stuck because PostgreSQL ended must not keep it from being
  // started.
  claims: () => [uses(things.infrastructure), owns(things.services)],
  adopt: (version, plan) => (version === 1 ? (plan as InfrastructureStartPlan) : undefined), // it may have a step more
  contradiction: subjectContradiction,
  plan: async () => {
    const { driver, pooled, postgres, pgbouncer } = await to.status()
    return { driver, pooled, ran: { postgres: postgres.state === 'running', pgbouncer: pgbouncer.state === 'running' } }
  },
  steps: ({ pooled }) => [
    provisionPostgres(to),
    startPostgres(to),
    securePostgres(to),
    ...(pooled ? [provisionPgbouncer(to), startPgbouncer(to)] : []),
  ],
})

const provisionPostgres = (to: Infrastructure): StartStep => ({
  name: 'provision-postgres',
  do: async context => {
    await to.settle(context.plan.driver)
    await to.provision(context.plan.driver, 'postgres', driverContext(context))
  },
  verify: ({ plan }) => to.provisioned(plan.driver, 'postgres'),
})

const startPostgres = (to: Infrastructure): StartStep => ({
  name: 'start-postgres',
  do: context => to.start(context.plan.driver, 'postgres', driverContext(context)),
  verify: async () => (await to.status()).postgres.state === 'running',
  undo: async context => {
    if (!context.plan.ran.postgres) await stopUnused(to, 'postgres', context)
  },
})

/** Takes a start back, unless an operation needs the service by now. */
async function stopUnused(
  to: Infrastructure,
  service: ServiceName,
  context: Context<InfrastructureStartPlan>,
): Promise<void> {
  const users = to.users().filter(it => !it.changesIt)
  if (users.length > 0) return context.report({ text: `Left running for ${users.map(it => it.text).join(', ')}` })
  await to.stop(context.plan.driver, service, driverContext(context))
}

const securePostgres = (to: Infrastructure): StartStep => ({
  name: 'secure-postgres',
  async do({ plan }) {
    await to.secure(plan.driver)
    if (!plan.pooled) await to.want(true)
  },
  verify: async ({ plan }) => (await to.secured()) && (plan.pooled || (await to.wanted())),
})

const provisionPgbouncer = (to: Infrastructure): StartStep => ({
  name: 'provision-pgbouncer',
  do: context => to.provision(context.plan.driver, 'pgbouncer', driverContext(context)),
  verify: ({ plan }) => to.provisioned(plan.driver, 'pgbouncer'),
})

const startPgbouncer = (to: Infrastructure): StartStep => ({
  name: 'start-pgbouncer',
  do: async context => {
    await to.start(context.plan.driver, 'pgbouncer', driverContext(context))
    context.report({ text: 'Checking the pools of running instances' })
    await to.healPools()
    await to.want(true)
  },
  verify: async () => (await to.status()).pgbouncer.state === 'running' && (await to.wanted()),
  undo: async context => {
    if (!context.plan.ran.pgbouncer) await stopUnused(to, 'pgbouncer', context)
  },
})

/** What a driver is given of a step's context. */
export const driverContext = (context: Pick<Context<unknown>, 'signal' | 'report' | 'output'>): DriverContext => ({
  signal: context.signal,
  report: text => context.report({ text }),
  output: chunk => context.output(chunk),
})
