/** Stops PgBouncer, then PostgreSQL. Undone, what ran before runs again. */
import { z } from 'zod'
import { driverKinds, type ServiceName } from '../../shared/infrastructure'
import { things } from '../../shared/things'
import { owns } from '../operations/claims'
import type { Operation, Step } from '../operations/operation'
import type { Infrastructure } from './infrastructure'
import { driverContext, ranSchema, subjectContradiction } from './start'

const planSchema = z.strictObject({ driver: z.enum(driverKinds), ran: ranSchema })
export type InfrastructureStopPlan = z.infer<typeof planSchema>

export const stopInfrastructure = (to: Infrastructure): Operation<void, InfrastructureStopPlan> => ({
  kind: 'infrastructure-stop',
  version: 1,
  recovery: 'resume',
  planSchema,
  about: () => things.infrastructure,
  claims: () => [owns(things.infrastructure), owns(things.services)],
  contradiction: subjectContradiction,
  plan: async () => {
    const { driver, postgres, pgbouncer } = await to.status()
    return { driver, ran: { postgres: postgres.state === 'running', pgbouncer: pgbouncer.state === 'running' } }
  },
  steps: () => [stop(to, 'pgbouncer'), stop(to, 'postgres')],
})

const stop = (to: Infrastructure, service: ServiceName): Step<InfrastructureStopPlan> => ({
  name: `stop-${service}`,
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
