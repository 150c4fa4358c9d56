/** The smoke test of the database: reads the director's table through the instance's own connection URL. */
import { join } from 'node:path'
import { parse } from 'dotenv'
import { escapeIdentifier } from 'pg'
import type { Infrastructure } from '../../infrastructure/infrastructure'
import { withConnection, type Login } from '../../infrastructure/connection'
import { isUnproven } from '../../infrastructure/proof'
import { readIfExists } from '../../system/files'
import type { Slot } from '../../workspace/paths'
import type { SettingsFile } from '../../workspace/settings'
import { loginInUrl } from '../pooled'
import type { Verdict } from './pages'

export interface TableServices {
  readonly infrastructure: Pick<Infrastructure, 'server' | 'throughPool'>
  readonly settings: Pick<SettingsFile, 'read'>
}

/** Milliseconds. */
const timeouts = { connect: 10_000, query: 10_000 }

/** Where the schema may be: with the client that Prisma generated from it, wherever it was; or in its usual place. */
const schemas = ['node_modules/.prisma/client/schema.prisma', 'prisma/schema.prisma']

/** The director's table by its SQL name; undefined if the schema has no such model. */
export async function directorsTable({ server }: Slot, model: string): Promise<string | undefined> {
  for (const it of schemas) {
    const table = tableOf((await readIfExists(join(server, it))) ?? '', model)
    if (table !== undefined) return table
  }
  return undefined
}

/** @param model the Prisma client's property, e.g. `user` */
export function tableOf(schema: string, model: string): string | undefined {
  for (const [, name = '', body = ''] of schema.matchAll(/^model\s+(\w+)\s*\{([^]*?)^\}/gm)) {
    if (name.charAt(0).toLowerCase() + name.slice(1) !== model) continue
    const attribute = (its: string): string | undefined =>
      new RegExp(`^\\s*@@${its}\\(\\s*(?:name:\\s*)?"([^"]+)"`, 'm').exec(body)?.[1]
    const names = [attribute('schema'), attribute('map') ?? name]
    return names.flatMap(it => (it === undefined ? [] : [escapeIdentifier(it)])).join('.')
  }
  return undefined
}

/** @param table absent: only tests whether the instance can connect */
export async function tableAnswers(services: TableServices, env: string, table: string | undefined): Promise<Verdict> {
  const login = await loginOf(services, parse(env)['DATABASE_URL'])
  if (!login) return { skipped: 'DATABASE_URL doesn’t point to this workspace’s PgBouncer or PostgreSQL.' }
  try {
    const query = table === undefined ? 'SELECT 1' : `SELECT 1 FROM ${table} LIMIT 1`
    await withConnection(login, client => client.query(query), timeouts)
    return {}
  } catch (error) {
    // it requires MD5, which we don't support, but the application may
    if (login.adopted && isUnproven(error)) return { skipped: 'The server can’t prove its identity.' }
    return { failure: `${error instanceof Error ? error.message : String(error)}.` }
  }
}

async function loginOf(
  { infrastructure, settings }: TableServices,
  url: string | undefined,
): Promise<Login | undefined> {
  const its = loginInUrl(url)
  const { ports } = await settings.read()
  if (its?.port === ports.pgbouncer) return { ...(await infrastructure.throughPool(its.database)), ...its }
  if (its?.port === ports.postgres) return { ...(await infrastructure.server('postgres')), ...its }
  return undefined
}
