/** Hashes of the tables' content, so that two states can be compared without keeping either. */
import { type Client, escapeIdentifier as id } from 'pg'
import type { Catalogue, Column, Table } from './catalogue'

export interface TableContent {
  readonly rows: number
  /**
   * By column: a hash of its values together with their rows' keys or, in a table without a key, of the values alone.
   */
  readonly columns: Readonly<Record<string, string>>
}
export type Content = Readonly<Record<string, TableContent>>

/** How a column's value is read for comparison. */
export type Reading = (column: Column, expression: string) => string
const asText: Reading = (_, expression) => `${expression}::text`

/**
 * Keys are compared as text, so that a key whose type got bigger is still the same key. The hashes are summed, so the
 * order of the rows doesn't matter.
 */
export async function readContent(
  client: Client,
  { tables }: Catalogue,
  reading: (table: Table) => Reading = () => asText,
): Promise<Content> {
  const content: Record<string, TableContent> = {}
  for (const table of tables) {
    const read = reading(table)
    const key = table.key.map(it => `${id(it)}::text`)
    const hashes = table.columns.map(
      it =>
        `coalesce(sum(hashtextextended(ROW(${[...key, read(it, id(it.name))].join(', ')})::text, 0)::numeric), 0)::text`,
    )
    const { rows } = await client.query<{ rows: string; hashes: string[] }>(
      `SELECT count(*) AS rows, ARRAY[${hashes.join(', ')}]::text[] AS hashes FROM public.${id(table.name)}`,
    )
    content[table.name] = {
      rows: Number(rows[0]?.rows),
      columns: Object.fromEntries(table.columns.map((it, index) => [it.name, rows[0]?.hashes[index] ?? ''])),
    }
  }
  return content
}

/** Tables whose rows differ, or that only one of the two has. */
export const differingTables = (one: Content, other: Content): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(it => {
    const [left, right] = [one[it], other[it]]
    const names = new Set([...Object.keys(left?.columns ?? {}), ...Object.keys(right?.columns ?? {})])
    return left?.rows !== right?.rows || [...names].some(name => left?.columns[name] !== right?.columns[name])
  })
