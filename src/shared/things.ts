/** What operations claim: the names of things, as written in journals, and how they are held. */

/**
 * What an operation holds while it is open: a thing's `kind/name` (`instance/school`, `port/5001`), or just its name if
 * it exists once. Only one operation can `own` a thing, and then no other can `use` it.
 */
export interface Claim {
  readonly on: string
  readonly how: 'own' | 'use'
}

export const owns = (on: string): Claim => ({ on, how: 'own' })
export const uses = (on: string): Claim => ({ on, how: 'use' })

/** The things that operations can claim (see `Claim`), by their names in journals. */
export const things = {
  instance: (name: string) => `instance/${name.toLowerCase()}`,
  port: (port: number) => `port/${port}`,
  /** A prepared release, by its fingerprint. */
  release: (fingerprint: string) => `release/${fingerprint}`,
  /** Files that were set aside and may be put back, by their token. */
  trash: (token: string) => `trash/${token}`,
  /** PostgreSQL and PgBouncer being up. */
  infrastructure: 'infrastructure',
  /** Rebuilding several instances. No instance can be called that. */
  rebuilds: '(rebuilds)',
  /** Exchanging PM2's daemon. */
  processManager: '(process manager)',
  /** Maintaining the databases of several instances. */
  maintenance: '(maintenance)',
  /** Loading images into Podman or Docker. */
  images: 'images',
  /** The PostgreSQL that a move left behind. */
  formerPostgres: 'former-postgres',
  /** Starting and stopping them. */
  services: 'services',
} as const
