/** The shared PostgreSQL and PgBouncer, as every client sees them. */
import type { Problem } from './problem'

/** All drivers with their display names, in order of preference. */
export const driverTitle = { podman: 'Podman', docker: 'Docker', embedded: 'Embedded' } as const
export type DriverKind = keyof typeof driverTitle
export const driverKinds = Object.keys(driverTitle) as DriverKind[]

/** All services with their display names, each after the ones it depends on. */
export const serviceTitle = { postgres: 'PostgreSQL', pgbouncer: 'PgBouncer' } as const
export type ServiceName = keyof typeof serviceTitle
export const serviceNames = Object.keys(serviceTitle) as ServiceName[]

/**
 * `absent`: not created yet. `unavailable`: not available on this machine (PgBouncer only). `restarting`: it exited and
 * is being restarted. `not-adopted`: it is running but was created elsewhere and lacks Instance Manager's roles; the
 * next start of the infrastructure creates them.
 */
export type ServiceState =
  'running' | 'not-adopted' | 'starting' | 'restarting' | 'stopping' | 'stopped' | 'failed' | 'absent' | 'unavailable'
export interface ServiceStatus {
  readonly name: ServiceName
  readonly state: ServiceState
  /** TCP port on 127.0.0.1. */
  readonly port: number
  /** e.g. `17.2`; absent until it has run once. */
  readonly version?: string
  /** Only while `restarting`: the current or next attempt, counted from 1. */
  readonly attempt?: number
  readonly problem?: Problem
}

/** A service's details, shown while someone looks at it. Whatever is unknown or doesn't apply is absent. */
export interface ServiceDetails {
  /** Milliseconds that a query took, after the login. */
  readonly answersIn?: number | undefined
  /** Its container's image, or its program's path. */
  readonly program?: string | undefined
  /** The name of its container's image means a newer one by now, which a restart takes. */
  readonly newerImage?: boolean | undefined
  /** Milliseconds since 1970. */
  readonly startedAt?: number | undefined
  /**
   * How often it was restarted automatically: by the container engine, and by the supervisor since the workspace was
   * opened.
   */
  readonly restarts?: number | undefined
  /** Memory of its processes, in bytes. */
  readonly memory?: number | undefined
  /** The volume or folder of its data. */
  readonly data?: string | undefined
  /** Bytes: all databases, and the log of changes (WAL). */
  readonly dataBytes?: number | undefined
  /** The settings that matter, by their own names. */
  readonly settings: readonly ServiceSetting[]
}
export interface ServiceSetting {
  readonly name: string
  readonly value: string
}
export type InfrastructureDetails = Readonly<Record<ServiceName, ServiceDetails>>

const serviceStates: Readonly<Partial<Record<ServiceState, string>>> = {
  'not-adopted': 'not adopted yet',
  absent: 'not set up',
  unavailable: 'not available',
}

/** A state in words, e.g. `restarting, attempt 3`. */
export const stateWords = (
  { state, attempt }: Pick<ServiceStatus, 'state' | 'attempt'>,
  words: Readonly<Partial<Record<ServiceState, string>>> = serviceStates,
): string => (words[state] ?? state) + (attempt === undefined ? '' : `, attempt ${attempt}`)

/** Whether a driver can be used here, and why or why not. */
export interface DriverOption {
  readonly kind: DriverKind
  readonly available: boolean
  /** In a sentence or two, for lists of drivers. */
  readonly reason: string
  /** What is wrong and how to fix it, if it could be used here. */
  readonly problem?: Problem
}

/** Why this driver is used; shown beside it. */
export function whyDriver(kind: DriverKind, options: readonly DriverOption[]): string {
  if (kind !== 'embedded') return options.find(it => it.kind === kind)?.reason ?? ''
  const engines = options.filter(it => it.kind !== 'embedded')
  const working = engines.find(it => it.available)
  return working
    ? `You chose Embedded. ${driverTitle[working.kind]} is also available.`
    : `No container engine works here. ${engines.map(it => it.reason).join(' ')}`
}

/** The PostgreSQL that a move left behind, stopped. */
export interface FormerPostgres {
  readonly driver: DriverKind
  readonly container: string
  /** e.g. `15.18` */
  readonly version: string
  /** Size of its databases at the time, in bytes. */
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface InfrastructureStatus {
  readonly driver: DriverKind
  readonly postgres: ServiceStatus
  readonly pgbouncer: ServiceStatus
  /** False if PgBouncer isn't available: instances then use the direct URL. */
  readonly pooled: boolean
  /** The services whose containers were created elsewhere, e.g. by the earlier CLI. They are used as they are. */
  readonly adopted: readonly ServiceName[]
  /** Security measures that are missing, e.g. because an adopted container's pg_hba.conf says `trust`. */
  readonly warnings: readonly Problem[]
  /** False once an instance exists. */
  readonly canChangeDriver: boolean
  /** Instances that were stopped together with a service, and are started again with it. */
  readonly instances: readonly string[]
  /** Kept since the last move, until it is removed. */
  readonly former?: FormerPostgres | undefined
}

/** A service in one of these states has been set up here, can't be used, and isn't about to be. */
const down: ReadonlySet<ServiceState> = new Set<ServiceState>(['stopped', 'failed', 'restarting'])

/** The service that keeps instances from their databases. @param pooled whether they use PgBouncer */
export const missingService = (
  { postgres, pgbouncer }: Pick<InfrastructureStatus, ServiceName>,
  pooled: boolean,
): ServiceStatus | undefined => [postgres, ...(pooled ? [pgbouncer] : [])].find(it => down.has(it.state))
