/** Changes of an instance's database schema: what a rehearsal finds out, and what the operator decides. */
import { z } from 'zod'
import { capital, enumerate } from './amounts'

/**
 * How much a change asks of the rows. `additive`: nothing that the old code does is refused. `restrictive`: no value is
 * lost, but old code may write what is refused now. `destructive`: values or rows are lost. `refused`: PostgreSQL
 * doesn't accept it with these rows.
 */
export const schemaClasses = ['none', 'additive', 'restrictive', 'destructive', 'refused'] as const
export type SchemaClass = (typeof schemaClasses)[number]

/** Of a column: in the table as it is called after the change. */
export const renameSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('table'), from: z.string(), to: z.string() }),
  z.strictObject({ kind: z.literal('column'), table: z.string(), from: z.string(), to: z.string() }),
])
export type Rename = Readonly<z.infer<typeof renameSchema>>

const rowsSchema = {
  /** Values or rows. */
  count: z.number().int(),
  /** Of the first ten of them, as text; columns of a key separated by commas. Empty where a table has no key. */
  keys: z.array(z.string()).readonly(),
}

/** What is lost, in the names that it has before. */
export const lossSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('table'), table: z.string(), ...rowsSchema }),
  z.strictObject({ kind: z.literal('rows'), table: z.string(), ...rowsSchema }),
  z.strictObject({ kind: z.literal('column'), table: z.string(), column: z.string(), ...rowsSchema }),
  z.strictObject({
    kind: z.literal('values'),
    table: z.string(),
    column: z.string(),
    ...rowsSchema,
    /** The column is dropped and added anew, because no value can become one of the new type. */
    replaced: z.boolean(),
  }),
])
export type Loss = Readonly<z.infer<typeof lossSchema>>

/** A part of the database whose rows are kept before a change. */
export const keepSchema = z.strictObject({
  table: z.string(),
  /** Whole rows: the table is dropped, or rows vanish from it. */
  rows: z.boolean(),
  /** Columns that are dropped or whose values may change. */
  columns: z.array(z.string()).readonly(),
})
export type Keep = Readonly<z.infer<typeof keepSchema>>

/** All that is needed to bring a database forward and back. A plan may hold it: it has no secrets. */
export const schemaChangeSchema = z.strictObject({
  /** Names it in the database itself. */
  id: z.string().regex(/^[\w-]+$/),
  /** Prisma's SQL, without what the renames stand for. */
  forward: z.string(),
  backward: z.string(),
  /** Done first on the way forward, and last, reversed, on the way back. */
  renames: z.array(renameSchema).readonly(),
  /** A statement of the operator's own that makes the rows fit, in the names after the renames. */
  mend: z.string().optional(),
  /** Found by the rehearsal. */
  keep: z.array(keepSchema).readonly(),
})
export type SchemaChange = Readonly<z.infer<typeof schemaChangeSchema>>

export const refusalSchema = z.strictObject({
  statement: z.string(),
  /** PostgreSQL's SQLSTATE and message. */
  code: z.string(),
  message: z.string(),
  /** What it means, in a sentence. */
  words: z.string(),
  /** The rows that stand in the way; absent where they can't be told. */
  rows: z.strictObject({ table: z.string(), ...rowsSchema }).optional(),
})
export type Refusal = Readonly<z.infer<typeof refusalSchema>>

export const rollbackSchema = z.strictObject({
  /** Forward and back on the copy gave the same schema and the same rows. */
  exact: z.boolean(),
  /** What a rollback doesn't bring back, or not as it was, each in a sentence; empty: it loses nothing. */
  limits: z.array(z.string()).readonly(),
})

