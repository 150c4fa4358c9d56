/** The tables of one database that have the most dead rows. */
import type { TableRows } from '../../../shared/database-activity'
import { unreachable, withConnection, type Login } from '../connection'

interface Row {
  readonly schema: string
  readonly name: string
  readonly live: string
  readonly dead: string
  /** Milliseconds since 1970. */
  readonly vacuumed: string | null
}

/** PostgreSQL shows this only inside the database, so each look is a login. @throws Problems of `unreachable` */
export async function tablesOf(admin: Login, database: string): Promise<readonly TableRows[]> {
  try {
    return await withConnection(
      { ...admin, database },
      async client => {
        const { rows } = await client.query<Row>(`
          SELECT schemaname AS schema, relname AS name, n_live_tup AS live, n_dead_tup AS dead,
            floor(extract(epoch FROM greatest(last_vacuum, last_autovacuum)) * 1000) AS vacuumed
          FROM pg_stat_user_tables ORDER BY n_dead_tup DESC, relname LIMIT 20`)
        return rows.map(it => ({
          name: it.schema === 'public' ? it.name : `${it.schema}.${it.name}`,
          live: Number(it.live),
          dead: Number(it.dead),
          vacuumedAt: it.vacuumed === null ? undefined : Number(it.vacuumed),
        }))
      },
      { connect: 4000, query: 4000 },
    )
  } catch (error) {
    throw unreachable(error, admin.port)
  }
}
