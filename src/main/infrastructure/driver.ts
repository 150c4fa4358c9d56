/**
 * What runs PostgreSQL and PgBouncer. A driver knows containers or child processes, and no SQL beyond readiness;
 * what is set up inside (roles, pg_hba, auth_query) is in postgres.ts and pgbouncer.ts and is the same for all.
 */
import type { DriverKind, DriverOption, ServiceName, ServiceStatus } from '../../shared/infrastructure'

export interface DriverContext {
  readonly signal: AbortSignal
  /** One line of plain text on what happens now. */
  report(text: string): void
  output(chunk: string): void
}

export interface Driver {
  readonly kind: DriverKind
  /** Looks whether this driver works here; never throws, never changes anything. */
  detect(): Promise<DriverOption>
  /** Makes what is missing (image, container, cluster, configuration). Safe to repeat. */
  provision(service: ServiceName, context: DriverContext): Promise<void>
  /** Starts and returns when it answers a real query. Safe to repeat. */
  start(service: ServiceName, context: DriverContext): Promise<void>
  stop(service: ServiceName, context: DriverContext): Promise<void>
  /** Derived from the world, never stored; within 2 s. */
  status(service: ServiceName): Promise<ServiceStatus>
}
