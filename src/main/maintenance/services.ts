/** What maintenance needs from other rooms. */
import { problem } from '../../shared/problem'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Space } from '../instances/space'
import type { TenantLoginServices } from '../instances/tenant-login'
import type { Operations } from '../operations/engine'

export interface MaintenanceServices extends TenantLoginServices {
  readonly infrastructure: Pick<Infrastructure, 'admin' | 'server' | 'status'>
  readonly space: Pick<Space, 'require'>
  readonly operations: Pick<Operations, 'list' | 'start' | 'cancel' | 'rested'>
}

/** @throws Problem `infrastructure-stopped` */
export async function requirePostgres({ infrastructure }: Pick<MaintenanceServices, 'infrastructure'>): Promise<void> {
  if ((await infrastructure.status()).postgres.state === 'running') return
  throw problem({
    code: 'infrastructure-stopped',
    message: 'Maintenance needs PostgreSQL, which isn’t running.',
    hint: 'Start the infrastructure, then try again.',
    action: 'start-infrastructure',
  })
}
