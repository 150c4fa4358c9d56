/** The instances, for which the services run, as this room sees them. */
import type { Context } from '../operations/operation'
import type { Settings } from '../../shared/settings'
import type { PoolSizes } from './services/pgbouncer-config'
import type { PoolUser } from './pools'

export interface Tenants {
  /** Whether there are any: the driver then holds their data and can't be changed. */
  any(): Promise<boolean>
  /** Of every instance with a database here, those whose files can't be read too: a missing one's clients are cut. */
  pools(): Promise<PoolSizes>
  /** How many of PostgreSQL's connections running ones normally use, with these settings. */
  connections(settings: Settings): Promise<number>
  /** Called once PostgreSQL has been set up, to do what they need there. */
  secured(): Promise<void>
  /** Makes PgBouncer accept those again that it refused while PostgreSQL was down. */
  heal(): Promise<void>
  /** Those that are running. Copies that weren't adopted aren't ours to stop and are left out. */
  running(): Promise<readonly RunningTenant[]>
  /** The databases of all instances except copies that weren't adopted. */
  databases(): Promise<readonly TenantDatabase[]>
  /** What their `.env` files log in to on this machine: DATABASE_URL, then DIRECT_URL. Copies are left out. */
  logins(): Promise<readonly TenantLogins[]>
  /** Stops one, as its own job does. @throws as that */
  stop(name: string): Promise<void>
  /** Gets one running again, for undo: a failure is only reported. @returns whether its process runs */
  startAgain(name: string, context: Pick<Context<unknown>, 'signal' | 'report'>): Promise<boolean>
}

export interface TenantLogins {
  readonly name: string
  readonly urls: readonly TenantUrl[]
}

/** `host`: as a URL writes it, e.g. `127.0.0.1`, `localhost` or `[::1]`. */
export interface TenantUrl extends PoolUser {
  readonly host: string
  readonly port: number
}

export interface RunningTenant {
  readonly name: string
  readonly port: number
}

export interface TenantDatabase {
  readonly instance: string
  readonly database: string
  /** The role that the instance logs in with. */
  readonly role: string
}

export const nobody: Tenants = {
  any: () => Promise.resolve(false),
  pools: () => Promise.resolve(new Map()),
  connections: () => Promise.resolve(0),
  secured: () => Promise.resolve(),
  heal: () => Promise.resolve(),
  running: () => Promise.resolve([]),
  databases: () => Promise.resolve([]),
  logins: () => Promise.resolve([]),
  stop: () => Promise.resolve(),
  startAgain: () => Promise.resolve(true),
}
