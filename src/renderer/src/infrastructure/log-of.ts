import type { ServiceName } from '../../../shared/infrastructure'

/** The address of a service's log, on the infrastructure's page. */
export const logOf = (service: ServiceName): string => `/infrastructure/${service}`
