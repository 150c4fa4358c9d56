/** The room of the tables: what an instance stores, to be looked at (docs/decisions/0036). */
import { problem } from '../../shared/problem'
import type { TablePage, TableRef, TableValue, TableView } from '../../shared/tables'
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Roster } from '../instances/roster'
import { tenantLogin } from '../instances/tenant-login'
import type { Base } from '../workspace/opened'
import { pageOf, tablesIn, valueOf } from './read'
import { looking, type Look } from './session'

/** All throw Problems `infrastructure-stopped`, `tables-unreadable`, `instance-foreign`, `postgres-…` */
export interface Tables {
  list(name: string): Promise<readonly TableView[]>
  /** @throws Problem `table-unknown` too */
  page(of: TableRef & { readonly after?: readonly string[] | undefined }): Promise<TablePage>
  /** @throws Problem `table-unknown`, `row-changed` too */
  value(of: TableRef & { readonly column: string; readonly row: string }): Promise<TableValue>
}

export function tablesRoom(
  { paths }: Pick<Base, 'paths'>,
  { shared, roster }: { readonly shared: InfrastructureRoom; readonly roster: Roster },
): Tables {
  const { infrastructure, databases } = shared
  const services = { paths, ...roster, infrastructure, databases }
  const inside = async <T>(name: string, work: (look: Look) => Promise<T>): Promise<T> => {
    if ((await infrastructure.status()).postgres.state !== 'running') throw stopped()
    return looking(await tenantLogin(services, name), work)
  }
  return {
    list: name => inside(name, tablesIn),
    page: ({ after, ...of }) => inside(of.name, look => pageOf(look, of, after)),
    value: of => inside(of.name, look => valueOf(look, of)),
  }
}

const stopped = () =>
  problem({
    code: 'infrastructure-stopped',
    message: 'The tables can’t be read while PostgreSQL isn’t running.',
    hint: 'Start the infrastructure, then try again.',
    action: 'start-infrastructure',
  })
