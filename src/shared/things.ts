/** What operations claim: the names of things, as journals have them, and how they are held. */
import { z } from 'zod'

/**
 * What an operation holds while it is open: `kind/name` of a thing (`instance/school`, `port/5001`), or a single
 * thing's name. Only one operation can `own` it, and then no other can `use` it.
 */
export interface Claim {
  readonly on: string
  readonly how: 'own' | 'use'
}
export const claimSchema: z.ZodType<Claim> = z.object({ on: z.string(), how: z.enum(['own', 'use']) })

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
