/**
 * What runs PostgreSQL and PgBouncer. A driver knows containers or daemons; what is set up inside (roles, pg_hba,
 * look-up)
 * is in postgres.ts and pgbouncer.ts and is the same for all.
 */
import type { DriverKind, DriverOption, ServiceName, ServiceStatus } from '../../shared/infrastructure'
import { problem, type Problem } from '../../shared/problem'
import type { Settings } from '../../shared/settings'
import { portHolders } from '../system/proc'
import type { Run } from '../system/run'
import type { Login, Server } from './connection'
import { adminRole } from './postgres'
import { passwordOf, type Secrets } from './secrets'
import { tellingLines } from './words'

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
  /**
   * Makes what is missing (image, container, cluster, configuration, our role's password). Safe to repeat, also while
   * it runs.
   */
  provision(service: ServiceName, context: DriverContext): Promise<void>
  /** Whether there is nothing left for `provision` to make. */
  provisioned(service: ServiceName): Promise<boolean>
  /**
   * Starts and returns when it answers a real query of ours. Safe to repeat.
   * @throws Problem `port-taken`, `service-failed`, `service-slow`
   */
  start(service: ServiceName, context: DriverContext): Promise<void>
  /** Stops it in good order, by force after a while. Safe to repeat. */
  stop(service: ServiceName, context: DriverContext): Promise<void>
  /** The last lines of the service's own log; empty if there are none. Never throws. */
  lastWords(service: ServiceName): Promise<string>
  /** Where the engine reaches the service. @throws a Problem if what listens there cannot be it */
  server(service: ServiceName): Promise<Server>
  /** One look at both. Derived from the world, never stored; within 4 s; never throws. */
  status(): Promise<DriverStatus>
}

export interface DriverStatus extends Readonly<Record<ServiceName, ServiceStatus>> {
  /** Found and not made by us: then it is used as it is, never restarted for a change and never removed. */
  readonly adopted: Readonly<Record<ServiceName, boolean>>
  /** What it lacks of the secure or lasting set-up, as far as the driver can see it from outside. */
  readonly warnings: readonly Problem[]
  /** Where PostgreSQL's data lies on this machine, if that is known and not in the workspace. */
  readonly dataFolder?: string
  /**
   * The processes of all that is there, if it all runs: while they live, a look in full, which costs logins and
   * commands, can wait.
   */
  readonly alive?: readonly number[]
}

/** What every driver works with. */
export interface DriverServices {
  /** `state`: .instance-manager, 0700; `embedded`: the embedded driver's own folder in it. */
  readonly paths: { readonly root: string; readonly state: string; readonly embedded: string }
  readonly run: Run
  readonly settings: { read(): Promise<Settings> }
  readonly secrets: Secrets
}

/** Our role's login to PostgreSQL. */
export const adminLogin = async (driver: Pick<Driver, 'server'>, secrets: Secrets): Promise<Login> => ({
  ...(await driver.server('postgres')),
  user: adminRole,
  database: 'postgres',
  password: await passwordOf(secrets, 'infrastructure.admin'),
})

const titles = { postgres: 'PostgreSQL', pgbouncer: 'PgBouncer' } as const
export const title = (service: ServiceName): string => titles[service]

/** @throws Problem `port-taken`, which names the port's holder */
export async function requireFreePort(service: ServiceName, port: number): Promise<void> {
  const holders = await portHolders(port)
  if (holders.length === 0) return
  const who = holders
    .map(({ program, pid }) =>
      pid === undefined ? 'a process of another user' : `${program ?? 'an unnamed program'} (process ${pid})`,
    )
    .join(', ')
  throw problem({
    code: 'port-taken',
    message: `${title(service)} cannot have port ${port}: it is taken.`,
    cause: `It is held by ${who}.`,
    hint: `Stop that program, or give ${title(service)} another port in the settings (ports.${service}).`,
  })
}

/** It runs, answers, and does not know our roles yet. */
export const notAdopted = (service: ServiceName): Problem => ({
  code: 'not-adopted',
  message: `${title(service)} is running, but Instance Manager hasn’t been set up in it yet.`,
  cause: 'Its container was created elsewhere.',
  hint: 'Start the infrastructure: this adds the roles it needs and changes nothing else.',
  action: 'start-infrastructure',
})

/** @param cause as we see it @param log what the service itself has said: its telling lines become part of the cause */
export const serviceFailed = (service: ServiceName, cause: string, log: string) =>
  problem({
    code: 'service-failed',
    message: `${title(service)} did not start.`,
    cause: [cause, tellingLines(log)].filter(Boolean).join(' '),
    hint: 'See Details for its last log lines. Fix what they report, then start it again.',
    action: 'start-infrastructure',
    details: log.slice(-4000).trim() || undefined,
  })

export const serviceSlow = (service: ServiceName, seconds: number, log: string, error?: unknown) =>
  problem(
    {
      code: 'service-slow',
      message: `${title(service)} is running, but hasn’t answered for ${seconds} s.`,
      cause: error instanceof Error ? error.message : undefined,
      hint: 'See Details for its last log lines. Start it again: it may still be recovering.',
      action: 'start-infrastructure',
      details: log.slice(-4000).trim() || undefined,
    },
    error,
  )
