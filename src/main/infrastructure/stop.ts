/** Stops PgBouncer, then PostgreSQL. Undo restarts those that were running. */
import type { ServiceName } from '../../shared/infrastructure'
import { infrastructureStopJob, type InfrastructureStopPlan } from '../../shared/jobs/infrastructure'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import type { Infrastructure } from './infrastructure'
import { driverContext, subjectContradiction } from './start'

export const infrastructureStop = (infrastructure: Infrastructure): AnyOperation =>
  implement(infrastructureStopJob, {
    plan: async () => {
      const { driver, postgres, pgbouncer } = await infrastructure.status()
      return { driver, ran: { postgres: postgres.state === 'running', pgbouncer: pgbouncer.state === 'running' } }
    },
    contradiction: subjectContradiction,
    steps: { 'stop-pgbouncer': stop(infrastructure, 'pgbouncer'), 'stop-postgres': stop(infrastructure, 'postgres') },
  })

const stop = (infrastructure: Infrastructure, service: ServiceName): StepActions<InfrastructureStopPlan> => ({
  do: async context => {
    await infrastructure.want(false) // first, so that the supervisor doesn't restart it
    await infrastructure.stop(context.plan.driver, service, driverContext(context))
  },
  verify: async () =>
    !(await infrastructure.wanted()) &&
    !['running', 'not-adopted', 'starting', 'stopping'].includes((await infrastructure.status())[service].state),
  undo: async context => {
    if (!context.plan.ran[service]) return
    await infrastructure.start(context.plan.driver, service, driverContext(context))
    await infrastructure.want(true)
  },
})
