/** What maintenance needs from other rooms. */
import { databaseNames } from '../../shared/instance'
import { problem } from '../../shared/problem'
import type { Login } from '../infrastructure/connection'
import type { Databases } from '../infrastructure/databases'
import type { Infrastructure } from '../infrastructure/infrastructure'
import { findOwn, type LifecycleServices } from '../instances/lifecycle/target'
import type { Space } from '../instances/space'
import type { Operations } from '../operations/engine'

export interface MaintenanceServices extends Pick<LifecycleServices, 'paths' | 'configs' | 'ownership'> {
  readonly infrastructure: Pick<Infrastructure, 'admin' | 'server' | 'status'>
  readonly databases: Pick<Databases, 'requireOwn'>
  readonly space: Pick<Space, 'require'>
  readonly operations: Pick<Operations, 'list' | 'start' | 'cancel' | 'rested'>
}

/**
 * The instance's own login to its database, not through PgBouncer.
 * @throws Problem `instance-unknown`, `instance-foreign`, `database-foreign`, `postgres-…`
 */
export async function tenantLogin(services: MaintenanceServices, name: string): Promise<Login> {
  const { config } = await findOwn(services, name)
  const { database, role } = databaseNames(name)
  await services.databases.requireOwn({ database, role })
  return {
    ...(await services.infrastructure.server('postgres')),
    user: role,
    database,
    password: config.database.password,
  }
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
