/** On the way back, makes rows written in the meantime fit the old schema. */
import { type Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { capital } from '../../shared/amounts'
import { problem } from '../../shared/problem'
import { rowWords, type MoveReport, type Rows } from '../../shared/schema'
import { columnOf, tableOf, type Catalogue, type Column, type Constraint, type Table } from './catalogue'
import { countRows, keepRows, type Kept } from './kept'
import { orphaned } from './refusal'
import { Renames } from './compare'
import type { ForeignKey, Script } from './script'

/** Fills in required columns that have no value. */
export async function fillRequired(
  client: Client,
  now: Catalogue,
  required: Script['required'],
): Promise<MoveReport['placeholders'][number][]> {
  const filled: MoveReport['placeholders'][number][] = []
  for (const { table: name, column: its } of required) {
    const table = tableOf(now, name)
    const column = columnOf(table, its)
    if (!table || !column) continue
    const rows = await countRows(client, table, `t.${id(its)} IS NULL`)
    const value = placeholder(now, table, column)
    if (rows.count === 0 || value === undefined) continue
    await client.query(
      `UPDATE public.${id(name)} AS t SET ${id(its)} = ${value} FROM (SELECT ctid AS place, row_number() OVER () AS number FROM public.${id(name)} WHERE ${id(its)} IS NULL) AS missing WHERE t.ctid = missing.place`,
    )
    filled.push({ table: name, column: its, ...rows })
  }
  return filled
}

/** SQL for a distinct value for each row `t`, the `missing.number`th; undefined if the type has none. */
function placeholder(
  { enums }: Catalogue,
  { name: table, key }: Table,
  { name, type, category, enum: held }: Column,
): string | undefined {
  if (category === 'A') return "'{}'"
  if (held !== null) {
    const first = enums.find(it => it.name === held)?.labels[0]
    return first && literal(first)
  }
  switch (category) {
    case 'S': {
      const row = key.length > 0 ? key.map(it => `t.${id(it)}::text`).join(` || '-' || `) : 'missing.number::text'
      const length = /\((\d+)\)$/.exec(type)?.[1]
      return length ? `right('lost-' || ${row}, ${length})` : `'lost-' || ${row}`
    }
    case 'N':
      return `least((SELECT min(${id(name)}) FROM public.${id(table)}), 0) - missing.number`
    case 'B':
      return 'false'
    case 'D':
      return 'now()'
    default:
      return { uuid: 'gen_random_uuid()', json: "'{}'", jsonb: "'{}'", bytea: "''" }[type]
  }
}

/**
 * Before a foreign key comes back: rows whose parent is gone lose the reference if the column may be empty; otherwise
 * they are kept aside and removed. That may orphan other rows, so it repeats until none are left.
 */
export async function setAside(
  client: Client,
  prefix: string,
  now: Catalogue,
  { foreign, required }: Script,
): Promise<{ readonly aside: MoveReport['aside'][number][]; readonly kept: Kept[] }> {
  const aside: MoveReport['aside'][number][] = []
  const kept: Kept[] = []
  for (let found = true; found;) {
    found = false
    for (const it of foreign) {
      const table = tableOf(now, it.table)
      const rows = table && (await countRows(client, table, orphaned(it)))
      if (!table || !rows || rows.count === 0) continue
      found = true
      const copy = await copyOf(client, `${prefix}${kept.length}`, now, it)
      if (copy) kept.push(copy)
      const optional = it.columns.find(
        name =>
          !columnOf(table, name)?.required && !required.some(one => one.table === it.table && one.column === name),
      )
      if (optional !== undefined)
        await client.query(`UPDATE public.${id(it.table)} AS t SET ${id(optional)} = NULL WHERE ${orphaned(it)}`)
      else {
        requireAlone(now, it.table, rows)
        await client.query(`DELETE FROM public.${id(it.table)} AS t WHERE ${orphaned(it)}`)
      }
      aside.push({ table: it.table, ...(optional !== undefined && { column: optional }), ...rows })
    }
  }
  return { aside, kept }
}

/** Keeps the orphaned rows. */
async function copyOf(client: Client, prefix: string, now: Catalogue, it: ForeignKey): Promise<Kept | undefined> {
  return await keepRows(
    client,
    prefix,
    { before: now, renames: new Renames([]) },
    { table: it.table, rows: true, columns: [] },
    orphaned(it),
  )
}

/** Whether removing a row from a table removes or changes others. */
export const isDependent = ({ parent, definition }: Constraint, table: string): boolean =>
  parent === table && /ON DELETE (CASCADE|SET)/.test(definition)

/** @throws Problem `schema-rollback` if removing a row would remove or change others */
function requireAlone({ constraints }: Catalogue, table: string, rows: Rows): void {
  const dependent = constraints.find(it => isDependent(it, table))
  if (!dependent) return
  throw problem({
    code: 'schema-rollback',
    message: `Rows of \`${table}\` prevent the rollback.`,
    cause: `${capital(rowWords(rows))} ${rows.count === 1 ? 'refers' : 'refer'} to rows that were deleted in the meantime, and rows of \`${dependent.table}\` depend on ${rows.count === 1 ? 'it' : 'them'}.`,
    hint: 'Nothing was changed. Fix these rows by hand, then try again.',
  })
}
