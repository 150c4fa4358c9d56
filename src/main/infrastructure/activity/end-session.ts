/** Ends an instance's query or connection, and nobody else's. */
import type { SessionEnd, SessionKey } from '../../../shared/database-activity'
import { problem } from '../../../shared/problem'
import { unreachable, withConnection, type Login } from '../connection'
import type { TenantDatabase } from '../tenants'
import { micros } from './postgres-looks'

/** Milliseconds. */
const timeouts = { connect: 4000, query: 4000 }

const ways = {
  cancel: { call: 'pg_cancel_backend', ends: 'query' },
  terminate: { call: 'pg_terminate_backend', ends: 'transaction' },
} as const

/**
 * Ends it if, in the same statement, it is still the session that was shown, is still at the same query or in the same
 * transaction, and was opened by an instance's own role in its own database, neither marked as another workspace's. The
 * role's mark decides: its tenant can't change that one.
 * @param workspace the id in the marks (database-marks.ts)
 * @throws Problem `session-gone`; those of `unreachable`
 */
export async function endSession(
  admin: Login,
  key: SessionKey,
  how: SessionEnd,
  tenants: readonly TenantDatabase[],
  workspace: string,
): Promise<void> {
  const { call, ends } = ways[how]
  const statement = `
    SELECT ${call}(pid) AS done FROM pg_stat_activity
    WHERE pid = $1 AND backend_type = 'client backend'
      AND ${micros.opened} = $2::bigint AND ${micros[ends]} = $3::bigint
      AND state <> 'idle'
      AND (datname, usename) IN (SELECT * FROM unnest($4::name[], $5::name[]))
      AND coalesce(
        starts_with(
          coalesce(
            substring(shobj_description(usesysid, 'pg_authid') FROM $7::text),
            substring(shobj_description(datid, 'pg_database') FROM $7::text)),
          $6 || '/'),
        true)`
  const values = [
    key.pid,
    key.opened,
    key[ends],
    tenants.map(it => it.database),
    tenants.map(it => it.role),
    workspace,
    '^instance-manager.* of (\\S+)$',
  ]
  const ended = await withConnection(
    admin,
    async client => {
      return (await client.query<{ done: boolean }>(statement, values)).rows[0]?.done === true
    },
    timeouts,
  ).catch((error: unknown) => {
    throw unreachable(error, admin.port)
  })
  if (ended) return
  throw problem({
    code: 'session-gone',
    message: 'There is nothing left to end.',
    cause: `Process ${key.pid} has already finished, or doesn’t belong to an instance.`,
    hint: 'Check the list again.',
  })
}
