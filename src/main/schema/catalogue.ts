/** What the schema `public` consists of, according to PostgreSQL's catalogue. */
import type { Client } from 'pg'

export interface Catalogue {
  readonly tables: readonly Table[]
  readonly enums: readonly Enum[]
  readonly constraints: readonly Constraint[]
  /** Indexes that belong to no constraint. */
  readonly indexes: readonly Index[]
  /** Sequences, and whatever Prisma doesn't know (views, triggers, functions …), each described in one line. */
  readonly others: readonly string[]
}

export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  /** Identifies its rows: the primary key, otherwise the columns of a unique index without NULLs, otherwise empty. */
  readonly key: readonly string[]
}

export interface Column {
  readonly name: string
  /** As written in SQL, e.g. `character varying(20)`, `role[]`. */
  readonly type: string
  /** `typcategory` of `pg_type`, e.g. `N` for numbers. */
  readonly category: string
  /** The enum that is its type, or its array's element type. */
  readonly enum: string | null
  readonly required: boolean
  /** An expression; of a generated column, the generating one. */
  readonly default: string | null
  /** `generated always`, `identity by default` … */
  readonly generated: string | null
  /** Its number in the table. A column that is dropped and added again gets a new one. */
  readonly position: number
}

export interface Enum {
  readonly name: string
  readonly labels: readonly string[]
}

export interface Constraint {
  readonly table: string
  /** What a foreign key refers to. */
  readonly parent?: string | null
  readonly name: string
  readonly columns: readonly string[]
  readonly definition: string
}

export interface Index extends Constraint {
  readonly unique: boolean
}

/** Excludes what extensions brought. @param classid a catalogue @param oid of a row in it */
const notOfExtension = (classid: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend WHERE classid = '${classid}'::regclass AND objid = ${oid} AND deptype = 'e')`

const ofTables = `relnamespace = 'public'::regnamespace AND relkind = 'r' AND ${notOfExtension('pg_class', 'pg_class.oid')}`

const columnsSql = `
  SELECT relname::text AS table, attname::text AS name, format_type(atttypid, atttypmod) AS type, t.typcategory::text AS category,
    CASE WHEN t.typtype = 'e' THEN t.typname::text WHEN element.typtype = 'e' THEN element.typname::text END AS enum,
    attnotnull AS required, pg_get_expr(adbin, adrelid) AS default, attnum::int AS position,
    CASE WHEN attgenerated = 's' THEN 'generated' WHEN attidentity = 'a' THEN 'identity always' WHEN attidentity = 'd' THEN 'identity' END AS generated
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_type AS t ON t.oid = atttypid
    LEFT JOIN pg_type AS element ON element.oid = t.typelem AND t.typcategory = 'A'
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE ${ofTables} AND attnum > 0 AND NOT attisdropped ORDER BY relname, attnum`

const tablesSql = `SELECT relname::text AS name FROM pg_class WHERE ${ofTables} ORDER BY relname`

const columnNames = (numbers: string, table: string): string =>
  `ARRAY(SELECT attname::text FROM unnest(${numbers}) WITH ORDINALITY AS n (number, place)
    JOIN pg_attribute ON attrelid = ${table} AND attnum = number ORDER BY place)`

const keysSql = `
  SELECT DISTINCT ON (indrelid) relname::text AS table, ${columnNames('indkey', 'indrelid')} AS columns
  FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
  WHERE ${ofTables} AND indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL AND indnkeyatts = indnatts
    AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey) AND NOT attnotnull)
  ORDER BY indrelid, indisprimary DESC, indexrelid`

const enumsSql = `
  SELECT typname::text AS name, array_agg(enumlabel::text ORDER BY enumsortorder) AS labels FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid
  WHERE typnamespace = 'public'::regnamespace AND ${notOfExtension('pg_type', 'pg_type.oid')} GROUP BY typname ORDER BY typname`

const constraintsSql = `
  SELECT relname::text AS table, conname::text AS name, ${columnNames('conkey', 'conrelid')} AS columns, pg_get_constraintdef(pg_constraint.oid) AS definition,
    (SELECT parent.relname::text FROM pg_class AS parent WHERE parent.oid = confrelid) AS parent
  FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE ${ofTables} AND contype IN ('p', 'u', 'f', 'c', 'x') ORDER BY relname, conname`

const indexesSql = `
  SELECT relname::text AS table, indexrelid::regclass::text AS name, ${columnNames('indkey', 'indrelid')} AS columns,
    pg_get_indexdef(indexrelid, 0, true) AS definition, indisunique AS unique
  FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
  WHERE ${ofTables} AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')) ORDER BY relname, indexrelid::regclass::text`

