/**
 * The Prisma CLI without its native schema engine, which would be downloaded from binaries.prisma.sh and fails behind
 * many firewalls: its WebAssembly engine reaches PostgreSQL through node-postgres instead.
 */
import { PrismaPg } from '@prisma/adapter-pg'
import { config } from 'dotenv'
import pg from 'pg'
import { defineConfig } from 'prisma/config'

config({ quiet: true })

// Schema changes need a session of their own: past the connection pool if there is one.
const connectionString = process.env.DIRECT_URL || process.env.DATABASE_URL

// `prisma generate` reads no database, but the CLI looks for native engines unless the schema's URL is set.
process.env.DATABASE_URL ||= 'postgresql://localhost'

// The adapter knows no types of PostgreSQL's own catalogue ("char", name, pg_node_tree …): let them be text.
const text = 25, textArray = 1009
const catalogueTypes: Record<number, number> = {
  18: text, 19: text, 194: text, 2205: text, 2206: text, 1002: textArray, 1003: textArray,
}
class CatalogueClient extends pg.Client {
  constructor(options) {
    super(options)
    this.connection.on('rowDescription', ({ fields }) => {
      for (const field of fields) field.dataTypeID = catalogueTypes[field.dataTypeID] ?? field.dataTypeID
    })
  }
}

// The engine forgets a timer of 60 s when there is nothing to change; the command need not wait for it.
const setTimer = globalThis.setTimeout
globalThis.setTimeout = Object.assign((callback, delay, ...rest) => {
  const timer = setTimer(callback, delay, ...rest)
  return delay >= 60_000 ? timer.unref() : timer
}, setTimer)

export default defineConfig({
  schema: 'prisma/schema.prisma',
  experimental: { adapter: true },
  engine: 'js',
  adapter: async () => {
    if (!connectionString) throw new Error('Set DATABASE_URL (and DIRECT_URL when that goes through a pool) in the environment or in .env.')
    return new PrismaPg({ connectionString, Client: CatalogueClient, allowExitOnIdle: true, connectionTimeoutMillis: 10_000 })
  },
})
