/**
 * Who owns databases and roles. A role is marked with its operation's token, so undo drops only what that operation
 * created. Both are marked with the workspace and the instance that they belong to, so a copied workspace never drops
 * the original's.
 */
import type { Client } from 'pg'

export interface DatabaseNames {
  readonly database: string
  readonly role: string
}
export interface DatabaseOwner {
  readonly role: boolean
  readonly database: boolean
  readonly ownedByRole: boolean
  readonly ownedBySuperuser: boolean
  /** The role has no connection limit. */
  readonly unlimited: boolean
  /** Undefined if it has a comment that isn't ours. */
  readonly roleMark: Mark | undefined
  readonly databaseMark: Mark | undefined
}

/**
 * A role's or database's comment, e.g. `instance-manager:TOKEN of WORKSPACE/INSTANCE` or `instance-manager schema
 * FINGERPRINT of …`.
 */
export interface Mark {
  /** The token of the operation that created the role. */
  readonly token?: string | undefined
  /** The fingerprint of the release whose schema the database has. */
  readonly schema?: string | undefined
  /** The workspace's id and the instance's lower-case name. Earlier versions wrote none. */
  readonly owner?: string | undefined
}

/** How the names of copies begin that are made to rehearse changes (schema/copies.ts), and what they look like. */
export const copyPrefix = 'im_copy_'
export const copyPattern = `^${copyPrefix}[0-9a-f]{16}_[0-9a-f]{32}$`

export const formatMark = ({ token, schema, owner }: Mark): string =>
  `instance-manager${token ? `:${token}` : ''}${schema ? ` schema ${schema}` : ''}${owner ? ` of ${owner}` : ''}`

/** @returns an empty mark if there is no comment, undefined if the comment isn't ours */
export function parseMark(comment: string | null): Mark | undefined {
  if (comment === null) return {}
  return /^instance-manager(?::(?<token>[\w-]+))?(?: schema (?<schema>\S+))?(?: of (?<owner>\S+))?$/.exec(comment)
    ?.groups
}

/** Looks up who owns them. */
export async function ownerOf(client: Client, { database, role }: DatabaseNames): Promise<DatabaseOwner> {
  const { rows } = await client.query<{
    role: boolean
    unlimited: boolean
    comment: string | null
    databaseComment: string | null
    database: boolean
    owned: boolean
    superuser: boolean
  }>(
    `
    SELECT roles.oid IS NOT NULL AS role, coalesce(roles.rolconnlimit = -1 AND NOT roles.rolsuper, false) AS unlimited, shobj_description(roles.oid, 'pg_authid') AS comment,
      shobj_description(databases.oid, 'pg_database') AS "databaseComment", databases.oid IS NOT NULL AS database, coalesce(databases.datdba = roles.oid, false) AS owned,
      EXISTS (SELECT FROM pg_roles WHERE oid = databases.datdba AND rolsuper) AS superuser
    FROM (SELECT 1) AS one
    LEFT JOIN pg_roles AS roles ON roles.rolname = $1
    LEFT JOIN pg_database AS databases ON databases.datname = $2`,
    [role, database],
  )
  const row = rows[0]
  return {
    role: row?.role === true,
    database: row?.database === true,
    ownedByRole: row?.owned === true,
    ownedBySuperuser: row?.superuser === true,
    unlimited: row?.unlimited === true,
    roleMark: parseMark(row?.comment ?? null),
    databaseMark: parseMark(row?.databaseComment ?? null),
  }
}
