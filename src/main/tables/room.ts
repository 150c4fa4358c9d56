/** The room of the tables: what an instance stores, to be looked at (docs/decisions/0036). */
import { problem } from '../../shared/problem'
import type { TablePage, TableRef, TableValue, TableView } from '../../shared/tables'
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Roster } from '../instances/roster'
import { tenantLogin } from '../instances/tenant-login'
import { Turns } from '../system/turns'
import type { Base } from '../workspace/opened'
import { pageOf, tablesIn, valueOf } from './read'
import { looking, type Look } from './session'

/** All throw Problems `infrastructure-stopped`, `tables-unreadable`, `instance-foreign`, `postgres-…` */
export interface Tables {
  list(name: string, signal?: AbortSignal): Promise<readonly TableView[]>
  /** @throws Problem `table-unknown` too */
  page(of: TableRef & { readonly after?: readonly string[] | undefined }, signal?: AbortSignal): Promise<TablePage>
  /** @throws Problem `table-unknown`, `row-changed` too */
  value(of: TableRef & { readonly column: string; readonly row: string }, signal?: AbortSignal): Promise<TableValue>
}

/** Looks at a time. Each is a connection, and the server and an instance's role may only have so many. */
const most = { inAll: 4, each: 2 }

export function tablesRoom(
  { paths, signal: closing }: Pick<Base, 'paths' | 'signal'>,
  { shared, roster }: { readonly shared: InfrastructureRoom; readonly roster: Roster },
): Tables {
  const { infrastructure, databases } = shared
  const services = { paths, ...roster, infrastructure, databases }
  const turns = new Turns(most)
  const inside = async <T>(
    name: string,
    work: (look: Look) => Promise<T>,
    signal: AbortSignal = closing,
  ): Promise<T> => {
    if ((await infrastructure.status()).postgres.state !== 'running') throw stopped()
    const login = await tenantLogin(services, name)
    return turns.run(login.database, () => looking(login, work), AbortSignal.any([signal, closing]))
  }
  return {
    list: (name, signal) => inside(name, tablesIn, signal),
    page: ({ after, ...of }, signal) => inside(of.name, look => pageOf(look, of, after), signal),
    value: (of, signal) => inside(of.name, look => valueOf(look, of), signal),
  }
}

const stopped = () =>
  problem({
    code: 'infrastructure-stopped',
    message: 'The tables can’t be read while PostgreSQL isn’t running.',
    hint: 'Start the infrastructure, then try again.',
    action: 'start-infrastructure',
  })
