/** Whether the outcome of a job on the infrastructure still says something about it. */
import { serviceNames, type InfrastructureStatus } from '../../../shared/infrastructure'
import { infrastructureRestartJob, infrastructureStartJob } from '../../../shared/jobs/infrastructure'
import { planOf } from '../../../shared/jobs/words'
import type { OperationState } from '../../../shared/operation'

/** @param operation a settled one */
export function isOutdated(operation: OperationState, now: InfrastructureStatus): boolean {
  const states = serviceNames.map(it => now[it].state)
  if (operation.phase === 'succeeded') return states.some(it => it === 'restarting' || it === 'failed')
  const job = [infrastructureStartJob, infrastructureRestartJob].find(it => it.kind === operation.kind)
  if (!job) return false
  const driver = planOf(job, operation)?.driver
  const isUp = states.every(it => it === 'running' || it === 'unavailable')
  // Another driver was chosen since; or they were started since, e.g. by the supervisor.
  return driver !== now.driver || (job === infrastructureStartJob && isUp)
}