export const rehearsalSchema = z.strictObject({
  class: z.enum(schemaClasses),
  /** To be run; absent if there is nothing to run or it is refused. */
  change: schemaChangeSchema.optional(),
  losses: z.array(lossSchema).readonly(),
  refusal: refusalSchema.optional(),
  /** Dropped and added: the operator knows whether they are the same. */
  candidates: z.array(renameSchema).readonly(),
  /**
   * SQL that would give the database the schema of the instance's own code: an earlier rebuild left it as it was, or
   * somebody has changed it by hand. Empty where they agree. The change starts from what the database has, so whatever
   * its own code knows nothing of is dropped, and is among the losses.
   */
  drift: z.array(z.string()).readonly(),
  /** What the old code can't do with the new schema, each in a sentence. */
  oldCode: z.array(z.string()).readonly(),
  rollback: rollbackSchema,
})
export type Rehearsal = Readonly<z.infer<typeof rehearsalSchema>>

/** What going forward or back did with rows, to be shown and kept in Activity. */
export const moveReportSchema = z.strictObject({
  losses: z.array(lossSchema).readonly(),
  /** Rows that had no value for a column that needs one. */
  placeholders: z.array(z.strictObject({ table: z.string(), column: z.string(), ...rowsSchema })).readonly(),
  /** Rows whose parent is gone: kept, but not in the table. With `column`: the reference was emptied instead. */
  aside: z.array(z.strictObject({ table: z.string(), column: z.string().optional(), ...rowsSchema })).readonly(),
})
export type MoveReport = Readonly<z.infer<typeof moveReportSchema>>

const number = (value: number): string => value.toLocaleString('en')

/** e.g. “drops column `phone` of `users`: 1,204 values”. */
export function lossWords(loss: Loss): string {
  const amount = (one: string): string =>
    loss.count === 1 ? `one ${one}` : `${loss.count === 0 ? 'no' : number(loss.count)} ${one}s`
  const [values, rows] = [amount('value'), amount('row')]
  switch (loss.kind) {
    case 'table':
      return `drops table \`${loss.table}\`: ${rows}`
    case 'rows':
      return `deletes rows of \`${loss.table}\`: ${rows}`
    case 'column':
      return `drops column \`${loss.column}\` of \`${loss.table}\`: ${values}`
    case 'values':
      return loss.replaced
        ? `replaces column \`${loss.column}\` of \`${loss.table}\` by a new one: ${values}`
        : `changes values of column \`${loss.column}\` of \`${loss.table}\`: ${values}`
  }
}

export function renameWords(rename: Rename): string {
  return rename.kind === 'table'
    ? `table \`${rename.from}\` → \`${rename.to}\``
    : `column \`${rename.from}\` → \`${rename.to}\` of \`${rename.table}\``
}

/** e.g. “3 rows (1, 5 and 9)”, “12 rows (1, 2, 3 …)”. */
export function rowWords({ count, keys }: { readonly count: number; readonly keys: readonly string[] }): string {
  const named = count > keys.length ? `${keys.join(', ')} …` : enumerate(keys, keys.length)
  return `${count === 1 ? 'one row' : `${number(count)} rows`}${keys.length > 0 ? ` (${named})` : ''}`
}

/** What a rollback would do to the database. */
export interface WayBack {
  /** Absent: the schema stays as it is. `limits`: what isn't brought back, or not as it was, each in a sentence. */
  readonly schema?: { readonly to: 'old' | 'new'; readonly limits: readonly string[] }
}

/** What a change did with rows, each in a sentence. */
export function reportWords({ losses, placeholders, aside }: MoveReport): string[] {
  return [
    ...losses.map(it => `Kept aside: ${lossWords(it)}.`),
    ...placeholders.map(it => `${capital(rowWords(it))} of \`${it.table}\` got a placeholder in \`${it.column}\`.`),
    ...aside.map(({ table, column, ...rows }) => {
      const those = `${capital(rowWords(rows))} of \`${table}\` named a row that is gone`
      return column === undefined ? `${those}: kept aside, not in the table.` : `${those}: \`${column}\` was emptied.`
    }),
  ]
}
