/** Renames a database and its role. Both keep everything else: rights, limits, the role's password. */
import { type Client, escapeIdentifier, escapeLiteral } from 'pg'
import { enumerate } from '../../shared/amounts'
import { problem } from '../../shared/problem'
import { hasCode } from './connection'
import { formatMark, ownerOf, type DatabaseNames, type Mark } from './database-marks'
import type { OwnMarks } from './own-marks'
import { poolerRole } from './services/postgres-config'

/** PostgreSQL renames a database only while nobody is connected; each attempt waits 5 s for that. */
const attempts = 3

/**
 * Changes nothing.
 * @throws Problem `database-foreign`; `database-in-use` if others than its own role, PgBouncer and we are connected;
 * `password-md5`, which PostgreSQL forgets when the role is renamed
 */
export async function requireRenamable(client: Client, own: OwnMarks, names: DatabaseNames): Promise<void> {
  own.require(names, await ownerOf(client, names))
  const { rows: md5 } = await client.query("SELECT FROM pg_authid WHERE rolname = $1 AND rolpassword LIKE 'md5%'", [
    names.role,
  ])
  if (md5.length > 0)
    throw problem({
      code: 'password-md5',
      message: `Renaming the role ${names.role} would lose its password.`,
      cause: 'PostgreSQL has stored it as MD5, which depends on the role’s name.',
      hint: 'Harden the infrastructure first: it stores the passwords as SCRAM.',
    })
  const { rows: others } = await client.query<{ it: string }>(
    `SELECT DISTINCT usename || coalesce(' (' || nullif(application_name, '') || ')', '') AS it
     FROM (${sessions}) AS found WHERE usename <> ALL($2) AND usename <> current_user`,
    [names.database, [names.role, poolerRole]],
  )
  if (others.length > 0)
    throw problem({
      code: 'database-in-use',
      message: `Others are connected to the database ${names.database}, so it can’t be renamed.`,
      cause: `${enumerate(
        others.map(it => it.it),
        4,
      )}.`,
      hint: 'Close these connections, then try again.',
    })
}

const sessions = `SELECT pid, usename, application_name FROM pg_stat_activity
  WHERE datname = $1 AND backend_type IN ('client backend', 'walsender')`

/**
 * In one transaction, with their marks. Does nothing if there are none of that name (any more).
 * @throws as `requireRenamable`; an error of PostgreSQL's if a new name is taken
 */
export async function renameDatabase(
  client: Client,
  own: OwnMarks,
  before: DatabaseNames,
  after: DatabaseNames,
): Promise<void> {
  const { database, role, databaseMark, roleMark } = await ownerOf(client, before)
  const owner = own.mark(after)
  /** A comment that isn't ours stays. */
  const marked = (what: string, mark: Mark | undefined): string[] =>
    mark ? [`COMMENT ON ${what} IS ${escapeLiteral(formatMark({ ...mark, owner }))}`] : []
  const renamed = (kind: 'DATABASE' | 'ROLE', from: string, to: string, mark: Mark | undefined): string[] => [
    `ALTER ${kind} ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`,
    ...marked(`${kind} ${escapeIdentifier(to)}`, mark),
  ]
  const statements = [
    ...(database ? renamed('DATABASE', before.database, after.database, databaseMark) : []),
    ...(role ? renamed('ROLE', before.role, after.role, roleMark) : []),
  ]
  for (let attempt = 1; statements.length > 0; attempt++) {
    await requireRenamable(client, own, before)
    await client.query(`SELECT pg_terminate_backend(pid) FROM (${sessions}) AS found`, [before.database])
    try {
      // sent as one query, so it is one transaction
      await client.query(["SET LOCAL lock_timeout = '10s'", ...statements].join(';\n'))
      return
    } catch (error) {
      if (attempt === attempts || !hasCode(error, '55006')) throw error // somebody has connected meanwhile
    }
  }
}
