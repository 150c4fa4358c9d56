/**
 * Moves a database forward to a new schema and back, in one transaction, and keeps what either direction takes from the
 * rows.
 *
 * The way back is a change like any other, with two differences: what was kept on the way forward is put back before
 * the old schema constrains the rows, and rows written in the meantime are made to fit. Going forward once more works
 * the same way, with what the way back kept.
 */
import { type Client, escapeIdentifier as id } from 'pg'
import { z } from 'zod'
import {
  moveReportSchema,
  type Loss,
  type Agreed,
  type MoveReport,
  type Rename,
  type SchemaChange,
} from '../../shared/schema'
import { fillRequired, setAside } from './amends'
import { readCatalogue, type Catalogue } from './catalogue'
import { keepOf, readingAs, Renames } from './compare'
import { requireAgreed, requireKept } from './consent'
import { readContent } from './content'
import {
  continueSequences,
  inKept,
  keepRows,
  keptSchema,
  markUntouched,
  parentsFirst,
  putBack,
  readSequences,
  settle,
  type Kept,
} from './kept'
import { demand } from './refusal'
import { restructure } from './restructure'
import { parseScript, type Script } from './script'

export type Direction = 'forward' | 'backward'

/** Without `keep`, nothing is kept or checked: it is only tried, and then rolled back. */
export type Movable = Omit<SchemaChange, 'keep'> & { readonly keep?: SchemaChange['keep'] | undefined }

/** Creates the schema for what is kept, unless it exists. */
export const journal = `
  CREATE SCHEMA IF NOT EXISTS im_kept;
  REVOKE ALL ON SCHEMA im_kept FROM PUBLIC;
  CREATE TABLE IF NOT EXISTS im_kept.moves (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, change text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('forward', 'backward')), at timestamptz NOT NULL DEFAULT now(),
    before jsonb NOT NULL, kept jsonb, sequences jsonb NOT NULL, report jsonb)`

const moveSchema = z.object({
  id: z.string(),
  direction: z.enum(['forward', 'backward']),
  before: z.custom<Catalogue>(it => typeof it === 'object' && it !== null && 'tables' in it),
  kept: z.array(keptSchema),
  sequences: z.record(z.string(), z.string()),
  report: moveReportSchema,
})
type Move = z.infer<typeof moveSchema>

/** The last move of a change; undefined if it was never made. */
async function lastMove(client: Client, change: string): Promise<Move | undefined> {
  const { rows } = await client.query(
    'SELECT id, direction, before, kept, sequences, report FROM im_kept.moves WHERE change = $1 ORDER BY moves.id DESC LIMIT 1',
    [change],
  )
  return rows[0] && moveSchema.parse(rows[0])
}

async function hasMoves(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>("SELECT to_regclass('im_kept.moves') IS NOT NULL AS found")
  return rows[0]?.found === true
}

/** Whether the database says that it has the change's new schema. */
export async function isForward(client: Client, change: string): Promise<boolean> {
  return (await hasMoves(client)) && (await lastMove(client, change))?.direction === 'forward'
}

/** Discards what was kept for changes other than these: there is no longer a way back from them. */
export async function forget(client: Client, needed: readonly string[]): Promise<void> {
  if (await hasMoves(client)) await letGo(client, 'change <> ALL ($1)', needed)
}

/** Discards what was kept for a change that was undone, unless the way back took something from the rows. */
export async function forgetUndone(client: Client, change: string): Promise<void> {
  if (!(await hasMoves(client))) return
  const last = await lastMove(client, change)
  const took = last?.direction === 'backward' ? [...last.report.losses, ...last.report.aside] : []
  if (!took.some(it => it.count > 0)) await letGo(client, 'change = $1', change)
}

async function letGo(client: Client, which: string, value: unknown): Promise<void> {
  const moves = await client.query<{ id: string; kept: unknown }>(`SELECT id, kept FROM im_kept.moves WHERE ${which}`, [
    value,
  ])
  for (const { id: number, kept } of moves.rows) {
    for (const it of z.array(keptSchema).parse(kept)) await client.query(`DROP TABLE IF EXISTS ${inKept(it.name)}`)
    await client.query('DELETE FROM im_kept.moves WHERE id = $1', [number])
  }
}

/**
 * Within the session's transaction. Safe to repeat: a database that already has the schema is left as it is.
 * @param agreed what it may lose; absent: anything
 * @throws Refused; Problem `schema-rollback`, `schema-loss`
 */
