/** An instance's own login to its database, for whatever must have no more rights than the instance has. */
import { databaseNames } from '../../shared/instance'
import type { Login } from '../infrastructure/connection'
import type { Databases } from '../infrastructure/databases'
import type { Infrastructure } from '../infrastructure/infrastructure'
import { findOwn, type LifecycleServices } from './lifecycle/target'

export interface TenantLoginServices extends Pick<LifecycleServices, 'paths' | 'configs' | 'ownership'> {
  readonly infrastructure: Pick<Infrastructure, 'server'>
  readonly databases: Pick<Databases, 'requireOwn'>
}

/**
 * Directly, not through PgBouncer.
 * @throws Problem `instance-unknown`, `instance-foreign`, `database-foreign`, `postgres-…`
 */
export async function tenantLogin(services: TenantLoginServices, name: string): Promise<Login> {
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
