/**
 * Stops services and starts them again, creating anew what has changed in between (an image, a setting). Interrupted by
 * a crash, it continues. Turned back, it starts what was running before, unless that can't be started any more.
 */
import { infrastructureRestartJob, type InfrastructureRestartPlan } from '../../shared/jobs/infrastructure'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import type { Infrastructure } from './infrastructure'
import { bringUpSteps, ranIn, servicesFor, subjectContradiction } from './start'
import { stopPostgresToRestart, stopService } from './stop'

export const infrastructureRestart = (infrastructure: Infrastructure): AnyOperation => {
  const bringUp = bringUpSteps<InfrastructureRestartPlan>(infrastructure)
  return implement(infrastructureRestartJob, {
    plan: async ({ service }) => {
      const status = await infrastructure.status()
      return {
        driver: status.driver,
        only: service,
        services: servicesFor(service, status),
        ran: ranIn(status),
      }
    },
    contradiction: subjectContradiction,
    steps: {
      ...bringUp,
      // After a crash, it may be running while queries are still held.
      'start-postgres': { ...bringUp['start-postgres'], verify: () => Promise.resolve(false) },
      'stop-pgbouncer': stopService(infrastructure, 'pgbouncer'),
      'stop-postgres': stopPostgresToRestart(infrastructure),
    },
  })
}
