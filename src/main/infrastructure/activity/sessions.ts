/** Sessions that deserve a look: long ones, and those that wait for each other. */
import type { LockWait, Session } from '../../../shared/database-activity'
import { hideLiterals } from './literals'
import type { SessionRow } from './postgres-looks'
import type { TenantDatabase } from '../tenants'

/** Sessions that are shown of each kind. */
const limit = 50

/** @param tenants the instances by their databases' names */
export function sessionsOf(
  rows: readonly SessionRow[],
  tenants: ReadonlyMap<string, TenantDatabase>,
): { readonly long: readonly Session[]; readonly locks: readonly LockWait[] } {
  const all = new Map(rows.map(it => [it.pid, sessionOf(it, tenants.get(it.database))]))
  const longest = rows.toSorted((one, other) => Number(other.seconds) - Number(one.seconds))
  const of = (pid: number): Session[] => {
    const found = all.get(pid)
    return found ? [found] : []
  }
  return {
    long: longest
      .filter(it => it.long)
      .flatMap(it => of(it.pid))
      .slice(0, limit),
    locks: longest.flatMap(({ pid, blockers }) =>
      blockers ? of(pid).map(waiting => ({ waiting, blockers: [...new Set(blockers)].flatMap(of) })) : [],
    ),
  }
}

const states: Readonly<Record<string, Session['state']>> = {
  active: 'active',
  'idle in transaction': 'idle',
  'idle in transaction (aborted)': 'idle',
}

function sessionOf(row: SessionRow, tenant: TenantDatabase | undefined): Session {
  const { pid, opened, query, transaction, role, state, seconds, text } = row
  return {
    pid,
    opened,
    query,
    transaction,
    instance: tenant?.instance,
    own: tenant?.role === role,
    state: states[state] ?? 'other',
    seconds: Number(seconds),
    text: tenant?.role === role ? hideLiterals(text) : '',
  }
}
