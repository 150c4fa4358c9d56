/**
 * Copies the schema `public` with its rows, and what is kept, from one database to another over our own connections:
 * objects from the catalogue, rows as text. PostgreSQL's own tools don't work here: CREATE DATABASE … TEMPLATE requires
 * that nobody is connected, and the embedded server comes without pg_dump. The copy is compared with the original
 * afterwards, so anything that wasn't copied (a partitioned table, a policy) is detected rather than lost.
 */
import { type Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { bytes } from '../../shared/amounts'
import { problem } from '../../shared/problem'
import { differences, readCatalogue, type Catalogue, type Table } from './catalogue'
import { continueSequences, inKept, readSequences } from './kept'
import { journal } from './move'
import { isLocked, locked } from './session'

/** Bytes of rows in flight at once, as text, unless one row alone has more. */
const batch = 4_000_000
const mostRows = 5000
/** Bytes. Node's longest string has 512 MB, and quoting may double a row. */
const longestRow = 128 * 2 ** 20

/**
 * Both sessions belong to the role that owns the tables. The source is read as of one moment, and only read; its tables
 * stay usable.
 * @returns the catalogue of both
 * @throws Problem `schema-copy` if something can't be copied, `schema-locked`
 */
export async function clone(source: Client, target: Client, signal: AbortSignal): Promise<Catalogue> {
  await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  // `copyRows` reads a table twice, and expects its rows in one order
  await source.query('SET LOCAL synchronize_seqscans = off')
  try {
    const catalogue = await readCatalogue(source)
    await target.query('BEGIN')
    try {
      for (const sql of await objectsBefore(source, catalogue)) await target.query(sql)
      for (const it of catalogue.tables) await copyRows(source, target, `public.${id(it.name)}`, it.columns, signal)
      for (const sql of await objectsAfter(source, catalogue)) await target.query(sql)
      await continueSequences(target, await readSequences(source))
      await cloneKept(source, target, signal)
      await target.query('COMMIT')
    } catch (error) {
      await target.query('ROLLBACK').catch(() => undefined)
      signal.throwIfAborted()
      if (isLocked(error)) throw error
      throw uncopied(error instanceof Error ? error.message : String(error), error)
    }
    const [missing] = differences(catalogue, await readCatalogue(target))
    if (missing !== undefined) throw uncopied(missing)
    return catalogue
  } catch (error) {
    throw isLocked(error) ? locked(source.database ?? '', error) : error
  } finally {
    await source.query('ROLLBACK').catch(() => undefined)
  }
}

const uncopied = (cause: string, error?: unknown): Error =>
  problem(
    {
      code: 'schema-copy',
      message: 'The schema change can’t be rehearsed.',
      cause: `The database has something that can’t be copied: ${cause.slice(0, 500)}`,
      hint: 'Nothing was changed. Leave the schema as it is, or change it by hand.',
    },
    error,
  )

/** Types, sequences, functions, and tables without anything that constrains their rows. */
async function objectsBefore(source: Client, { tables, enums }: Catalogue): Promise<string[]> {
  const { rows: sequences } = await source.query<{ sql: string }>(`
    SELECT format('CREATE SEQUENCE %s AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s %s', pg_class.oid::regclass, format_type(seqtypid, NULL),
      seqincrement, seqmin, seqmax, seqstart, seqcache, CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) AS sql
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid WHERE relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = seqrelid AND deptype IN ('i', 'e'))`)
  const { rows: functions } = await source.query<{ sql: string }>(`
    SELECT pg_get_functiondef(oid) AS sql FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e') ORDER BY oid`)
  return [
    ...enums.map(it => `CREATE TYPE ${id(it.name)} AS ENUM (${it.labels.map(literal).join(', ')})`),
    ...sequences.map(it => it.sql),
    ...functions.map(it => it.sql),
    ...tables.map(it => `CREATE TABLE ${id(it.name)} (${it.columns.map(definition).join(', ')})`),
  ]
}

function definition({ name, type, required, default: standard, generated }: Table['columns'][number]): string {
  const value =
    generated === 'generated'
      ? ` GENERATED ALWAYS AS (${standard ?? ''}) STORED`
      : generated !== null
        ? ` GENERATED ${generated === 'identity always' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`
        : standard !== null
          ? ` DEFAULT ${standard}`
          : ''
  return `${id(name)} ${type}${value}${required ? ' NOT NULL' : ''}`
}

/** Whatever constrains the rows or acts on them: foreign keys after what they refer to, triggers last. */
async function objectsAfter(source: Client, { constraints, indexes }: Catalogue): Promise<string[]> {
  const { rows } = await source.query<{ sql: string }>(`
    SELECT sql FROM (
      SELECT 1 AS step, pg_depend.objid AS oid, format('ALTER SEQUENCE %s OWNED BY %s.%I', objid::regclass, refobjid::regclass, attname) AS sql
        FROM pg_depend JOIN pg_class ON pg_class.oid = objid JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
        WHERE classid = 'pg_class'::regclass AND relkind = 'S' AND deptype = 'a' AND relnamespace = 'public'::regnamespace
      UNION ALL
      SELECT 2, oid, format('CREATE VIEW %s AS %s', oid::regclass, pg_get_viewdef(oid)) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
      UNION ALL
      SELECT 3, pg_trigger.oid, pg_get_triggerdef(pg_trigger.oid, true) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal
    ) AS objects ORDER BY step, oid`)
  const add = (it: Catalogue['constraints'][number]): string =>
    `ALTER TABLE ${id(it.table)} ADD CONSTRAINT ${id(it.name)} ${it.definition}`
  const isForeign = (it: Catalogue['constraints'][number]): boolean => it.definition.startsWith('FOREIGN KEY')
  return [
    ...constraints.filter(it => !isForeign(it)).map(add),
    ...indexes.map(it => it.definition),
    ...constraints.filter(isForeign).map(add),
    ...rows.map(it => it.sql),
  ]
}

/** Each row travels as one text, as PostgreSQL itself writes and reads it. Lengths come first: a row may be a whole file. */
async function copyRows(
  source: Client,
  target: Client,
  table: string,
  columns: readonly { readonly name: string; readonly generated?: string | null }[],
  signal: AbortSignal,
): Promise<void> {
  const written = columns.filter(it => it.generated !== 'generated').map(it => id(it.name))
  if (written.length === 0) return
  const cursor = (name: string, value: string): Promise<unknown> =>
    source.query(`DECLARE ${name} NO SCROLL CURSOR FOR SELECT ${value} AS it FROM ${table} AS im_row`)
  await cursor('im_lengths', 'octet_length((im_row.*)::text)')
  await cursor('im_rows', '(im_row.*)::text')
  for (;;) {
    const { rows } = await source.query<{ it: number }>(`FETCH ${mostRows} FROM im_lengths`)
    if (rows.length === 0) break
    const lengths = rows.map(it => it.it)
    if (lengths.some(it => it > longestRow)) throw new Error(`a row of more than ${bytes(longestRow)} in ${table}`)
    for (const count of batchesOf(lengths)) {
      signal.throwIfAborted()
      const lines = await source.query<{ it: string }>(`FETCH ${count} FROM im_rows`)
      await target.query(
        `INSERT INTO ${table} (${written.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${written.join(', ')} FROM unnest($1::${table}[])`,
        [lines.rows.map(it => it.it)],
      )
    }
  }
  await source.query('CLOSE im_lengths; CLOSE im_rows')
}

/** How many rows are taken at a time. @param lengths bytes of each */
function batchesOf(lengths: readonly number[]): number[] {
  const batches: number[] = []
  let size = Infinity
  for (const length of lengths) {
    size += length
    if (size <= batch) batches.push((batches.pop() ?? 0) + 1)
    else {
      batches.push(1)
      size = length
    }
  }
  return batches
}

/** Copies what earlier changes kept, so that they can be undone in the copy too. */
async function cloneKept(source: Client, target: Client, signal: AbortSignal): Promise<void> {
  const { rows: tables } = await source.query<{ name: string; columns: { name: string; type: string }[] }>(`
    SELECT relname::text AS name, json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod)) ORDER BY attnum) AS columns
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = to_regnamespace('im_kept') AND relkind = 'r' AND attnum > 0 AND NOT attisdropped GROUP BY relname`)
  if (tables.length === 0) return
  await target.query(journal)
  for (const { name, columns } of tables) {
    const table = inKept(name)
    const all = columns.map(it => `${id(it.name)} ${it.type}`).join(', ')
    if (name !== 'moves') await target.query(`CREATE TABLE ${table} (${all})`)
    await copyRows(source, target, table, columns, signal)
  }
  await target.query("SELECT setval(pg_get_serial_sequence('im_kept.moves', 'id'), max(id)) FROM im_kept.moves")
}
