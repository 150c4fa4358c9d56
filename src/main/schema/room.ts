/** The room for schema changes, and for the copies of databases that they are tried on. */
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Operations } from '../operations/engine'
import type { Base } from '../workspace/opened'
import { Copies } from './copies'
import { Schemas } from './schemas'

export interface SchemaRoom {
  readonly schemas: Schemas
  readonly copies: Copies
  /** Drops copies left by a crash. Safe to repeat. @throws Problem `postgres-unreachable` */
  dropLeft(): Promise<void>
  /** Does that now, if PostgreSQL is running. */
  start(): void
}

export function schemaRoom(base: Base, operations: Operations, { infrastructure }: InfrastructureRoom): SchemaRoom {
  const copies = new Copies(() => infrastructure.admin(), base.identity.id)
  // an operation that is resumed drops its own copy before it makes a new one
  const dropLeft = (): Promise<void> => copies.dropLeft([...operations.held('trash').keys()])
  return {
    schemas: new Schemas(copies),
    copies,
    dropLeft,
    start() {
      const dropped = dropLeft().catch(() => undefined)
      base.closing.add(() => dropped)
    },
  }
}
