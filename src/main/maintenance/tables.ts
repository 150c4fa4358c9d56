/** Vacuums and analyzes the tables of one database. */
import { escapeIdentifier } from 'pg'
import type { TenantSession } from './session'

export interface Table {
  readonly schema: string
  readonly name: string
}

export interface DatabaseMeasure {
  /** Dead rows of all tables. */
  readonly dead: number
  /** Of the whole database. */
  readonly bytes: number
}

export async function measure({ query }: TenantSession): Promise<DatabaseMeasure> {
  const { rows } = await query<{ dead: string; bytes: string }>(`
    SELECT (SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables) AS dead,
      pg_database_size(current_database()) AS bytes`)
  return { dead: Number(rows[0]?.dead ?? 0), bytes: Number(rows[0]?.bytes ?? 0) }
}

/**
 * Tables that have changed since they were last vacuumed and analyzed, as far as PostgreSQL's statistics know, those
 * with the most dead rows first. A crash of PostgreSQL resets them: then all tables count. Tables that
 * a superuser created are included: a database's owner may vacuum them.
 */
export async function changedTables({ query }: TenantSession): Promise<readonly Table[]> {
  const { rows } = await query<Table>(`
    SELECT schemaname AS schema, stats.relname AS name
    FROM pg_stat_user_tables AS stats JOIN pg_class ON pg_class.oid = relid
    WHERE relkind IN ('r', 'm') AND relpersistence <> 't'
      AND (n_dead_tup > 0 OR n_mod_since_analyze > 0
        OR greatest(last_vacuum, last_autovacuum) IS NULL OR greatest(last_analyze, last_autoanalyze) IS NULL)
    ORDER BY n_dead_tup DESC, 1, 2`)
  return rows
}

export const vacuum = async ({ query }: TenantSession, table: Table): Promise<void> => {
  await query(`VACUUM (ANALYZE) ${nameOf(table)}`)
}

/** Qualified and quoted. */
export const nameOf = ({ schema, name }: Table): string => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
