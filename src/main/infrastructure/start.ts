/** Starts PostgreSQL, then PgBouncer, creating what is missing. Undo leaves services running that ran before. */
import type { ServiceName } from '../../shared/infrastructure'
import { infrastructureStartJob, type InfrastructureStartPlan } from '../../shared/jobs/infrastructure'
import { wordsOf } from '../../shared/jobs/words'
import { things } from '../../shared/things'
import type { Operations } from '../operations/engine'
import { implement, unchangedSince, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import type { DriverContext } from './drivers/driver'
import type { Infrastructure, InfrastructureUser } from './infrastructure'

export const subjectContradiction = (_plan: unknown, subject: string): string | undefined =>
  subject === things.infrastructure ? undefined : `its subject is ${JSON.stringify(subject)}.`

/** The open operations that hold the infrastructure. */
export const infrastructureUsers = (operations: Operations): InfrastructureUser[] =>
  operations.holders(things.infrastructure).map(it => ({
    text: wordsOf(it).asking,
    changesIt: it.claims.some(({ on }) => on === things.services),
  }))

type StartStep = StepActions<InfrastructureStartPlan>

export const infrastructureStart = (infrastructure: Infrastructure): AnyOperation =>
  implement(infrastructureStartJob, {
    plan: async () => {
      const { driver, pooled, postgres, pgbouncer } = await infrastructure.status()
      return {
        driver,
        pooled,
        ran: { postgres: postgres.state === 'running', pgbouncer: pgbouncer.state === 'running' },
      }
    },
    adopt: unchangedSince(1),
    contradiction: subjectContradiction,
    steps: {
      'provision-postgres': provisionPostgres(infrastructure),
      'start-postgres': startPostgres(infrastructure),
      'secure-postgres': securePostgres(infrastructure),
      'provision-pgbouncer': provisionPgbouncer(infrastructure),
      'start-pgbouncer': startPgbouncer(infrastructure),
    },
  })

const provisionPostgres = (infrastructure: Infrastructure): StartStep => ({
  do: async context => {
    await infrastructure.settle(context.plan.driver)
    await infrastructure.provision(context.plan.driver, 'postgres', driverContext(context))
  },
  verify: ({ plan }) => infrastructure.provisioned(plan.driver, 'postgres'),
})

const startPostgres = (infrastructure: Infrastructure): StartStep => ({
  do: context => infrastructure.start(context.plan.driver, 'postgres', driverContext(context)),
  verify: async () => (await infrastructure.status()).postgres.state === 'running',
  undo: async context => {
    if (!context.plan.ran.postgres) await stopUnused(infrastructure, 'postgres', context)
  },
})

/** Reverses a start, unless another operation needs the service by now. */
async function stopUnused(
  infrastructure: Infrastructure,
  service: ServiceName,
  context: Context<InfrastructureStartPlan>,
): Promise<void> {
  const users = infrastructure.users().filter(it => !it.changesIt)
  if (users.length > 0) return context.report({ text: `Left running for: ${users.map(it => it.text).join(', ')}` })
  await infrastructure.stop(context.plan.driver, service, driverContext(context))
}

const securePostgres = (infrastructure: Infrastructure): StartStep => ({
  async do({ plan }) {
    await infrastructure.secure(plan.driver)
    if (!plan.pooled) await infrastructure.want(true)
  },
  verify: async ({ plan }) => (await infrastructure.secured()) && (plan.pooled || (await infrastructure.wanted())),
})

const provisionPgbouncer = (infrastructure: Infrastructure): StartStep => ({
  do: context => infrastructure.provision(context.plan.driver, 'pgbouncer', driverContext(context)),
  verify: ({ plan }) => infrastructure.provisioned(plan.driver, 'pgbouncer'),
})

const startPgbouncer = (infrastructure: Infrastructure): StartStep => ({
  do: async context => {
    await infrastructure.start(context.plan.driver, 'pgbouncer', driverContext(context))
    context.report({ text: 'Checking the pools of running instances' })
    await infrastructure.healPools()
    await infrastructure.want(true)
  },
  verify: async () => (await infrastructure.status()).pgbouncer.state === 'running' && (await infrastructure.wanted()),
  undo: async context => {
    if (!context.plan.ran.pgbouncer) await stopUnused(infrastructure, 'pgbouncer', context)
  },
})

/** The part of a step's context that a driver gets. */
export const driverContext = (context: Pick<Context<unknown>, 'signal' | 'report' | 'output'>): DriverContext => ({
  signal: context.signal,
  report: text => context.report({ text }),
  output: chunk => context.output(chunk),
})
