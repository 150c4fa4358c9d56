/** The room of the schemas: changes of an instance's database schema, and the copies of databases that they are tried on. */
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Operations } from '../operations/engine'
import type { Base } from '../workspace/opened'
import { Copies } from './copies'
import { Schemas } from './schemas'

export interface SchemaRoom {
  readonly schemas: Schemas
  readonly copies: Copies
  /** Drops copies that a crash has left. Safe to repeat. @throws Problem `postgres-unreachable` */
  dropLeft(): Promise<void>
  /** Does so now, if PostgreSQL is running. */
  start(): void
}

export function schemaRoom(base: Base, operations: Operations, { infrastructure }: InfrastructureRoom): SchemaRoom {
  const copies = new Copies(() => infrastructure.admin(), base.identity.id)
  // an operation that is resumed drops its own before it makes it again
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
