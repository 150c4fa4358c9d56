/**
 * Hashes the rows of a tenant's table, read as our superuser. With COPY, PostgreSQL plans no query. To plan one, it would
 * call what the tenant has defined for an index, with our rights: an immutable function without arguments is a constant.
 */
import { hash } from 'node:crypto'
import { type Client, escapeIdentifier as id, Query } from 'pg'

export interface Rows {
  readonly oid: number
  readonly schema: string
  readonly table: string
  /** In the order in which they are hashed. */
  readonly columns: readonly string[]
  /** Those that are computed from the others and stored. */
  readonly generated: readonly string[]
}

/** Receives each row of a `COPY … TO STDOUT`. */
class CopyOut extends Query {
  readonly #receive: (row: Buffer) => void

  constructor(sql: string, receive: (row: Buffer) => void, ended: (error: Error | undefined) => void) {
    super(sql, ended)
    this.#receive = receive
  }

  /** Called by `Client`. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#receive(chunk)
  }
}

/**
 * Their ordinary columns.
 * @returns how many there are, and the sum of their hashes: their order doesn't matter. @throws what `pg` throws
 */
export const hashRows = (client: Client, rows: Rows): Promise<string> => hashColumns(client, rows, rows.columns)

/**
 * With their generated columns, which COPY refuses and only a planned query would read. In a transaction that is rolled
 * back, PostgreSQL is told that they are ordinary ones. Call it outside a transaction, as a superuser. @returns see `hashRows`
 */
export async function hashGenerated(client: Client, rows: Rows): Promise<string> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  try {
    await client.query("UPDATE pg_catalog.pg_attribute SET attgenerated = '' WHERE attrelid = $1 AND attnum > 0", [
      rows.oid,
    ])
    return await hashColumns(client, rows, [...rows.columns, ...rows.generated])
  } finally {
    await client.query('ROLLBACK')
  }
}

async function hashColumns(client: Client, { schema, table }: Rows, columns: readonly string[]): Promise<string> {
  let [count, sum] = [0, 0n]
  const receive = (row: Buffer): void => {
    count++
    sum = BigInt.asUintN(64, sum + hash('sha1', row, 'buffer').readBigUInt64BE())
  }
  const which = columns.length > 0 ? ` (${columns.map(id).join(', ')})` : ''
  // as stored: a row may have characters that UTF-8 doesn't
  const sql = `COPY ${id(schema)}.${id(table)}${which} TO STDOUT (ENCODING 'SQL_ASCII')`
  await new Promise<void>((resolve, reject) => {
    client.query(new CopyOut(sql, receive, error => (error ? reject(error) : resolve())))
  })
  return `${count} ${sum}`
}
