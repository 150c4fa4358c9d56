/** What is shown of an instance's tables. Nothing is changed there. */
import { z } from 'zod'
import { nameSchema } from './instance'

/** PostgreSQL's own limit is 63 bytes. */
const identifier = z.string().min(1).max(63)

export const tableSchema = z.object({ name: nameSchema, schema: identifier, table: identifier })
export type TableRef = Readonly<z.infer<typeof tableSchema>>

/** Of a value in a primary key, to continue after it. */
export const mostKeyCharacters = 10_000
/** @see TablePage.next */
export const pageSchema = tableSchema.extend({ after: z.array(z.string().max(mostKeyCharacters)).max(32).optional() })
export const valueSchema = tableSchema.extend({
  column: identifier,
  row: z.string().regex(/^\(\d{1,10},\d{1,5}\)$/),
})

export interface TableView {
  readonly schema: string
  readonly table: string
  /** An estimate of PostgreSQL's. */
  readonly rows: number
}

export interface TableColumn {
  readonly name: string
  readonly type: string
  /** Its place in the primary key, if it has one. */
  readonly key?: number
  /** Its name suggests that its values are secrets: they aren't read. */
  readonly hidden: boolean
}

/** `cut`: there is more. `hidden`: it looks like a password's hash. */
export type TableCell =
  null | string | { readonly text: string; readonly cut: true } | { readonly text?: undefined; readonly hidden: true }

export interface TablePage {
  readonly columns: readonly TableColumn[]
  /** There are more columns than are shown. */
  readonly moreColumns: boolean
  readonly rows: readonly {
    /** Where it lies, until it is changed. */
    readonly row: string
    readonly cells: readonly TableCell[]
  }[]
  /** What the next page comes after: the last row's primary key. Absent on the last page, without such a key, and if it holds a secret. */
  readonly next?: readonly string[]
  /** There are more rows. */
  readonly more: boolean
}

export interface TableValue {
  readonly text: string | null
  /** It is longer than is shown even here. */
  readonly cut: boolean
}

export const rowsPerPage = 100
