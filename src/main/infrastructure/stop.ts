/** Stops PgBouncer, then PostgreSQL. Undone, what ran before runs again. */
import type { ServiceName } from '../../shared/infrastructure'
import { infrastructureStopJob, type InfrastructureStopPlan } from '../../shared/jobs/infrastructure'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import type { Infrastructure } from './infrastructure'
import { driverContext, subjectContradiction } from './start'

export const infrastructureStop = (to: Infrastructure): AnyOperation =>
  implement(infrastructureStopJob, {
    plan: async () => {
      const { driver, postgres, pgbouncer } = await to.status()
      return { driver, ran: { postgres: postgres.state === 'running', pgbouncer: pgbouncer.state === 'running' } }
    },
    contradiction: subjectContradiction,
    steps: { 'stop-pgbouncer': stop(to, 'pgbouncer'), 'stop-postgres': stop(to, 'postgres') },
  })

const stop = (to: Infrastructure, service: ServiceName): StepActions<InfrastructureStopPlan> => ({
  do: async context => {
    await to.want(false) // first: from here on, the supervisor does not start it again
    await to.stop(context.plan.driver, service, driverContext(context))
  },
  verify: async () =>
    !(await to.wanted()) &&
    !['running', 'not-adopted', 'starting', 'stopping'].includes((await to.status())[service].state),
  undo: async context => {
    if (!context.plan.ran[service]) return
    await to.start(context.plan.driver, service, driverContext(context))
    await to.want(true)
  },
})