export async function move(
  client: Client,
  change: Movable,
  direction: Direction,
  agreed?: readonly Agreed[],
): Promise<MoveReport> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('im_kept', 0))")
  if (direction === 'backward' && !(await hasMoves(client))) return { losses: [], ...nothing }
  await client.query(journal)
  const last = await lastMove(client, change.id)
  if (last?.direction === direction) return last.report
  if (!last && direction === 'backward') return { losses: [], ...nothing }
  await lockTables(client)
  const before = await readCatalogue(client)
  const { rows } = await client.query<{ id: string }>(
    'INSERT INTO im_kept.moves (change, direction, before, sequences) VALUES ($1, $2, $3, $4) RETURNING id',
    [change.id, direction, before, await readSequences(client)],
  )
  const prefix = `m${rows[0]?.id ?? ''}`
  const renames = new Renames(direction === 'forward' ? change.renames : [])
  const { keep = [] } = direction === 'forward' ? change : { keep: keepBack(before, last, change) }
  const checked = direction === 'forward' && change.fix !== undefined && change.keep !== undefined
  const content = checked ? await readContent(client, before) : undefined
  const kept: Kept[] = []
  for (const it of keep) {
    const copy = await keepRows(client, `${prefix}_${kept.length}`, { before, renames }, it)
    if (copy) kept.push(copy)
  }
  // from here to the end, renamed things have the names of the new schema
  await applyRenames(client, renames.all)
  for (const it of last?.kept ?? []) await markUntouched(client, it)
  const script = parseScript(change[direction])
  await restructure(
    client,
    script,
    direction === 'forward' ? change.fix : undefined,
    last && wantedOf(last, change, direction),
  )
  const { copies, ...amends } = last ? await fitRows(client, prefix, script, last) : { ...nothing, copies: [] }
  await makeDemands(client, script)
  if (last) await continueSequences(client, last.sequences)

  const after = await readCatalogue(client)
  if (content) {
    const now = { catalogue: after, content: await readContent(client, after, readingAs(before, renames)) }
    requireKept({ catalogue: before, content }, now, renames, keep, amends)
  }
  const losses: Loss[] = []
  for (const [index, it] of kept.entries()) {
    const settled = await settle(client, { before, after, renames, all: direction === 'backward' }, it)
    kept[index] = settled.kept
    losses.push(...settled.losses)
  }
  if (agreed) requireAgreed(losses, agreed)
  if (direction === 'backward') await applyRenames(client, reversed(change.renames))
  const report = { losses, ...amends }
  await client.query('UPDATE im_kept.moves SET kept = $2, report = $3 WHERE id = $1', [
    rows[0]?.id,
    JSON.stringify([...kept, ...copies]),
    report,
  ])
  return report
}

const nothing = { placeholders: [], aside: [] }

/** Puts back what the opposite direction kept, and makes rows written since fit. */
async function fitRows(
  client: Client,
  prefix: string,
  script: Script,
  { kept }: Move,
): Promise<Pick<MoveReport, 'placeholders' | 'aside'> & { readonly copies: readonly Kept[] }> {
  const now = await readCatalogue(client)
  for (const it of parentsFirst(kept, now)) await putBack(client, now, it)
  const placeholders = await fillRequired(client, now, script.required)
  const { aside, kept: copies } = await setAside(client, `${prefix}_aside`, now, script)
  return { placeholders, aside, copies }
}

/** @throws Refused */
async function makeDemands(client: Client, { required, unique, foreign }: Script): Promise<void> {
  for (const it of required)
    await demand(client, `ALTER TABLE ${id(it.table)} ALTER COLUMN ${id(it.column)} SET NOT NULL`, { required: it })
  for (const sql of unique) await demand(client, sql)
  for (const it of foreign) await demand(client, it.sql, { foreign: it })
}

/**
 * The way back takes something too: columns and tables that only the new schema has, and values that are overwritten by
 * what is put back. The latter include columns that the operator's statement wrote: run once more, it would overwrite
 * what users wrote since.
 */
function keepBack(before: Catalogue, last: Move | undefined, change: Movable): SchemaChange['keep'] {
  if (!last) return []
  const renames = new Renames(change.renames)
  const wanted = keepOf(before, wantedOf(last, change, 'backward'), new Renames([]))
  return before.tables.flatMap(({ name: table, columns: its }) => {
    const found = wanted.find(it => it.table === table)
    const written = change.keep
      ?.filter(it => renames.table(it.table) === table)
      .flatMap(it => it.columns.map(column => renames.column(it.table, column)))
    const columns = its.map(it => it.name).filter(it => found?.columns.includes(it) || written?.includes(it))
    return found?.rows || columns.length > 0 ? [{ table, rows: found?.rows ?? false, columns }] : []
  })
}

/** The schema to return to, with the names that apply when things are put back. */
function wantedOf({ before }: Move, { renames: all }: Movable, direction: Direction): Catalogue {
  if (direction === 'forward') return before
  const renames = new Renames(all)
  return {
    ...before,
    tables: before.tables.map(table => ({
      name: renames.table(table.name),
      key: table.key.map(it => renames.column(table.name, it)),
      columns: table.columns.map(it => ({ ...it, name: renames.column(table.name, it.name) })),
    })),
  }
}

/** All at once: one by one, they might be locked in a different order than by the application. */
async function lockTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ names: string | null }>(
    "SELECT string_agg(quote_ident(relname), ', ') AS names FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  )
  const names = rows[0]?.names
  if (names) await client.query(`LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE`)
}

/** The renames that undo these. */
export const reversed = (renames: readonly Rename[]): Rename[] =>
  renames.map((it): Rename => ({ ...it, from: it.to, to: it.from })).toReversed()

/** Tables come first, or last when reversed: a column's rename refers to its table by the name after the change. */
export async function applyRenames(client: Client, renames: readonly Rename[]): Promise<void> {
  for (const it of renames)
    await demand(
      client,
      it.kind === 'table'
        ? `ALTER TABLE ${id(it.from)} RENAME TO ${id(it.to)}`
        : `ALTER TABLE ${id(it.table)} RENAME COLUMN ${id(it.from)} TO ${id(it.to)}`,
    )
}
