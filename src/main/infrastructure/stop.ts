/** Stops PgBouncer, then PostgreSQL. Undone, what ran before runs again. */
import type { DriverKind, ServiceName } from '../../shared/infrastructure'
import type { Operation, Step } from '../operations/operation'
import type { Infrastructure } from './infrastructure'
import { driverContext, infrastructureSubject } from './start'

export type InfrastructureStopPlan = { driver: DriverKind; ran: { postgres: boolean; pgbouncer: boolean } }

export const stopInfrastructure = (to: Infrastructure): Operation<void, InfrastructureStopPlan> => ({
  kind: 'infrastructure-stop', version: 1, recovery: 'resume',
  subject: () => infrastructureSubject,
  plan: async () => {
    to.requireIdle()
    const { driver, postgres, pgbouncer } = await to.status()
    return { driver, ran: { postgres: postgres.state === 'running', pgbouncer: pgbouncer.state === 'running' } }
  },
  steps: [stop(to, 'pgbouncer'), stop(to, 'postgres')],
})

const stop = (to: Infrastructure, service: ServiceName): Step<InfrastructureStopPlan> => ({
  name: `stop-${service}`,
  do: context => to.stop(context.plan.driver, service, driverContext(context)),
  verify: async () => !['running', 'starting', 'stopping'].includes((await to.status())[service].state),
  undo: async context => {
    if (context.plan.ran[service]) await to.start(context.plan.driver, service, driverContext(context))
  },
})
