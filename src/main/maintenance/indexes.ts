/** Finds bloated indexes of one database, rebuilds them, and removes what an interrupted rebuild left behind. */
import { nameOf, type Table } from './tables'
import type { TenantSession } from './session'

export interface Index extends Table {
  readonly bytes: number
  /** An estimate of the bytes that its entries need. */
  readonly needed: number
}

/** An index is rebuilt if it takes at least this many times the space that it needs, and at least this many bytes. */
const bloated = { times: 2, bytes: 1_048_576 } as const

/**
 * The space that a B-tree's entries need, after PostgreSQL's own layout (src/include/access/itup.h, nbtree.h,
 * storage/bufpage.h): per entry a line pointer of 4 bytes, a header of 8 (16 with nulls) and the columns, aligned to 8;
 * per page a header of 24 bytes, 16 of the tree's, and one high key; pages filled to the index's fillfactor, 90 % by
 * default. Widths are ANALYZE's averages. Where they are unknown, the index isn't judged. Entries with equal keys may
 * be merged (PostgreSQL 13+), which makes the estimate too high, so that a bloated index may be missed. Random inserts
 * alone leave pages about 69 % full (Yao, “On random 2-3 trees”, 1978), which is well within the factor of two.
 */
const candidates = `
  WITH indexes AS (
    SELECT index.oid, spaces.nspname AS schema, index.relname AS name, pg_relation_size(index.oid) AS bytes,
      greatest(index.reltuples, 0)::float8 AS entries, tables.relname AS table_name, tables.oid AS table_oid, indkey,
      current_setting('block_size')::float8 AS page,
      coalesce((SELECT option_value::float8 FROM pg_options_to_table(index.reloptions)
        WHERE option_name = 'fillfactor'), 90) / 100 AS fill
    FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid JOIN pg_class AS tables ON tables.oid = indrelid
      JOIN pg_namespace AS spaces ON spaces.oid = index.relnamespace JOIN pg_am ON pg_am.oid = index.relam
    WHERE amname = 'btree' AND indisvalid AND NOT indisexclusion AND index.relkind = 'i' AND tables.relkind IN ('r', 'm')
      AND index.relpersistence <> 't' AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND pg_has_role(tables.relowner, 'USAGE')
      AND pg_relation_size(index.oid) >= ${bloated.bytes}),
  widths AS (
    SELECT indexes.oid,
      sum(CASE WHEN part.attlen > 0 THEN part.attlen ELSE avg_width END * (1 - coalesce(null_frac, 0))) AS width,
      bool_or(coalesce(null_frac, 0) > 0) AS nulls, bool_and(part.attlen > 0 OR avg_width IS NOT NULL) AS known
    FROM indexes JOIN pg_attribute AS part ON part.attrelid = indexes.oid
      LEFT JOIN pg_attribute AS source ON source.attrelid = table_oid AND source.attnum = indkey[part.attnum - 1]
      LEFT JOIN pg_stats ON schemaname = schema AND NOT inherited
        AND tablename = CASE WHEN source.attname IS NULL THEN name ELSE table_name END
        AND pg_stats.attname = coalesce(source.attname, part.attname)
    WHERE part.attnum > 0
    GROUP BY indexes.oid),
  entries AS (
    SELECT oid, 8 * ceil(width / 8) + CASE WHEN nulls THEN 16 ELSE 8 END AS entry FROM widths WHERE known),
  estimates AS (
    SELECT schema, name, bytes,
      page * (1 + ceil(1.01 * ceil(entries * (entry + 4) / ((page - 24 - 16 - entry) * fill)))) AS needed
    FROM indexes JOIN entries USING (oid) WHERE entry < page / 3)
  SELECT schema, name, bytes, ceil(needed)::bigint AS needed FROM estimates
  WHERE bytes >= ${bloated.times} * needed ORDER BY bytes - needed DESC, 1, 2`

/** The most wasteful first. The statistics it relies on are right only after VACUUM and ANALYZE. */
export async function bloatedIndexes({ query }: TenantSession): Promise<readonly Index[]> {
  const { rows } = await query<Table & { bytes: string; needed: string }>(candidates)
  return rows.map(it => ({ ...it, bytes: Number(it.bytes), needed: Number(it.needed) }))
}

/** Reads and writes continue meanwhile. The disk needs room for the new index. @returns its size in bytes */
export async function rebuild(session: TenantSession, index: Index): Promise<number> {
  try {
    await session.query(`REINDEX INDEX CONCURRENTLY ${nameOf(index)}`)
  } catch (error) {
    await dropLeftovers(session).catch(() => undefined) // the next run tries again
    throw error
  }
  const { rows } = await session.query<{ bytes: string }>('SELECT pg_relation_size($1::regclass) AS bytes', [
    nameOf(index),
  ])
  return Number(rows[0]?.bytes ?? 0)
}

/**
 * What an interrupted REINDEX CONCURRENTLY leaves behind: an invalid index of our own tables with PostgreSQL's suffix, beside
 * one with the name before the suffix and the same definition (PostgreSQL's documentation of REINDEX, “Rebuilding
 * Indexes Concurrently”). PostgreSQL shortens a long name before the suffix. A rebuild that is still running locks its
 * table, so dropping fails then.
 */
const leftovers = `
  SELECT nspname AS schema, index.relname AS name
  FROM pg_index AS left_over JOIN pg_class AS index ON index.oid = left_over.indexrelid
    JOIN pg_namespace ON pg_namespace.oid = index.relnamespace JOIN pg_class AS tables ON tables.oid = left_over.indrelid
  WHERE NOT left_over.indisvalid AND index.relkind = 'i' AND pg_has_role(tables.relowner, 'USAGE')
    AND index.relname ~ '_cc(new|old)[0-9]*$' AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND EXISTS (
      SELECT FROM pg_index AS original JOIN pg_class AS its ON its.oid = original.indexrelid
      WHERE original.indrelid = left_over.indrelid AND original.indisvalid AND its.relam = index.relam
        AND starts_with(its.relname, regexp_replace(index.relname, '_cc(new|old)[0-9]*$', ''))
        AND original.indisunique = left_over.indisunique AND original.indkey::text = left_over.indkey::text
        AND original.indclass::text = left_over.indclass::text
        AND original.indcollation::text = left_over.indcollation::text
        AND original.indoption::text = left_over.indoption::text
        AND pg_get_expr(original.indexprs, original.indrelid) IS NOT DISTINCT FROM pg_get_expr(left_over.indexprs, left_over.indrelid)
        AND pg_get_expr(original.indpred, original.indrelid) IS NOT DISTINCT FROM pg_get_expr(left_over.indpred, left_over.indrelid))`

/** @returns the names of what was dropped @throws if another session holds a table */
export async function dropLeftovers({ tidy }: TenantSession): Promise<readonly string[]> {
  const { rows } = await tidy<Table>(leftovers)
  for (const it of rows) await tidy(`DROP INDEX CONCURRENTLY IF EXISTS ${nameOf(it)}`)
  return rows.map(it => it.name)
}
