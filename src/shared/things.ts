/** What operations claim: the names of things, as journals have them, and how they are held. */
import type { Claim } from './operation'

export const owns = (on: string): Claim => ({ on, how: 'own' })
export const uses = (on: string): Claim => ({ on, how: 'use' })

/** The things that operations claim (see `Claim`), by the names that they have in journals. */
export const things = {
  instance: (name: string) => `instance/${name.toLowerCase()}`,
  port: (port: number) => `port/${port}`,
  /** A prepared release, by its fingerprint. */
  release: (fingerprint: string) => `release/${fingerprint}`,
  /** Files that are set aside and may come back, by their token. */
  trash: (token: string) => `trash/${token}`,
  /** That PostgreSQL and PgBouncer run. */
  infrastructure: 'infrastructure',
  /** Starting and stopping them. */
  services: 'services',
} as const
