/** Why PostgreSQL doesn't accept a statement, in a sentence, with the rows that cause it. */
import { type Client, DatabaseError, escapeIdentifier as id, type QueryConfig } from 'pg'
import { problem } from '../../shared/problem'
import { rowWords, type Refusal } from '../../shared/schema'
import { readCatalogue, tableOf } from './catalogue'
import { countRows } from './kept'
import type { ForeignKey } from './script'

/** A change that can't be made with these rows. The catcher must roll back the transaction. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(
    readonly refusal: Refusal,
    options: ErrorOptions,
  ) {
    super(refusal.words, options)
  }
}

/** For a transaction that was rolled back. */
export const refusedProblem = ({ words, statement, message, code }: Refusal, error?: Refused): Error =>
  problem(
    {
      code: 'schema-refused',
      message: 'Existing rows don’t allow this schema change.',
      cause: words,
      hint: 'Nothing was changed. Fix these rows, then try again.',
      details: `${statement}\n${message} (SQLSTATE ${code})`,
    },
    error,
  )

/** What a statement requires of rows, unless its text says so. */
export interface Demand {
  readonly required?: { readonly table: string; readonly column: string }
  readonly foreign?: ForeignKey
}

/** Runs one statement. @throws Refused */
export async function demand(client: Client, sql: string, its: Demand = {}): Promise<void> {
  await client.query('SAVEPOINT im_statement')
  try {
    // this mode refuses a string of several statements, so none can get past the savepoint
    await client.query({ text: sql, queryMode: 'extended' } as QueryConfig)
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code === '55P03' || error.code === '40P01') throw error
    await client.query('ROLLBACK TO SAVEPOINT im_statement')
    throw new Refused(await explain(client, sql, error, its), { cause: error })
  }
  await client.query('RELEASE SAVEPOINT im_statement')
}

const quotedName = String.raw`"((?:[^"]|"")+)"`
const unquote = (it = ''): string => it.replaceAll('""', '"')

interface Finding {
  readonly table: string
  /** SQL condition on rows `t`. */
  readonly condition: string
  readonly words: (rows: string) => string
}

async function explain(client: Client, sql: string, error: DatabaseError, its: Demand): Promise<Refusal> {
  const base = { statement: sql, code: error.code ?? '', message: error.message }
  const catalogue = await readCatalogue(client)
  for (const { table: name, condition, words } of await findings(client, sql, error.code, its)) {
    const table = tableOf(catalogue, name)
    const rows = table && (await countRows(client, table, condition))
    if (rows && rows.count > 0) return { ...base, words: words(rowWords(rows)), rows: { table: name, ...rows } }
  }
  return { ...base, words: `PostgreSQL refuses it: ${error.message}.` }
}

async function findings(client: Client, sql: string, code: string | undefined, its: Demand): Promise<Finding[]> {
  const [, table = ''] =
    new RegExp(`^(?:ALTER TABLE|CREATE UNIQUE INDEX ${quotedName} ON) (?:"public"\\.)?${quotedName}`)
      .exec(sql)
      ?.slice(1)
      .map(unquote) ?? []
  if (its.required) {
    const { table: of, column } = its.required
    return [
      {
        table: of,
        condition: `t.${id(column)} IS NULL`,
        words: rows => `Column \`${column}\` of \`${of}\` needs a value, and ${rows} would have none.`,
      },
    ]
  }
  if (its.foreign) {
    const { table: of, columns, parent, parentColumns } = its.foreign
    return [
      {
        table: of,
        condition: orphaned(its.foreign),
        words: rows =>
          `\`${columns.join(', ')}\` of \`${of}\` must refer to a row of \`${parent}\` (${parentColumns.join(', ')}), and in ${rows} it doesn’t.`,
      },
    ]
  }
  switch (code ?? '') {
    case '23505': {
      const columns = [...(/\(([^()]*)\)\s*$/.exec(sql)?.[1] ?? '').matchAll(new RegExp(quotedName, 'g'))].map(it =>
        unquote(it[1]),
      )
      if (columns.length === 0) return [] // a column under a unique index got another type
      const same = columns.map(it => `other.${id(it)} = t.${id(it)}`).join(' AND ')
      return [
        {
          table,
          condition: `EXISTS (SELECT FROM public.${id(table)} AS other WHERE ${same} AND other.ctid <> t.ctid)`,
          words: rows => `\`${columns.join(', ')}\` of \`${table}\` must be unique, but ${rows} have duplicate values.`,
        },
      ]
    }
    case '22001':
      return [
        ...sql.matchAll(new RegExp(`ALTER COLUMN ${quotedName} SET DATA TYPE (?:VAR)?CHAR\\((\\d+)\\)`, 'g')),
      ].map(it => ({
        table,
        condition: `char_length(t.${id(unquote(it[1]))}::text) > ${it[2]}`,
        words: rows =>
          `\`${unquote(it[1])}\` of \`${table}\` may have at most ${it[2]} characters, and in ${rows} it has more.`,
      }))
    case '22003':
      return [
        ...sql.matchAll(new RegExp(`ALTER COLUMN ${quotedName} SET DATA TYPE (SMALLINT|INTEGER|INT)\\b`, 'g')),
      ].map(it => ({
        table,
        condition: `abs(t.${id(unquote(it[1]))}) > ${it[2] === 'SMALLINT' ? 32_767 : 2_147_483_647}`,
        words: rows =>
          `\`${unquote(it[1])}\` of \`${table}\` gets a smaller type, and in ${rows} the number is too big.`,
      }))
    case '22P02': {
      const [, column, type] =
        new RegExp(`ALTER COLUMN ${quotedName} TYPE ${quotedName} USING`).exec(sql)?.map(unquote) ?? []
      if (column === undefined || type === undefined) return []
      return [
        {
          table,
          condition: `NOT t.${id(column)}::text = ANY (ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = '${id(type).replaceAll("'", "''")}'::regtype))`,
          words: rows => `In ${rows}, \`${column}\` of \`${table}\` has a value that no longer exists.`,
        },
      ]
    }
    default:
      return []
  }
}

/** SQL condition: rows `t` whose parent doesn't exist. */
export function orphaned({ columns, parent, parentColumns }: ForeignKey): string {
  const complete = columns.map(it => `t.${id(it)} IS NOT NULL`)
  const same = columns.map((it, index) => `parent.${id(parentColumns[index] ?? '')} = t.${id(it)}`)
  return `${complete.join(' AND ')} AND NOT EXISTS (SELECT FROM public.${id(parent)} AS parent WHERE ${same.join(' AND ')})`
}
