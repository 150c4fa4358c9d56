/**
 * Copies all databases from one PostgreSQL to another, which is empty: what belongs to the cluster over our own
 * connections, each database with pg_dump and pg_restore. A database's owner is a tenant, and restoring may run its code
 * (e.g. a function in a CHECK), so it is restored in a session of that owner, never in a superuser's.
 */
import { type Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { generatePassword } from '../../../shared/password'
import { problem, ProblemError } from '../../../shared/problem'
import { mapLimited } from '../../system/map-limited'
import { type Login, withConnection } from '../connection'
import type { Driver, StartTool } from '../drivers/driver'
import { scramSecret } from '../scram'
import { installLookup } from '../secure'
import { postgres } from '../services/postgres'
import {
  clearCluster,
  databaseSql,
  membershipSql,
  readCluster,
  roleSql,
  settingSql,
  type Cluster,
  type DatabaseFacts,
} from './cluster'

/** Databases at a time: both PostgreSQLs share the machine. */
const atOnce = 2
/** Milliseconds for each database: enough for hundreds of gigabytes. */
const timeout = 12 * 3_600_000

export interface Ends {
  readonly old: { readonly driver: Driver; readonly admin: Login }
  readonly new: { readonly driver: Driver; readonly admin: Login }
  readonly signal: AbortSignal
}

/**
 * Safe to repeat: it starts over. Afterwards, only superusers can connect to the copies.
 * @param report is given the number of databases copied @throws Problems `move-tools`, `move-copy`
 */
export async function copyAll(ends: Ends, report: (done: number, all: number) => void): Promise<void> {
  const [dump, restore] = [requireTool(ends.old.driver), requireTool(ends.new.driver)]
  const cluster = await withConnection(ends.old.admin, readCluster)
  const password = generatePassword() // nobody knows it: the roles get their own at the end
  await clearCluster(ends.new.admin)
  await withConnection(ends.new.admin, async client => {
    for (const { name } of cluster.roles)
      await client.query(`CREATE ROLE ${id(name)} LOGIN PASSWORD ${literal(await scramSecret(password))}`)
  })
  let done = 0
  await mapLimited(cluster.databases, atOnce, async database => {
    ends.signal.throwIfAborted()
    await createDatabase(ends, database)
    await pipe({ dump, restore, password, signal: ends.signal }, database)
    await withConnection(ends.new.admin, client =>
      client.query(`ALTER DATABASE ${id(database.name)} CONNECTION LIMIT 0`),
    )
    report(++done, cluster.databases.length)
  })
  await withConnection(ends.new.admin, client => complete(client, cluster))
}

/** With the old one's encoding and sort order, whatever the new cluster's: applications rely on them. */
async function createDatabase(ends: Ends, { name, owner, encoding, collate, ctype }: DatabaseFacts): Promise<void> {
  await withConnection({ ...ends.old.admin, database: name }, requireOurLookup)
  const like = `ENCODING ${literal(encoding)} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}`
  try {
    await withConnection(ends.new.admin, client =>
      client.query(`CREATE DATABASE ${id(name)} OWNER ${id(owner)} TEMPLATE template0 ${like}`),
    )
  } catch (error) {
    throw uncopied(name, error instanceof Error ? error.message : String(error), error)
  }
  await withConnection({ ...ends.new.admin, database: name }, async client => {
    await installLookup(client)
  })
}

/** The schema `pgbouncer` isn't copied but created again, so nothing else may have its name. */
async function requireOurLookup(client: Client): Promise<void> {
  const { rowCount } = await client.query(
    "SELECT FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner WHERE nspname = 'pgbouncer' AND NOT rolsuper",
  )
  if (rowCount) throw uncopied(client.database ?? '', 'Its owner has created a schema named “pgbouncer”.')
}

interface Pipe {
  readonly dump: StartTool
  readonly restore: StartTool
  readonly password: string
  readonly signal: AbortSignal
}

async function pipe({ dump, restore, password, signal }: Pipe, { name, owner }: DatabaseFacts): Promise<void> {
  const common = { signal, timeout }
  const what = [
    '--format=custom',
    '--compress=0',
    '--no-owner',
    '--exclude-schema=pgbouncer',
    '--lock-wait-timeout=60s',
  ]
  const from = await dump(postgres, 'pg_dump', [...what, `--dbname=${conninfo(name)}`], common)
  const to = await restore(
    postgres,
    'pg_restore',
    ['--no-owner', '--exit-on-error', '--single-transaction', `--dbname=${conninfo(name)}`],
    { ...common, input: from.stdout, env: { PGUSER: owner, PGPASSWORD: password }, secrets: [password] },
  )
  to.stdout.resume()
  // If the dump fails, the restore fails with that reason; if the restore fails, the dump is ended.
  const [restored] = await Promise.allSettled([to.ended, from.ended])
  signal.throwIfAborted()
  if (restored.status === 'rejected') throw uncopied(name, reasonOf(restored.reason), restored.reason)
  await from.ended
}

/** On its own, a name with `=` would be read as a connection string. */
const conninfo = (database: string): string => `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** Only the error itself: the rest of the output quotes rows. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ProblemError)) return error instanceof Error ? error.message : String(error)
  const { details, message } = error.problem
  return /^pg_\w+: error: .*$/m.exec(details ?? '')?.[0].slice(0, 500) ?? message
}

const uncopied = (database: string, cause: string, error?: unknown): ProblemError =>
  problem(
    {
      code: 'move-copy',
      message: `The database ${database} can’t be copied.`,
      cause,
      hint: 'Everything is put back as it was. If it contains something that its owner may not create (an extension, an event trigger), move that by hand, or drop it first.',
    },
    error,
  )

/** @throws Problem `move-tools` */
export function requireTool({ tool }: Driver): StartTool {
  if (tool) return tool
  throw problem({
    code: 'move-tools',
    message: 'pg_dump and pg_restore aren’t installed.',
    cause: 'The embedded PostgreSQL doesn’t include them, and they must be of the same major version, 15.',
    hint: 'Install them, then try again: “sudo apt-get install postgresql-client-15” (Debian, Ubuntu; from apt.postgresql.org if your release doesn’t have it).',
  })
}

/** Only now do roles get their own passwords, limits and settings, which could have prevented the copying. */
async function complete(client: Client, { roles, memberships, databases, settings }: Cluster): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  )
  const version = rows[0]?.version ?? 0
  for (const sql of [
    ...roles.flatMap(roleSql),
    ...memberships.map(it => membershipSql(it, version)),
    ...databases.flatMap(databaseSql),
    ...settings.flatMap(settingSql),
  ])
    await client.query(sql)
}
