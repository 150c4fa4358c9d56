/** Schema changes of an instance's database: what a rehearsal finds, and what the operator decides. */
import { z } from 'zod'
import { capital, enumerate } from './amounts'

/**
 * What a change does to the rows. `additive`: nothing that the old code does is refused. `restrictive`: no value is
 * lost, but the old code may write something that is now refused. `destructive`: values or rows are lost. `refused`:
 * PostgreSQL doesn't accept the change with these rows.
 */
export const schemaClasses = ['none', 'additive', 'restrictive', 'destructive', 'refused'] as const
export type SchemaClass = (typeof schemaClasses)[number]

/** For a column, `table` is the table's name after the change. */
export const renameSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('table'), from: z.string(), to: z.string() }),
  z.strictObject({ kind: z.literal('column'), table: z.string(), from: z.string(), to: z.string() }),
])
export type Rename = Readonly<z.infer<typeof renameSchema>>

const rowsSchema = {
  /** Values or rows. */
  count: z.number().int(),
  /** The keys of the first ten, as text; a key's columns are separated by commas. Empty if the table has no key. */
  keys: z.array(z.string()).readonly(),
}

/** What is lost, by its name before the change. */
export const lossSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('table'), table: z.string(), ...rowsSchema }),
  z.strictObject({ kind: z.literal('rows'), table: z.string(), ...rowsSchema }),
  z.strictObject({ kind: z.literal('column'), table: z.string(), column: z.string(), ...rowsSchema }),
  z.strictObject({
    kind: z.literal('values'),
    table: z.string(),
    column: z.string(),
    ...rowsSchema,
    /** The column is dropped and added again, because no value can be converted to the new type. */
    replaced: z.boolean(),
  }),
])
export type Loss = Readonly<z.infer<typeof lossSchema>>

/** A loss that the operator has agreed to. No keys: they are values of the instance's, and it is journaled. */
export const agreedSchema = z.strictObject({
  kind: z.enum(['table', 'rows', 'column', 'values']),
  table: z.string(),
  column: z.string().optional(),
  /** At most this many values or rows. Absent: any number. */
  most: z.int().min(0).optional(),
})
export type Agreed = Readonly<z.infer<typeof agreedSchema>>
/** Identifies the loss, regardless of its extent. */
export type LossName = Omit<Agreed, 'most'>

/** @param growing also to what is written there until it is lost */
export const agreeTo = (losses: readonly Loss[], growing: boolean): Agreed[] =>
  losses.map(it => ({
    kind: it.kind,
    table: it.table,
    ...('column' in it && { column: it.column }),
    ...(!growing && { most: it.count }),
  }))

/** The losses that nobody has agreed to, or not to that extent. */
export const lossesBeyond = (losses: readonly Loss[], agreed: readonly Agreed[]): Loss[] =>
  losses.filter(it => !agreed.some(one => isSameLoss(one, it) && it.count <= (one.most ?? Infinity)))

export const isSameLoss = (one: LossName, other: LossName): boolean =>
  one.kind === other.kind && one.table === other.table && one.column === other.column

/** A part of the database whose rows are kept before a change. */
export const keepSchema = z.strictObject({
  table: z.string(),
  /** Whole rows: the table is dropped, or rows vanish from it. */
  rows: z.boolean(),
  /** Columns that are dropped or whose values may change. */
  columns: z.array(z.string()).readonly(),
})
export type Keep = Readonly<z.infer<typeof keepSchema>>

/** Everything needed to move a database forward and back. It contains no secrets, so a plan may include it. */
export const schemaChangeSchema = z.strictObject({
  /** Identifies the change in the database itself. */
  id: z.string().regex(/^[\w-]+$/),
  /** Prisma's SQL, except for what the renames do. */
  forward: z.string(),
  backward: z.string(),
  /** Applied first on the way forward; on the way back reversed, and last. */
  renames: z.array(renameSchema).readonly(),
  /** The operator's own statement that makes the rows fit. Uses the names after the renames. */
  fix: z.string().optional(),
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
  /** The rows that cause the refusal; absent if they can't be determined. */
  rows: z.strictObject({ table: z.string(), ...rowsSchema }).optional(),
})
export type Refusal = Readonly<z.infer<typeof refusalSchema>>

export const rollbackSchema = z.strictObject({
  /** On the copy, going forward and back gave the same schema and the same rows. */
  exact: z.boolean(),
  /** What a rollback doesn't bring back, or not unchanged, each in a sentence; empty: it loses nothing. */
  limits: z.array(z.string()).readonly(),
})

