/** Starts PostgreSQL, then PgBouncer, and makes first what is missing. Undone, it leaves running what ran before. */
import type { ServiceName } from '../../shared/infrastructure'
import { infrastructureStartJob, type InfrastructureStartPlan } from '../../shared/jobs/infrastructure'
import { things } from '../../shared/things'
import type { Operations } from '../operations/engine'
import { implement, unchangedSince, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
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

type StartStep = StepActions<InfrastructureStartPlan>

export const infrastructureStart = (to: Infrastructure): AnyOperation =>
  implement(infrastructureStartJob, {
    plan: async () => {
      const { driver, pooled, postgres, pgbouncer } = await to.status()
      return {
        driver,
        pooled,
        ran: { postgres: postgres.state === 'running', pgbouncer: pgbouncer.state === 'running' },
      }
    },
    adopt: unchangedSince(1),
    contradiction: subjectContradiction,
    steps: {
      'provision-postgres': provisionPostgres(to),
      'start-postgres': startPostgres(to),
      'secure-postgres': securePostgres(to),
      'provision-pgbouncer': provisionPgbouncer(to),
      'start-pgbouncer': startPgbouncer(to),
    },
  })

const provisionPostgres = (to: Infrastructure): StartStep => ({
  do: async context => {
    await to.settle(context.plan.driver)
    await to.provision(context.plan.driver, 'postgres', driverContext(context))
  },
  verify: ({ plan }) => to.provisioned(plan.driver, 'postgres'),
})

const startPostgres = (to: Infrastructure): StartStep => ({
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
  async do({ plan }) {
    await to.secure(plan.driver)
    if (!plan.pooled) await to.want(true)
  },
  verify: async ({ plan }) => (await to.secured()) && (plan.pooled || (await to.wanted())),
})

const provisionPgbouncer = (to: Infrastructure): StartStep => ({
  do: context => to.provision(context.plan.driver, 'pgbouncer', driverContext(context)),
  verify: ({ plan }) => to.provisioned(plan.driver, 'pgbouncer'),
})

const startPgbouncer = (to: Infrastructure): StartStep => ({
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
