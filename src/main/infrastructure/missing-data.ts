/**
 * PostgreSQL's data is gone, e.g. because its volume was pruned together with its container. A start would create an
 * empty PostgreSQL in its place, and nobody would see that the instances' databases were lost, so it is refused unless
 * the operator asks for that.
 */
import { enumerate } from '../../shared/amounts'
import type { Problem } from '../../shared/problem'
import type { Driver } from './drivers/driver'
import { postgres } from './services/postgres'
import type { Tenants } from './tenants'

/**
 * Undefined if the data is there, if there never was any, or if no instance has any.
 * @param hasRun whether services have been started with this driver: the driver's own folder may be gone too
 * @throws a Problem if the driver can't tell
 */
export async function missingData(
  { data, adoptedServices }: Pick<Driver, 'data' | 'adoptedServices'>,
  tenants: Pick<Tenants, 'databases'>,
  hasRun: boolean,
): Promise<Problem | undefined> {
  if ((!hasRun && !(await data.used())) || (await data.occupant(postgres)) !== undefined) return undefined
  const owners = (await tenants.databases()).map(it => it.instance)
  if (owners.length === 0) return undefined
  return {
    code: 'data-missing',
    message: `PostgreSQL’s data is missing, and with it the databases of ${enumerate(owners)}.`,
    cause: `It should be in ${await data.place(postgres)}, but nothing is there.`,
    hint: `Restore it, e.g. from a backup of this machine.${adoptedServices ? ' If the container was created elsewhere, recreate it using its original data.' : ''} Only if it is lost for good, start with empty data.`,
    action: 'new-data',
  }
}
