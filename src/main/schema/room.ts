/** The room for the copies of databases that schema changes are tried on. */
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Operations } from '../operations/engine'
import { once } from '../system/once'
import type { Base } from '../workspace/opened'
import type { Copies } from './copies'

export interface SchemaRoom {
  /** Loaded at the first call. */
  copies(): Promise<Copies>
  /** Drops copies left by a crash. Safe to repeat. @throws Problem `postgres-unreachable` */
  dropLeft(): Promise<void>
  /** Does that now, if PostgreSQL is running. */
  start(): void
}

export function schemaRoom(base: Base, operations: Operations, { infrastructure }: InfrastructureRoom): SchemaRoom {
  const copies = once(async (): Promise<Copies> => {
    const it = await import('./copies')
    return new it.Copies(() => infrastructure.admin(), base.identity.id)
  })
  // an operation that is resumed drops its own copy before it makes a new one
  const dropLeft = async (): Promise<void> => (await copies()).dropLeft([...operations.held('trash').keys()])
  return {
    copies,
    dropLeft,
    start() {
      const dropped = dropLeft().catch(() => undefined)
      base.closing.add(() => dropped)
    },
  }
}
