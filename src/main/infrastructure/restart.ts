/**
 * Stops services and starts them again, recreating what has changed in between (an image, a setting). Continues after a
 * crash. Undo leaves running what ran before, if that can still be started.
 */
import type { ServiceName } from '../../shared/infrastructure'
import { infrastructureRestartJob, type InfrastructureRestartPlan } from '../../shared/jobs/infrastructure'
import { implement } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import type { Infrastructure } from './infrastructure'
import { bringUpSteps, driverContext, ranIn, servicesFor, subjectContradiction } from './start'
import { stopPostgresToRestart, stopService } from './stop'

export const infrastructureRestart = (infrastructure: Infrastructure): AnyOperation => {
  const bringUp = bringUpSteps<InfrastructureRestartPlan>(infrastructure)
  return implement(infrastructureRestartJob, {
    plan: async ({ service }) => {
      const status = await infrastructure.status()
      const services = servicesFor(service, status)
      if (services.includes('postgres')) await infrastructure.requireData(status.driver)
      return {
        driver: status.driver,
        only: service,
        services,
        ran: ranIn(status),
      }
    },
    contradiction: subjectContradiction,
    steps: {
      ...bringUp,
      // After a crash, it may be running while queries are still held.
      'start-postgres': {
        ...bringUp['start-postgres'],
        verify: () => Promise.resolve(false),
        undo: stopAgain(infrastructure, 'postgres'),
      },
      'start-pgbouncer': { ...bringUp['start-pgbouncer'], undo: stopAgain(infrastructure, 'pgbouncer') },
      'stop-pgbouncer': stopService(infrastructure, 'pgbouncer'),
      'stop-postgres': stopPostgresToRestart(infrastructure),
    },
  })
}

/** What wasn't running stays stopped. After a failure, the supervisor keeps trying, if it did before. */
const stopAgain =
  (infrastructure: Infrastructure, service: ServiceName) =>
  async (context: Context<InfrastructureRestartPlan>): Promise<void> => {
    if (context.plan.ran[service]) return
    if (context.turned !== 'failed') await infrastructure.wanted.set([service], false)
    await infrastructure.stop(context.plan.driver, service, driverContext(context))
  }
