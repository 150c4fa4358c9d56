/**
 * What must be the same in a database after a move: its objects by name, with their owners and rights, and every
 * table's rows by count and hash. It is read as our superuser from a database that a tenant owns, so only built-in
 * functions are called, and a tenant's own tables are read without a query (`rows.ts`): a cast, an operator, a view or
 * an index could be the tenant's code.
 */
import { type Client, escapeIdentifier as id } from 'pg'
import { type Login, withConnection } from '../connection'
import { access, ours } from './access'
import { hashGenerated, hashRows, type Rows } from './rows'

/** Keyed by what it describes, e.g. `rows of public.users`. */
export type DatabaseContent = ReadonlyMap<string, string>

/** Milliseconds for one statement: enough for a table of hundreds of gigabytes. */
const longest = 12 * 3_600_000

/** Overrides settings that a tenant may have made on its database: they apply to our session too. */
const pinned = `SET row_security = off;
  SET lock_timeout = '60s'; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
  SET extra_float_digits = 1; SET bytea_output = 'hex'; SET xmloption = 'content'; SET lc_monetary = 'C'; SET array_nulls = on;
  SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind';
  SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout')`

const notOfExtension = (table: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend WHERE classid = '${table}'::regclass AND objid = ${table}.oid AND deptype = 'e')`

/** Definitions aren't compared, because each version of PostgreSQL writes them differently. They are left to pg_restore. */
const objects = `
  SELECT format('schema %I', nspname) AS it FROM pg_namespace WHERE NOT (${ours})
  UNION ALL SELECT format('relation %s %I.%I', relkind, nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE NOT (${ours}) AND ${notOfExtension('pg_class')}
  UNION ALL SELECT format('column %I.%I.%I %s', nspname, relname, attname, format_type(atttypid, atttypmod)) FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE NOT (${ours}) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND attnum > 0 AND NOT attisdropped AND ${notOfExtension('pg_class')}
  UNION ALL SELECT format('constraint %s %I on %s', contype, conname, CASE WHEN conrelid <> 0 THEN conrelid::regclass::text ELSE contypid::regtype::text END)
    FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace WHERE NOT (${ours}) AND contype <> 'n'
  UNION ALL SELECT format('routine %s %I.%I(%s) %s', prokind, nspname, proname, pg_get_function_identity_arguments(pg_proc.oid), md5(prosrc)) FROM pg_proc
    JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE NOT (${ours}) AND ${notOfExtension('pg_proc')}
  UNION ALL SELECT format('type %s %I.%I', typtype, nspname, typname) FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace
    WHERE NOT (${ours}) AND typtype IN ('d', 'e', 'r') AND ${notOfExtension('pg_type')}
  UNION ALL SELECT format('label %s of %s', enumlabel, enumtypid::regtype) FROM pg_enum
  UNION ALL SELECT format('trigger %I on %s, enabled %s', tgname, tgrelid::regclass, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT format('rule %I on %s', rulename, ev_class::regclass) FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE NOT (${ours}) AND ${notOfExtension('pg_class')}
  UNION ALL SELECT format('extension %I', extname) FROM pg_extension
  UNION ALL SELECT format('publication %I', pubname) FROM pg_publication`

/** @param admin our role's login to the database */
export const readContent = (admin: Login, signal: AbortSignal): Promise<DatabaseContent> =>
  withConnection(
    admin,
    async client => {
      await client.query(pinned)
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      const content = new Map<string, string>()
      for (const { it, count } of (
        await client.query<{ it: string; count: string }>(
          `SELECT it, count(*) AS count FROM (${objects}) AS objects GROUP BY it ORDER BY it COLLATE "C"`,
        )
      ).rows)
        content.set(it, count)
      for (const { what, value } of (await client.query<{ what: string; value: string }>(access)).rows)
        content.set(what, value)
      const all = await tables(client)
      for (const it of all) {
        signal.throwIfAborted()
        content.set(`rows of ${it.schema}.${it.table}`, await hashRows(client, it))
      }
      for (const [what, sql] of await questions(client)) {
        signal.throwIfAborted()
        const { rows } = await client.query<{ count: string; hash: string }>(sql)
        content.set(what, `${rows[0]?.count ?? ''} ${rows[0]?.hash ?? ''}`)
      }
      await client.query('ROLLBACK')
      for (const it of all.filter(({ generated }) => generated.length > 0)) {
        signal.throwIfAborted()
        content.set(
          `${computed}${it.generated.join(', ')} in ${it.schema}.${it.table}`,
          await hashGenerated(client, it),
        )
      }
      return content
    },
    { connect: 10_000, query: longest },
  )

/** Virtual ones (`v`) aren't stored, so there is nothing to compare. Before PostgreSQL 12, there are none. */
const columns = (generated: '' | 's'): string => `
  ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    AND coalesce(to_jsonb(pg_attribute) ->> 'attgenerated', '') = '${generated}' ORDER BY attname COLLATE "C")`

async function tables(client: Client): Promise<readonly Rows[]> {
  const { rows } = await client.query<Rows>(`
    SELECT pg_class.oid, nspname::text AS schema, relname::text AS table, ${columns('')} AS columns, ${columns('s')} AS generated
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'r' AND NOT (${ours}) AND ${notOfExtension('pg_class')} ORDER BY 2, 3`)
  return rows
}

/** The hashes are summed, so the order of the rows doesn't matter. `record_out` writes a row without any cast. */
const hashed = (row: string, from: string): string =>
  `SELECT count(*) AS count, coalesce(sum(hashtextextended(textin(record_out(${row})), 0)::numeric), 0)::text AS hash FROM ${from}`

/** What else is read, each with its query: a sequence has no indexes, and large objects are PostgreSQL's own table. */
async function questions(client: Client): Promise<[string, string][]> {
  const { rows } = await client.query<{ schema: string; name: string }>(`
    SELECT nspname::text AS schema, relname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'S' AND NOT (${ours}) AND ${notOfExtension('pg_class')} ORDER BY 1, 2`)
  return [
    ...rows.map(({ schema, name }): [string, string] => [
      `sequence ${schema}.${name}`,
      hashed('ROW(im_row.last_value, im_row.is_called)', `ONLY ${id(schema)}.${id(name)} AS im_row`),
    ]),
    ['rows of large objects', hashed('ROW(loid, pageno, data)', 'pg_largeobject')],
  ]
}

const differing = (one: DatabaseContent, other: DatabaseContent): string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter(it => one.get(it) !== other.get(it))

/** What begins the names of generated columns. */
const computed = 'generated '

/** The differences in words; empty if there are none. */
export const differences = (one: DatabaseContent, other: DatabaseContent): string[] =>
  differing(one, other)
    .filter(it => !it.startsWith(computed))
    .map(it => `${it}: ${one.get(it) ?? 'absent'} before, ${other.get(it) ?? 'absent'} after`)

/**
 * The generated columns that aren't the same, e.g. `search in public.users`. They needn't be: each PostgreSQL computes
 * them itself, and what it knows of languages and letters changes with its version and its C library.
 */
export const recomputed = (one: DatabaseContent, other: DatabaseContent): string[] =>
  differing(one, other)
    .filter(it => it.startsWith(computed))
    .map(it => it.slice(computed.length))
