/**
 * The schema `im_kept` in an instance's own database: what a change takes from the rows, by key, until it is restored.
 * It belongs to the role that owns the tables, and nobody else can read it. All values are text, so that nothing kept
 * depends on a type that a change drops.
 */
import { type Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { z } from 'zod'
import type { Keep, Loss } from '../../shared/schema'
import { columnOf, tableOf, type Catalogue, type Column } from './catalogue'
import { readingAs, type Renames } from './compare'

const columnSchema = z.strictObject({ here: z.string(), there: z.string() })

/**
 * One table in `im_kept`. Its columns: k0 … the key, o0 … the old value, b0 … what the value became, s0 … whether it is
 * still the same as b. `here` are the names when it was kept, `there` the names when it is put back.
 */
export const keptSchema = z.strictObject({
  /** In `im_kept`. */
  name: z.string(),
  table: columnSchema,
  /** The table itself was dropped. */
  dropped: z.boolean(),
  /** Whole rows, to be inserted again if they are gone. */
  rows: z.boolean(),
  key: z.array(columnSchema),
  columns: z.array(columnSchema),
  /** Which of these columns were dropped; the others may have been changed. */
  gone: z.array(z.string()),
})
export type Kept = z.infer<typeof keptSchema>

export const inKept = (name: string): string => `im_kept.${id(name)}`
const publicly = (name: string): string => `public.${id(name)}`

/** SQL condition: rows of both with the same key. */
const joined = ({ key }: Kept, side: 'here' | 'there'): string =>
  key.map((it, index) => `k.k${index} = t.${id(it[side])}::text`).join(' AND ')

const keyWords = ({ key }: Kept): string =>
  key.length ? `concat_ws(', ', ${key.map((_, it) => `k.k${it}`).join(', ')})` : 'NULL::text'
const keyOrder = ({ key }: Kept): string =>
  key
    .map((_, it) => `, length(k.k${it}), k.k${it}`)
    .join('')
    .slice(2) || '1'

/** Copies what a change will take. @param copy a unique name for the new table @param condition on rows `t` */
export async function keepRows(
  client: Client,
  copy: string,
  { before, renames }: { readonly before: Catalogue; readonly renames: Renames },
  { table: name, rows, columns: chosen }: Keep,
  condition = 'true',
): Promise<Kept | undefined> {
  const table = tableOf(before, name)
  if (!table) return undefined
  const all = table.columns.map(it => it.name)
  const both = (it: string): Kept['columns'][number] => ({ here: it, there: renames.column(name, it) })
  const kept: Kept = {
    name: copy,
    table: { here: name, there: renames.table(name) },
    dropped: false, // `settle` knows
    rows,
    key: table.key.map(both),
    columns: (rows ? all : all.filter(it => chosen.includes(it))).map(both),
    gone: [],
  }
  const selected = [
    ...kept.key.map((it, index) => `${id(it.here)}::text AS k${index}`),
    ...kept.columns.flatMap((it, index) => [
      `${id(it.here)}::text AS o${index}`,
      `NULL::text AS b${index}`,
      `false AS s${index}`,
    ]),
    'true AS gone',
  ]
  await client.query(
    `CREATE TABLE ${inKept(kept.name)} AS SELECT ${selected.join(', ')} FROM ${publicly(name)} AS t WHERE ${condition}`,
  )
  return kept
}

/**
 * After the change: records what each value became, and discards unchanged ones.
 * @param all keep unchanged values too: making the change once more may overwrite them
 * @returns what to remember of it, and what was lost
 */
export async function settle(
  client: Client,
  {
    before,
    after,
    renames,
    all,
  }: { readonly before: Catalogue; readonly after: Catalogue; readonly renames: Renames; readonly all: boolean },
  kept: Kept,
): Promise<{ readonly kept: Kept; readonly losses: Loss[] }> {
  const now = tableOf(after, kept.table.there)
  const table = kept.table.here
  if (!now) {
    const dropped = { ...kept, dropped: true, gone: kept.columns.map(it => it.here) }
    return { kept: dropped, losses: [{ kind: 'table', table, ...(await countKept(client, kept, 'true')) }] }
  }
  const gone = kept.columns.filter(it => !columnOf(now, it.there)).map(it => it.here)
  const hasKey = kept.key.length > 0 && kept.key.every(it => columnOf(now, it.there))
  const settled = { ...kept, gone, key: hasKey ? kept.key : [] }
  const read = readingAs(before, renames)(now)
  const changed = kept.columns.flatMap((it, index) => {
    const column = columnOf(now, it.there)
    return column
      ? [
          {
            ...it,
            index,
            column,
            differs: `k.o${index} IS DISTINCT FROM ${read(column, `k.b${index}::${column.type}`)}`,
          },
        ]
      : []
  })
  if (hasKey) {
    const became = changed.map(it => `b${it.index} = t.${id(it.there)}::text`)
    await client.query(
      `UPDATE ${inKept(kept.name)} AS k SET ${['gone = false', ...became].join(', ')} FROM ${publicly(now.name)} AS t WHERE ${joined(kept, 'there')}`,
    )
    if (gone.length === 0 && !all)
      await client.query(
        `DELETE FROM ${inKept(kept.name)} AS k WHERE NOT gone AND NOT (${changed.map(it => it.differs).join(' OR ')})`,
      )
  }
  const losses: Loss[] = []
  const lose = (loss: Loss): void => {
    if (loss.count > 0) losses.push(loss)
  }
  if (kept.rows) lose({ kind: 'rows', table, ...(await countKept(client, kept, 'gone')) })
  for (const [index, { here: column }] of kept.columns.entries()) {
    if (gone.includes(column))
      losses.push({ kind: 'column', table, column, ...(await countKept(client, kept, `k.o${index} IS NOT NULL`)) })
  }
  for (const { here: column, column: found, differs } of changed) {
    const replaced = columnOf(tableOf(before, table), column)?.position !== found.position
    lose({
      kind: 'values',
      table,
      column,
      replaced,
      ...(await countKept(client, kept, `NOT gone AND ${differs}`)),
    })
  }
  return { kept: settled, losses }
}

/** Before the way back: marks values that nobody has written since. */
export async function markUntouched(client: Client, kept: Kept): Promise<void> {
  const marks = kept.columns.flatMap(({ here, there }, index) =>
    kept.gone.includes(here) ? [] : [`s${index} = (t.${id(there)}::text IS NOT DISTINCT FROM k.b${index})`],
  )
  if (kept.dropped || kept.key.length === 0 || marks.length === 0) return
  await client.query(
    `UPDATE ${inKept(kept.name)} AS k SET ${marks.join(', ')} FROM ${publicly(kept.table.there)} AS t WHERE ${joined(kept, 'there')}`,
  )
}

/** In the order in which rows can be inserted while foreign keys are in force. */
export function parentsFirst(all: readonly Kept[], { constraints }: Catalogue): Kept[] {
  const ordered = new Set<Kept>()
  const visit = (kept: Kept, above: readonly Kept[]): void => {
    if (ordered.has(kept) || above.includes(kept)) return
    const parents = constraints.filter(it => it.table === kept.table.there).map(it => it.parent)
    for (const it of all) if (parents.includes(it.table.there)) visit(it, [...above, kept])
    ordered.add(kept)
  }
  for (const it of all) visit(it, [])
  return [...ordered]
}

/** On the way back, once tables and columns exist again and before anything constrains them. */
export async function putBack(client: Client, now: Catalogue, kept: Kept): Promise<void> {
  const table = tableOf(now, kept.table.there)
  if (!table) return
  const columns = kept.columns.flatMap((it, index) => {
    const column = columnOf(table, it.there)
    return column && column.generated !== 'generated' ? [{ ...it, index, column }] : []
  })
  const value = (it: { readonly index: number; readonly column: Column }): string => `k.o${it.index}::${it.column.type}`
  if (kept.dropped || (kept.rows && kept.key.length > 0))
    await client.query(
      `INSERT INTO ${publicly(table.name)} (${columns.map(it => id(it.there)).join(', ')}) OVERRIDING SYSTEM VALUE
       SELECT ${columns.map(value).join(', ')} FROM ${inKept(kept.name)} AS k
       ${kept.dropped ? '' : `WHERE gone AND NOT EXISTS (SELECT FROM ${publicly(table.name)} AS t WHERE ${joined(kept, 'there')})`}`,
    )
  const set = columns
    .filter(it => !kept.key.some(key => key.there === it.there))
    .map(it => {
      const whole = kept.gone.includes(it.here)
        ? value(it)
        : `CASE WHEN k.s${it.index} THEN ${value(it)} ELSE t.${id(it.there)} END`
      return `${id(it.there)} = ${whole}`
    })
  if (kept.dropped || kept.key.length === 0 || set.length === 0) return
  await client.query(
    `UPDATE ${publicly(table.name)} AS t SET ${set.join(', ')} FROM ${inKept(kept.name)} AS k WHERE NOT k.gone AND ${joined(kept, 'there')}`,
  )
}

async function countKept(client: Client, kept: Kept, condition: string): Promise<{ count: number; keys: string[] }> {
  const { rows } = await client.query<{ count: string; keys: (string | null)[] | null }>(
    `SELECT count(*) AS count, (array_agg(${keyWords(kept)} ORDER BY ${keyOrder(kept)}))[1:10] AS keys FROM ${inKept(kept.name)} AS k WHERE ${condition}`,
  )
  return { count: Number(rows[0]?.count), keys: rows[0]?.keys?.filter(it => it !== null) ?? [] }
}

/** Counts rows of one of the application's tables, with the keys of the first ten. @param condition on rows `t` */
export async function countRows(
  client: Client,
  { name, key }: { readonly name: string; readonly key: readonly string[] },
  condition: string,
): Promise<{ count: number; keys: string[] }> {
  const words = key.length ? `concat_ws(', ', ${key.map(it => `t.${id(it)}`).join(', ')})` : 'NULL::text'
  const { rows } = await client.query<{ count: string; keys: (string | null)[] | null }>(
    `SELECT count(*) AS count, (array_agg(${words} ORDER BY ${key.map(it => `t.${id(it)}`).join(', ') || '1'}))[1:10] AS keys FROM ${publicly(name)} AS t WHERE ${condition}`,
  )
  return { count: Number(rows[0]?.count), keys: rows[0]?.keys?.filter(it => it !== null) ?? [] }
}

/** The last value of each sequence. */
export async function readSequences(client: Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; last: string }>(
    "SELECT sequencename AS name, last_value::text AS last FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL",
  )
  return Object.fromEntries(rows.map(it => [it.name, it.last]))
}

/** Recreated sequences continue after the existing values, and never go back. */
export async function continueSequences(client: Client, kept: Readonly<Record<string, string>>): Promise<void> {
  const { rows } = await client.query<{ name: string; table: string | null; column: string | null }>(`
    SELECT sequence.relname::text AS name, owner.relname::text AS table, attname::text AS column FROM pg_class AS sequence
      LEFT JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = sequence.oid AND deptype IN ('a', 'i') AND refobjsubid > 0
      LEFT JOIN pg_class AS owner ON owner.oid = refobjid LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE sequence.relkind = 'S' AND sequence.relnamespace = 'public'::regnamespace`)
  for (const { name, table, column } of rows) {
    const highest = table === null || column === null ? 'NULL' : `(SELECT max(${id(column)}) FROM ${publicly(table)})`
    const sequence = `${literal(publicly(name))}::regclass`
    await client.query(
      `SELECT setval(${sequence}, wanted) FROM (SELECT greatest(${highest}, $1::bigint) AS wanted) AS it WHERE wanted > coalesce(pg_sequence_last_value(${sequence}), 0)`,
      [kept[name] ?? null],
    )
  }
}
