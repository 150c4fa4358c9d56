/**
 * A service that should be running, but whose container or folder was removed, without any instance's data. Only the
 * operator can know why.
 */
import type { DriverKind, ServiceStatus } from '../../shared/infrastructure'
import type { Problem } from '../../shared/problem'
import type { Service } from './services/service'

/** @param status of a service that should be running @returns the status, `failed` if it was removed */
export function orGone(status: ServiceStatus, kind: DriverKind, service: Service): ServiceStatus {
  if (status.state !== 'absent') return status
  return { ...status, state: 'failed', problem: kind === 'embedded' ? folderGone(service) : containerGone(service) }
}

const containerGone = ({ title, container }: Service): Problem => ({
  code: 'container-missing',
  message: `${title} should be running, but its container is gone.`,
  cause: 'It was removed by hand, or when stopped containers were cleaned up.',
  hint: `Start the infrastructure to create it again.${container.data === undefined ? '' : ' The data in its volume is kept and used again.'}`,
  action: 'start-infrastructure',
})

const folderGone = ({ name, title }: Service): Problem => ({
  code: 'service-folder-missing',
  message: `${title} should be running, but its folder is gone.`,
  cause: `There is nothing in .instance-manager/embedded/${name}.`,
  hint: 'Start the infrastructure to create it again.',
  action: 'start-infrastructure',
})