const othersSql = `
  SELECT format('sequence %s as %s%s', sequence.oid::regclass, format_type(seqtypid, NULL), ' of ' || refobjid::regclass || '.' || attname) AS line
    FROM pg_class AS sequence JOIN pg_sequence ON seqrelid = sequence.oid
      LEFT JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = sequence.oid AND deptype IN ('a', 'i') AND refclassid = 'pg_class'::regclass
      LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE relnamespace = 'public'::regnamespace AND ${notOfExtension('pg_class', 'sequence.oid')}
  UNION ALL
  SELECT format('relation of kind %s: %s %s', relkind, pg_class.oid::regclass, CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(pg_class.oid) END)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'S', 'i') AND ${notOfExtension('pg_class', 'pg_class.oid')}
  UNION ALL
  SELECT format('table %s: access %s, options %s, row security %s %s, inherits %s', pg_class.oid::regclass, relpersistence, reloptions, relrowsecurity, relforcerowsecurity,
      EXISTS (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid))
    FROM pg_class WHERE ${ofTables} AND (relpersistence <> 'p' OR reloptions IS NOT NULL OR relrowsecurity OR relforcerowsecurity OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid))
  UNION ALL
  SELECT format('trigger: %s', pg_get_triggerdef(pg_trigger.oid, true)) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE ${ofTables} AND NOT tgisinternal
  UNION ALL
  SELECT format('rule: %s', pg_get_ruledef(pg_rewrite.oid, true)) FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class WHERE ${ofTables}
  UNION ALL
  SELECT format('policy %s on %s', polname, polrelid::regclass) FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid WHERE ${ofTables}
  UNION ALL
  SELECT format('function %s: %s', oid::regprocedure, CASE WHEN prokind IN ('f', 'p') THEN pg_get_functiondef(oid) END)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND ${notOfExtension('pg_proc', 'pg_proc.oid')}
  UNION ALL
  SELECT format('type %s', format_type(pg_type.oid, NULL)) FROM pg_type LEFT JOIN pg_class ON pg_class.oid = typrelid
    WHERE typnamespace = 'public'::regnamespace AND typtype <> 'e' AND typcategory <> 'A' AND (typrelid = 0 OR relkind = 'c') AND ${notOfExtension('pg_type', 'pg_type.oid')}
      AND (SELECT typtype FROM pg_type AS ranged JOIN pg_range ON rngmultitypid = pg_type.oid WHERE ranged.oid = rngtypid) IS NULL
  UNION ALL
  SELECT format('extension %s in %s', extname, extnamespace::regnamespace) FROM pg_extension
  ORDER BY line`

/** Uses the session's current transaction, if there is one. */
export async function readCatalogue(client: Client): Promise<Catalogue> {
  const rows = async <Row extends object>(sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows
  const columns = (await rows<Column & { table: string }>(columnsSql)).map(({ table, ...column }) => ({
    of: table,
    column,
  }))
  const keys = new Map((await rows<{ table: string; columns: string[] }>(keysSql)).map(it => [it.table, it.columns]))
  return {
    tables: (await rows<{ name: string }>(tablesSql)).map(({ name }) => ({
      name,
      columns: columns.filter(it => it.of === name).map(it => it.column),
      key: keys.get(name) ?? [],
    })),
    enums: await rows<Enum>(enumsSql),
    constraints: await rows<Constraint>(constraintsSql),
    indexes: await rows<Index>(indexesSql),
    others: (await rows<{ line: string }>(othersSql)).map(it => it.line),
  }
}

/** The whole catalogue, one fact per line, regardless of the order of columns. */
export function factsOf({ tables, enums, constraints, indexes, others }: Catalogue): string[] {
  return [
    ...tables.flatMap(table => [
      `table ${table.name}`,
      ...table.columns.map(
        it =>
          `column ${table.name}.${it.name}: ${it.type}${it.required ? ' not null' : ''} ${it.default ?? ''} ${it.generated ?? ''}`,
      ),
    ]),
    ...enums.map(it => `enum ${it.name}: ${it.labels.join(', ')}`),
    ...[...constraints, ...indexes].map(it => `on ${it.table}: ${it.name} ${it.definition}`),
    ...others,
  ].toSorted()
}

/** Facts that only one of the two contains. */
export function differences(one: Catalogue, other: Catalogue): string[] {
  const [left, right] = [new Set(factsOf(one)), new Set(factsOf(other))]
  return [...[...left].filter(it => !right.has(it)), ...[...right].filter(it => !left.has(it))]
}

export const tableOf = (catalogue: Catalogue, name: string): Table | undefined =>
  catalogue.tables.find(it => it.name === name)

export const columnOf = (table: Table | undefined, name: string): Column | undefined =>
  table?.columns.find(it => it.name === name)
