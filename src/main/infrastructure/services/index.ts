/** All services, each after those it needs. */
import { serviceNames, type ServiceName } from '../../../shared/infrastructure'
import { pgbouncer } from './pgbouncer'
import { postgres } from './postgres'
import type { Service } from './service'

const byName: Readonly<Record<ServiceName, Service>> = { postgres, pgbouncer }

export const serviceOf = (name: ServiceName): Service => byName[name]
export const allServices: readonly Service[] = serviceNames.map(serviceOf)