export const rehearsalSchema = z.strictObject({
  class: z.enum(schemaClasses),
  /** The change to run; absent if there is nothing to run or it is refused. */
  change: schemaChangeSchema.optional(),
  losses: z.array(lossSchema).readonly(),
  refusal: refusalSchema.optional(),
  /** Something dropped and something added: only the operator knows whether it was renamed. */
  candidates: z.array(renameSchema).readonly(),
  /**
   * SQL that would give the database the schema of the instance's own code; empty if it has that schema. They differ if
   * an earlier rebuild left the schema as it was, or somebody changed it by hand. The change starts from what the
   * database has, so anything that the instance's own code doesn't know is dropped, and is among the losses.
   */
  drift: z.array(z.string()).readonly(),
  /** What the old code can't do with the new schema, each in a sentence. */
  oldCode: z.array(z.string()).readonly(),
  rollback: rollbackSchema,
})
export type Rehearsal = Readonly<z.infer<typeof rehearsalSchema>>

/** What going forward or back did to rows, shown and kept in Activity. */
export const moveReportSchema = z.strictObject({
  losses: z.array(lossSchema).readonly(),
  /** Rows that had no value for a column that needs one. */
  placeholders: z.array(z.strictObject({ table: z.string(), column: z.string(), ...rowsSchema })).readonly(),
  /** Rows whose parent is gone: kept, but outside the table. With `column`: the reference was cleared instead. */
  aside: z.array(z.strictObject({ table: z.string(), column: z.string().optional(), ...rowsSchema })).readonly(),
})
export type MoveReport = Readonly<z.infer<typeof moveReportSchema>>

const number = (value: number): string => value.toLocaleString('en')

/** e.g. “drops column `phone` of `users`”. */
export function deedWords({ kind, table, column = '', replaced }: LossName & { readonly replaced?: boolean }): string {
  switch (kind) {
    case 'table':
      return `drops table \`${table}\``
    case 'rows':
      return `deletes rows of \`${table}\``
    case 'column':
      return `drops column \`${column}\` of \`${table}\``
    case 'values':
      return replaced
        ? `replaces column \`${column}\` of \`${table}\` with a new one`
        : `changes values of column \`${column}\` of \`${table}\``
  }
}

/** e.g. “drops column `phone` of `users`: 1,204 values”. */
export function lossWords(loss: Loss): string {
  const one = loss.kind === 'table' || loss.kind === 'rows' ? 'row' : 'value'
  const amount = loss.count === 1 ? `one ${one}` : `${loss.count === 0 ? 'no' : number(loss.count)} ${one}s`
  return `${deedWords(loss)}: ${amount}`
}

/** e.g. “1,204 values of users.phone”. */
export function lostWords(loss: Loss): string {
  const unit = loss.kind === 'table' || loss.kind === 'rows' ? 'row' : 'value'
  return `${number(loss.count)} ${unit}${loss.count === 1 ? '' : 's'} of ${loss.table}${'column' in loss ? `.${loss.column}` : ''}`
}

export function renameWords(rename: Rename): string {
  return rename.kind === 'table'
    ? `table \`${rename.from}\` → \`${rename.to}\``
    : `column \`${rename.from}\` → \`${rename.to}\` of \`${rename.table}\``
}

/** How many rows, and the keys of the first. */
export interface Rows {
  readonly count: number
  readonly keys: readonly string[]
}

/** e.g. “3 rows (1, 5 and 9)”, “12 rows (1, 2, 3 …)”. */
export function rowWords({ count, keys }: Rows): string {
  const named = count > keys.length ? `${keys.join(', ')} …` : enumerate(keys, keys.length)
  return `${count === 1 ? 'one row' : `${number(count)} rows`}${keys.length > 0 ? ` (${named})` : ''}`
}

/** What a rollback would do to the database. */
export interface WayBack {
  /** Absent: the schema stays as it is. `limits`: what isn't brought back, or not unchanged, each in a sentence. */
  readonly schema?: { readonly to: 'old' | 'new'; readonly limits: readonly string[] }
}

/** What a change did to rows, each in a sentence. */
export function reportWords({ losses, placeholders, aside }: MoveReport): string[] {
  return [
    ...losses.map(it => `${capital(lossWords(it))}, kept aside.`),
    ...placeholders.map(it => `${capital(rowWords(it))} of \`${it.table}\` got a placeholder in \`${it.column}\`.`),
    ...aside.map(({ table, column, ...rows }) => {
      const those = `${capital(rowWords(rows))} of \`${table}\` referred to a row that is gone`
      return column === undefined ? `${those}: kept aside, outside the table.` : `${those}: \`${column}\` was cleared.`
    }),
  ]
}
