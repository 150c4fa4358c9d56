/**
 * A greedy instance's clients: as many connections as it is told to open, each asking for a tenth of a second again and
 * again, so that its pool is always full. Gets `{ connection, count }` as a message; says how many are connected.
 */
import { once } from 'node:events'
import pg from 'pg'

const [{ connection, count }] = await once(process, 'message')

async function ask() {
  for (;;) {
    const client = new pg.Client({ ...connection, connectionTimeoutMillis: 60_000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      connected()
      for (;;) await client.query('SELECT pg_sleep(0.1)')
    } catch {
      // PgBouncer sends away whoever has waited for 20 s; so it comes again
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

let open = 0
function connected() {
  if (++open === count) process.send(open)
}
for (let it = 0; it < count; it++) void ask()
