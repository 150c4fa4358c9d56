/** The shared PostgreSQL and PgBouncer, as everyone sees them. */
import type { Problem } from './problem'

/** All drivers, the preferred ones first, and what people call them. */
export const driverTitle = { podman: 'Podman', docker: 'Docker', embedded: 'Embedded' } as const
export type DriverKind = keyof typeof driverTitle
export const driverKinds = Object.keys(driverTitle) as DriverKind[]

/** All services, each after those that it needs, and what people call them. */
export const serviceTitle = { postgres: 'PostgreSQL', pgbouncer: 'PgBouncer' } as const
export type ServiceName = keyof typeof serviceTitle
export const serviceNames = Object.keys(serviceTitle) as ServiceName[]

/**
 * `absent`: not made yet. `unavailable`: cannot be had on this machine (PgBouncer only). `restarting`: it had ended,
 * and is started again. `not-adopted`: it runs, was made elsewhere, and does not know Instance Manager's roles yet: the
 * next start of the infrastructure makes them.
 */
export type ServiceState =
  'running' | 'not-adopted' | 'starting' | 'restarting' | 'stopping' | 'stopped' | 'failed' | 'absent' | 'unavailable'
export interface ServiceStatus {
  readonly name: ServiceName
  readonly state: ServiceState
  /** On 127.0.0.1. */
  readonly port: number
  /** e.g. `17.2`; absent until it has run. */
  readonly version?: string
  /** Of `restarting`: the next attempt, or the one under way; from 1. */
  readonly attempt?: number
  readonly problem?: Problem
}

/** A state in words, e.g. `restarting, attempt 3`. */
export const stateWords = (
  { state, attempt }: Pick<ServiceStatus, 'state' | 'attempt'>,
  words: Readonly<Partial<Record<ServiceState, string>>> = {},
): string => (words[state] ?? state) + (attempt === undefined ? '' : `, attempt ${attempt}`)

/** Whether a driver can be used here, and why (not). */
export interface DriverOption {
  readonly kind: DriverKind
  readonly available: boolean
  readonly reason: string
}

export interface InfrastructureStatus {
  readonly driver: DriverKind
  /** Why this driver was chosen; shown beside it. */
  readonly reason: string
  readonly postgres: ServiceStatus
  readonly pgbouncer: ServiceStatus
  /** False when PgBouncer cannot be had: instances then use the direct URL. */
  readonly pooled: boolean
  /** Found, not made by us: containers that the CLI left. They are used as they are. */
  readonly adopted: boolean
  /** What of the secure set-up is missing, e.g. `trust` in an adopted container's pg_hba.conf. */
  readonly warnings: readonly Problem[]
  /** False once an instance exists: the driver can then no longer be changed. */
  readonly canChangeDriver: boolean
}
