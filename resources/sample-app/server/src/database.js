/** The database, through Prisma on node-postgres: no native engine is needed. */
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

/** Connects on first use. A database that does not answer is an error after 5 s (connecting) or 15 s (a query), not a hang. */
export function connectDatabase(connectionString) {
  const adapter = new PrismaPg(
    { connectionString, max: 10, connectionTimeoutMillis: 5000, query_timeout: 15_000 },
    { onPoolError: error => console.error(`Database connection lost: ${error.message}`) },
  )
  return new PrismaClient({ adapter })
}
