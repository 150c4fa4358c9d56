/** Starts PostgreSQL, then PgBouncer, and makes first what is missing. Undone, it leaves running what ran before. */
import { z } from 'zod'
import { driverKinds } from '../../shared/infrastructure'
import type { Context, Operation, Step } from '../operations/operation'
import type { DriverContext } from './driver'
import type { Infrastructure } from './infrastructure'

/** One open operation at a time on it. */
export const infrastructureSubject = 'infrastructure'

export const subjectContradiction = (_plan: unknown, subject: string): string | undefined =>
  (subject === infrastructureSubject ? undefined : `its subject is ${JSON.stringify(subject)}.`)

/** Which of them ran before. */
export const ranSchema = z.strictObject({ postgres: z.boolean(), pgbouncer: z.boolean() })
/** `pooled` false: PgBouncer cannot be had, and its steps do nothing. What ran before is not stopped by undo. */
const planSchema = z.strictObject({ driver: z.enum(driverKinds), pooled: z.boolean(), ran: ranSchema })
export type InfrastructureStartPlan = z.infer<typeof planSchema>
type StartStep = Step<InfrastructureStartPlan>

export const startInfrastructure = (to: Infrastructure): Operation<void, InfrastructureStartPlan> => ({
  kind: 'infrastructure-start', version: 1, recovery: 'resume', planSchema,
  subject: () => infrastructureSubject,
  contradiction: subjectContradiction,
  plan: async () => {
    const { driver, pooled, postgres, pgbouncer } = await to.status()
    return { driver, pooled, ran: { postgres: postgres.state === 'running', pgbouncer: pgbouncer.state === 'running' } }
  },
  steps: [
    provisionPostgres(to), startPostgres(to), securePostgres(to), provisionPgbouncer(to), startPgbouncer(to),
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
    if (!context.plan.ran.postgres) await to.stop(context.plan.driver, 'postgres', driverContext(context))
  },
})

const securePostgres = (to: Infrastructure): StartStep => ({
  name: 'secure-postgres',
  do: ({ plan }) => to.secure(plan.driver),
  verify: () => to.secured(),
})

const provisionPgbouncer = (to: Infrastructure): StartStep => ({
  name: 'provision-pgbouncer',
  do: async context => {
    if (context.plan.pooled) await to.provision(context.plan.driver, 'pgbouncer', driverContext(context))
  },
  verify: async ({ plan }) => !plan.pooled || await to.provisioned(plan.driver, 'pgbouncer'),
})

const startPgbouncer = (to: Infrastructure): StartStep => ({
  name: 'start-pgbouncer',
  do: async context => {
    if (context.plan.pooled) {
      await to.start(context.plan.driver, 'pgbouncer', driverContext(context))
      context.report({ text: 'Checking the pools of running instances' })
      await to.healPools()
    }
    await to.want(true)
  },
  verify: async ({ plan }) => (!plan.pooled || (await to.status()).pgbouncer.state === 'running') && await to.wanted(),
  undo: async context => {
    if (context.plan.pooled && !context.plan.ran.pgbouncer) await to.stop(context.plan.driver, 'pgbouncer', driverContext(context))
  },
})

/** What a driver is given of a step's context. */
export const driverContext = (context: Pick<Context<unknown>, 'signal' | 'report' | 'output'>): DriverContext => ({
  signal: context.signal,
  report: text => context.report({ text }),
  output: chunk => context.output(chunk),
})
