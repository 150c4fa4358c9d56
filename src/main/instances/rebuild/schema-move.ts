/**
 * The schema change that belongs to an exchange of the code. It is stored in the old code's slot and stays with that
 * code, like the list of what was released: whoever brings the code back moves the schema in the opposite direction.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { agreedSchema, schemaChangeSchema, rollbackSchema, type MoveReport } from '../../../shared/schema'
import type { Login } from '../../infrastructure/connection'
import type { Schemas } from '../../schema/schemas'
import { readJson, writeJson } from '../../system/files'
import type { Slot } from '../../workspace/paths'

const schemaMoveSchema = z.strictObject({
  change: schemaChangeSchema,
  direction: z.enum(['forward', 'backward']),
  /** What going back does, as rehearsed. */
  rollback: rollbackSchema,
  /** What this way may lose; absent: anything. */
  agreed: z.array(agreedSchema).optional(),
})
export type SchemaMove = Readonly<z.infer<typeof schemaMoveSchema>>

/** Bytes. Thousands of models have a megabyte of SQL. */
const longest = 64 << 20

const fileIn = ({ folder }: Slot): string => join(folder, 'schema.json')

/** @returns undefined if the schema stays as it is */
export const readMove = (slot: Slot): Promise<SchemaMove | undefined> =>
  readJson(fileIn(slot), schemaMoveSchema, { maxBytes: longest })

export const writeMove = (slot: Slot, move: SchemaMove): Promise<void> => writeJson(fileIn(slot), move, 0o600)

export const removeMove = (slot: Slot): Promise<void> => rm(fileIn(slot), { force: true })

/** Nobody is asked to consent to its losses: whatever it takes is kept and noted. */
export const opposite = (move: SchemaMove): SchemaMove => ({
  ...move,
  agreed: undefined,
  direction: move.direction === 'forward' ? 'backward' : 'forward',
})

/** Safe to repeat. @throws as `Schemas.forward` */
export const makeMove = (
  schemas: Schemas,
  login: Login,
  { change, direction, agreed }: Pick<SchemaMove, 'change' | 'direction' | 'agreed'>,
): Promise<MoveReport> => schemas[direction](login, change, agreed)
