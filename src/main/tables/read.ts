/**
 * Reads base tables, never views, and their plain columns. Names are looked up in the catalogue first, and quoted; all
 * values are read as text.
 */
import { escapeIdentifier } from 'pg'
import { problem } from '../../shared/problem'
import { holdsSecret, isSecretName, maskSecrets } from '../../shared/secret-names'
import {
  mostKeyCharacters,
  rowsPerPage,
  type TableCell,
  type TableColumn,
  type TablePage,
  type TableRef,
  type TableValue,
  type TableView,
} from '../../shared/tables'
import type { Look } from './session'

const mostTables = 500
const mostColumns = 100
/** Characters of a value that a page shows, and that are read for it: a secret that begins in the one ends in the other. */
const [shown, looked] = [200, 600]
/** Characters of a value that is shown alone. */
const mostShown = 100_000

const isOwn = `c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

export async function tablesIn(look: Look): Promise<readonly TableView[]> {
  const rows = await look(`
    SELECT n.nspname, c.relname, greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0)::bigint::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${isOwn} AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY n.nspname <> 'public', n.nspname, c.relname LIMIT ${mostTables}`)
  return rows.map(([schema, table, count]) => ({ schema: schema ?? '', table: table ?? '', rows: Number(count) }))
}

/** @param after the primary key of the last row of the page before @throws Problem `table-unknown` */
export async function pageOf(look: Look, of: TableRef, after?: readonly string[]): Promise<TablePage> {
  const all = await columnsOf(look, of)
  const columns = all.slice(0, mostColumns)
  const key = all.filter(it => it.key !== undefined).toSorted((a, b) => (a.key ?? 0) - (b.key ?? 0))
  // Its values travel to the page and back, unless they are secrets.
  const keyed = key.length > 0 && !key.some(it => it.hidden)
  const names = key.map(it => `t.${escapeIdentifier(it.name)}`) // unqualified, ORDER BY would take the texts
  const values = keyed ? (after ?? []) : []
  if (values.length > 0 && values.length !== key.length) throw unknown(of)
  const found = await look(
    `SELECT ${[
      'ctid::text',
      ...columns.map(it => (it.hidden ? 'NULL' : `left(${escapeIdentifier(it.name)}::text, ${looked})`)),
      ...(keyed ? names.map(it => `${it}::text`) : []),
    ].join(', ')}
     FROM ONLY ${nameOf(of)} AS t
     ${values.length > 0 ? `WHERE (${names.join(', ')}) > (${values.map((_, at) => `$${at + 1}`).join(', ')})` : ''}
     ${keyed ? `ORDER BY ${names.join(', ')}` : ''} LIMIT ${rowsPerPage + 1}`,
    values,
  )
  const rows = found.slice(0, rowsPerPage)
  const more = found.length > rowsPerPage
  const last = rows.at(-1)?.slice(columns.length + 1) as string[] | undefined
  return {
    columns,
    moreColumns: all.length > mostColumns,
    rows: rows.map(([row, ...texts]) => ({ row: row ?? '', cells: columns.map((it, at) => cellOf(it, texts[at])) })),
    more,
    ...(more && keyed && last?.every(travels) && { next: last }),
  }
}

/** One whole value. @throws Problem `table-unknown`, `row-changed` */
export async function valueOf(
  look: Look,
  { column, row, ...of }: TableRef & { readonly column: string; readonly row: string },
): Promise<TableValue> {
  const found = (await columnsOf(look, of)).find(it => it.name === column)
  if (!found || found.hidden) throw unknown(of)
  const [values] = await look(
    `SELECT left(${escapeIdentifier(column)}::text, ${mostShown + 1}) FROM ONLY ${nameOf(of)} WHERE ctid = $1::tid`,
    [row],
  )
  const [value = null] = values ?? []
  if (!values) throw changed()
  if (value !== null && holdsSecret(value)) throw unknown(of)
  const text = value === null ? null : maskSecrets(value)
  return { text: text?.slice(0, mostShown) ?? null, cut: (value ?? '').length > mostShown }
}

async function columnsOf(look: Look, of: TableRef): Promise<readonly TableColumn[]> {
  const rows = await look(
    `SELECT a.attname, format_type(a.atttypid, a.atttypmod), k.place::text
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN (
         SELECT indrelid, unnest(indkey) AS attnum, generate_series(1, indnatts) AS place, indnkeyatts
         FROM pg_index WHERE indisprimary
       ) k ON k.indrelid = c.oid AND k.attnum = a.attnum AND k.place <= k.indnkeyatts
     WHERE ${isOwn} AND n.nspname = $1 AND c.relname = $2
     ORDER BY a.attnum`,
    [of.schema, of.table],
  )
  if (rows.length === 0) throw unknown(of)
  return rows.map(([name, type, place]) => ({
    name: name ?? '',
    type: type ?? '',
    ...(place && { key: Number(place) }),
    hidden: isSecretName(name ?? ''),
  }))
}

/** Whether a key's value may go to the page and back: it is short, and no cell would hide a part of it. */
const travels = (value: string): boolean =>
  value.length <= mostKeyCharacters && !holdsSecret(value) && maskSecrets(value) === value

function cellOf({ hidden }: TableColumn, value: string | null | undefined): TableCell {
  if (hidden || (typeof value === 'string' && holdsSecret(value))) return { hidden: true }
  if (value === null || value === undefined) return null
  const text = maskSecrets(value)
  return text.length > shown ? { text: text.slice(0, shown), cut: true } : text
}

const nameOf = ({ schema, table }: TableRef): string => `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`

const unknown = ({ table }: TableRef) =>
  problem({
    code: 'table-unknown',
    message: `The table “${table}” or this column doesn’t exist.`,
    hint: 'It may have been renamed or removed. Reload the list.',
  })

const changed = () =>
  problem({
    code: 'row-changed',
    message: 'This row has been changed or deleted.',
    hint: 'Reload the table.',
  })
